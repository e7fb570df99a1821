"""Rows of public code problems whose tests are programs, in their real shapes."""

from __future__ import annotations

from typing import Any

Row = dict[str, Any]

STARTER = "class Solution:\n    def smallSum(self, nums: List[int], k: int) -> int:\n        "
SMALL_SUM = "class Solution:\n    def smallSum(self, nums, k):\n        return sum(sorted(nums)[: len(nums) - {}])\n"
RUNS_PROMPT = (
    "from typing import List\n\n\ndef runs(text: str) -> List[int]:\n"
    '    """How long the runs of equal letters are.\n    >>> runs("aab")\n    [2, 1]\n    """\n'
)
RUNS = "    from itertools import groupby\n    return [len(list(group)) {} for _, group in groupby(text)]\n"
WHOLE = "def runs(text: str) -> List[int]:\n" + RUNS
HUMANEVAL: Row = {
    "task_id": "HumanEval/163",
    "prompt": RUNS_PROMPT,
    "canonical_solution": RUNS.format(""),
    "test": "\n\nMETADATA = {\n    'author': 'jt',\n    'dataset': 'test'\n}\n\n\ndef check(candidate):\n"
    "    assert candidate('') == []\n    assert candidate('aab') == [2, 1]\n",
    "entry_point": "runs",
}
HUMANEVAL_PLUS: Row = HUMANEVAL | {
    "test": "import numpy as np\n\ndef is_floats(x) -> bool:\n    return isinstance(x, float)\n\n"
    "def assertion(out, exp, atol):\n    exact_match = out == exp\n    if atol == 0 and is_floats(exp):\n"
    "        atol = 1e-6\n    if not exact_match and atol != 0:\n"
    "        assert np.allclose(out, exp, rtol=1e-07, atol=atol)\n"
    "    else:\n        assert exact_match\n\n\ndef check(candidate):\n    inputs = [[''], ['aab'], ['xyzz']]\n"
    "    results = [[], [2, 1], [1, 1, 2]]\n    for i, (inp, exp) in enumerate(zip(inputs, results)):\n"
    "        assertion(candidate(*inp), exp, 0)\n"
}
SHARED = "def shared_items(a, b):\n    return tuple(set(a) {} set(b))\n"
MBPP: Row = {
    "task_id": 2,
    "text": "Write a function to find the shared elements from the given two lists.",
    "code": SHARED.format("&").replace("\n", "\r\n"),
    "test_list": [
        "assert set(shared_items((3, 4, 5, 6),(5, 7, 4, 10))) == set((4, 5))",
        "assert set(shared_items((1, 2),(3, 4))) == set()",
    ],
    "test_setup_code": "",
    "challenge_test_list": [],
}
SUM_TREE = (
    "class Node:\n    def __init__(self, value):\n        self.value = value\n        self.next = None\n\n"
    "def length(node):\n    n = {}\n    while node:\n        n, node = n + 1, node.next\n    return n\n"
)
MBPP_SETUP: Row = MBPP | {
    "text": "Write a function to count the nodes of a list.",
    "code": SUM_TREE.format(0),
    "test_setup_code": "root = Node(1)\nroot.next = Node(2)\n",
    "test_list": ["assert length(root) == 2", "assert length(None) == 0"],
}
SANITIZED: Row = {
    "source_file": "Benchmark Questions Verification V2.ipynb",
    "task_id": 82,
    "prompt": "Write a function to find the volume of a sphere.",
    "code": "import math\ndef volume_sphere(r):\n  return (4/3)*math.pi*r*r*r",
    "test_imports": ["import math"],
    "test_list": [
        "assert math.isclose(volume_sphere(10), 4188.790204786391, rel_tol=0.001)",
        "assert math.isclose(volume_sphere(25), 65449.84694978735, rel_tol=0.001)",
    ],
}
MBPP_PLUS: Row = SANITIZED | {
    "test": "import math\nimport numpy as np\nfrom math import inf\n\ndef assertion(out, exp, atol):\n"
    "    assert np.allclose(out, exp, rtol=1e-07, atol=atol)\n\n\ninputs = [[10], [25], [0]]\n"
    "results = [4188.790204786391, 65449.84694978735, 0.0]\n"
    "for i, (inp, exp) in enumerate(zip(inputs, results)):\n    assertion(volume_sphere(*inp), exp, 1e-6)\n",
}
LEETCODE: Row = {
    "task_id": "small-sum",
    "question_id": 3999,
    "difficulty": "Medium",
    "tags": ["Array"],
    "problem_description": "Given nums, return the sum without the largest k.",
    "starter_code": STARTER,
    "estimated_date": "2024-07-25",
    "prompt": "import random\nimport functools\nfrom typing import *\nfrom functools import *\nfrom math import *\n\n"
    "inf = float('inf')\n\nclass ListNode:\n    def __init__(self, val=0, next=None):\n        self.val = val\n"
    "        self.next = next\n\n",
    "completion": "class Solution:\n    def smallSum(self, nums: List[int], k: int) -> int:\n"
    "        return sum(sorted(nums)[: len(nums) - k])\n",
    "entry_point": "Solution().smallSum",
    "test": "def check(candidate):\n    assert candidate(nums = [1, 5, 2],k = 1) == 3\n"
    "    assert candidate(nums = [7],k = 0) == 7\n",
    "input_output": [
        {"input": "nums = [1, 5, 2], k = 1", "output": "3"},
        {"input": "nums = [7], k = 0", "output": "7"},
    ],
    "query": "You are an expert Python programmer. Given nums, return the sum without the largest k.\n"
    "```python\nclass Solution:\n    def smallSum(self, nums: List[int], k: int) -> int:\n        \n```",
    "response": "",
}
LEETCODE_PAIRS: Row = {key: value for key, value in LEETCODE.items() if key != "test"}
KODCODE: Row = {
    "version": "v1.0",
    "style": "instruct",
    "subset": "Leetcode",
    "question_id": "Leetcode_3999_I",
    "question": "Write a function that halves a number, and one that doubles it.",
    "solution": "def half(x):\n    if x < 0:\n        raise ValueError('negative')\n    return x / 2\n\n"
    "def double(x):\n    return 2 * x\n",
    "test": "from solution import half, double\n\ndef test_half():\n    assert half(3) == 1.5\n\n"
    "def test_double():\n    assert double(4) == 8\n",
    "test_info": [
        {"docstring": "", "function_declaration": "def half(x):", "function_name": "half", "parameter_list": "(x)"},
        {"docstring": "", "function_declaration": "def double(x):", "function_name": "double", "parameter_list": "(x)"},
    ],
    "gpt_pass_sequence": [1],
    "r1_solution": "",
}
ACECODE: Row = {
    "id": "oss_18375",
    "source": "oss",
    "question": "Implement `half(x)` that halves a number.",
    "test_cases": ["assert half(4) == 2", "assert half(-3) == -1.5", "assert abs(half(0.2) - 0.1) < 1e-9"],
    "inferences": [{"completion_id": 0, "model_name": "m", "output": "", "pass_rate": 1.0}],
    "context_messages": [[{"content": "hi", "role": "user"}]],
}
RLVR: Row = {
    "messages": [{"role": "user", "content": "Implement `half(x)` that halves a number."}],
    "ground_truth": ["assert half(4) == 2", "assert half(-3) == -1.5"],
    "dataset": ["code"],
    "original_dataset": "acecode",
}
HALF = "def half(x):\n    return x {} 2\n"
BOTH = "def half(x):\n    return x / 2\n\ndef double(x):\n    return x * {}\n"

# Layout, row, a right program, wrong ones.
ROWS: list[tuple[str, Row, str, list[str]]] = [
    ("HumanEval", HUMANEVAL, RUNS.format(""), [RUNS.format("+ 1"), "    return []"]),
    (
        "HumanEval, whole",
        HUMANEVAL,
        WHOLE.format(""),
        [WHOLE.format("+ 1"), WHOLE.replace("groupby(text)", "()").format("")],
    ),
    ("HumanEval+", HUMANEVAL_PLUS, RUNS.format(""), [RUNS.format("+ 1"), "    return [2, 1] if text else []"]),
    ("MBPP", MBPP, SHARED.format("&"), [SHARED.format("|"), SHARED.format("-")]),
    ("MBPP with set-up", MBPP_SETUP, SUM_TREE.format(0), [SUM_TREE.format(1)]),
    ("MBPP sanitized", SANITIZED, SANITIZED["code"], [SANITIZED["code"].replace("*r*r*r", "*r*r")]),
    ("MBPP+", MBPP_PLUS, SANITIZED["code"], [SANITIZED["code"].replace("4/3", "1.3334")]),
    ("LeetCodeDataset", LEETCODE, LEETCODE["completion"], [SMALL_SUM.format("1")]),
    (
        "LeetCodeDataset, annotated",
        LEETCODE_PAIRS,
        LEETCODE["completion"],
        [LEETCODE["completion"].replace("- k", "- 1")],
    ),
    ("LeetCodeDataset, pairs", LEETCODE_PAIRS, SMALL_SUM.format("k"), [SMALL_SUM.format("1")]),
    ("KodCode", KODCODE, BOTH.format(2), [BOTH.format(3), HALF.format("/")]),
    ("AceCode", ACECODE, HALF.format("/"), [HALF.format("//")]),
    ("open-instruct", RLVR, HALF.format("/"), [HALF.format("//")]),
]
