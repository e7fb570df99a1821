"""Rows of public code problems whose tests are inputs with outputs, in their real shapes."""

from __future__ import annotations

import base64
import json
import pickle
import zlib
from typing import Any

Row = dict[str, Any]


def packed(tests: list[Row]) -> str:
    """As LiveCodeBench keeps private tests."""
    return base64.b64encode(zlib.compress(pickle.dumps(json.dumps(tests)))).decode()


LARGEST = "n = int(input())\nprint({}(map(int, input().split())))\n"
LIVECODEBENCH: Row = {
    "question_title": "B. Largest",
    "question_content": "Print the largest of $n$ numbers.",
    "platform": "codeforces",
    "question_id": "1873_B",
    "contest_id": "1873",
    "contest_date": "2023-08-21T00:00:00",
    "starter_code": "",
    "difficulty": "easy",
    "public_test_cases": '[{"input": "3\\n1 5 2\\n", "output": "5\\n", "testtype": "stdin"}]',
    "private_test_cases": packed([{"input": "2\n-4 -7\n", "output": "-4\n", "testtype": "stdin"}]),
    "metadata": "{}",
}
FUNCTIONAL: Row = LIVECODEBENCH | {
    "question_content": "Return the sum of nums without the largest k.",
    "platform": "leetcode",
    "starter_code": "class Solution:\n    def smallSum(self, nums: List[int], k: int) -> int:\n        ",
    "public_test_cases": '[{"input": "[1, 5, 2]\\n1", "output": "3", "testtype": "functional"}]',
    "private_test_cases": packed([{"input": "[7]\n0", "output": "7", "testtype": "functional"}]),
    "metadata": '{"func_name": "smallSum"}',
}
SMALL_SUM = "class Solution:\n    def smallSum(self, nums, k):\n        return sum(sorted(nums)[: len(nums) - {}])\n"
APPS: Row = {
    "problem_id": 2361,
    "question": "Print the largest of n numbers.\n\n-----Input-----\n\nn, then the numbers.",
    "solutions": json.dumps([LARGEST.format("max"), "print(0)"]),
    "input_output": json.dumps({"inputs": [["3", "1 5 2"], "2\n-4 -7\n"], "outputs": [["5"], "-4\n"]}),
    "difficulty": "introductory",
    "url": "https://example.org/1",
    "starter_code": "",
}
COUNT_BY = "def count_by(x, n):\n    return [x * k for k in range({}, n + 1)]\n"
CODEWARS: Row = APPS | {
    "question": "The first n multiples of x.",
    "solutions": json.dumps([COUNT_BY.format(1)]),
    "input_output": json.dumps({"fn_name": "count_by", "inputs": [[2, 3], [5, 1]], "outputs": [[[2, 4, 6]], [[5]]]}),
    "starter_code": "def count_by(x, n):\n\t",
}
TWO_SUM = "class Solution:\n    def twoSum(self, nums, target):\n        return [nums.index(target - 4), {}]\n"
LEETCODE_APPS: Row = APPS | {
    "question": "Indices of two numbers that add up to target.",
    "solutions": json.dumps([TWO_SUM.format(1)]),
    "input_output": json.dumps(
        {"fn_name": "twoSum", "inputs": [[[2, 4], 6], [[9, 4], 13]], "outputs": [[0, 1], [0, 1]]}
    ),
    "starter_code": "class Solution:\n    def twoSum(self, nums: List[int], target: int) -> List[int]:\n        ",
}
ONE_ITEM: Row = LEETCODE_APPS | {
    "solutions": json.dumps(["class Solution:\n    def last(self, nums):\n        return nums[-1:]\n"]),
    "input_output": json.dumps({"fn_name": "last", "inputs": [[[2, 4]], [[9]]], "outputs": [[4], [9]]}),
    "starter_code": "class Solution:\n    def last(self, nums: List[int]) -> List[int]:\n        ",
}
HALVES = "for x in input().split():\n    print(int(x) / {})\n"
TACO: Row = {
    "question": "Halve the numbers.",
    "solutions": json.dumps([HALVES.format(2)]),
    "starter_code": "",
    "input_output": json.dumps({"inputs": ["1 3\n", "4\n"], "outputs": ["0.5000\n1.5\n", "2.0\n"]}),
    "difficulty": "EASY",
    "raw_tags": "['math']",
    "name": None,
    "source": "codechef",
    "tags": "['Mathematics']",
    "skill_types": "[]",
    "url": None,
    "Expected_Auxiliary_Space": None,
    "time_limit": "10.0 seconds",
    "date": None,
    "picture_num": "0",
    "memory_limit": "1024.0 megabytes",
    "Expected_Time_Complexity": None,
}
CODE_CONTESTS: Row = {
    "name": "1575_A. Largest",
    "description": "Print the largest of n numbers.",
    "public_tests": {"input": ["3\n1 5 2\n"], "output": ["5\n"]},
    "private_tests": {"input": [], "output": []},
    "generated_tests": {"input": ["2\n-4 -7\n"], "output": ["-4\n"]},
    "source": 2,
    "difficulty": 7,
    "solutions": {"language": [2, 3], "solution": ["int main() {}", LARGEST.format("max")]},
    "incorrect_solutions": {"language": [3], "solution": [LARGEST.format("min")]},
    "cf_contest_id": 1575,
    "cf_index": "A",
    "cf_points": 0.0,
    "cf_rating": 1100,
    "cf_tags": ["sortings"],
    "is_description_translated": False,
    "untranslated_description": "",
    "time_limit": {"seconds": 4, "nanos": 500000000},
    "memory_limit_bytes": 1024000000,
    "input_file": "",
    "output_file": "",
}
EURUS: Row = {
    "data_source": "codecontests",
    "prompt": [
        {"role": "system", "content": "\nWhen tackling complex reasoning tasks, think.\n"},
        {"role": "user", "content": "Print the largest of n numbers.\n\nWrite Python code."},
    ],
    "ability": "code",
    "reward_model": {
        "ground_truth": json.dumps({"inputs": ["3\n1 5 2\n", "2\n-4 -7"], "outputs": ["5\n", "-4"]}),
        "style": "rule",
    },
    "extra_info": {"index": 1, "split": "dummy"},
}
DEEPCODER_FUNCTION: Row = EURUS | {
    "data_source": "livecodebench",
    "reward_model": {
        "ground_truth": json.dumps(
            [
                {
                    "input": "[1, 5, 2]\n1",
                    "output": "3",
                    "testtype": "functional",
                    "metadata": {"func_name": "smallSum"},
                },
                {"input": "[7]\n0", "output": "7", "testtype": "functional", "metadata": {"func_name": "smallSum"}},
            ]
        ),
        "style": "rule",
    },
}
FUNCTIONAL_TESTS: Row = EURUS | {
    "data_source": "leetcode",
    "reward_model": {
        "ground_truth": json.dumps(
            {
                "functional": "def check(candidate):\n    assert candidate(nums=[1, 5, 2], k=1) == 3\n"
                "    assert candidate(nums=[7], k=0) == 7\n\n\ncheck(Solution().smallSum)\n",
                "entry_point": "Solution().smallSum",
            }
        ),
        "style": "rule",
    },
}
DEEPCODER: Row = {
    "problem": "The first n multiples of x.",
    "solutions": [f"```python\n{COUNT_BY.format(1)}```"],
    "tests": json.dumps(
        [
            {"type": "function_call", "fn_name": "count_by", "input": [2, 3], "output": [[2, 4, 6]]},
            {"type": "function_call", "fn_name": "count_by", "input": [5, 1], "output": [[5]]},
        ]
    ),
}
DEEPCODER_LCB: Row = {
    "problem": "Return the sum of nums without the largest k.",
    "starter_code": FUNCTIONAL["starter_code"],
    "tests": json.dumps([{"input": "[1, 5, 2]\n1", "output": "3", "testtype": "functional"}]),
    "metadata": {"func_name": "smallSum"},
}
OPEN_R1: Row = {
    "source": "apps",
    "task_type": "verifiable_code",
    "in_source_id": "2361",
    "prompt": "Solve the following coding problem using the programming language python:\n\nThe largest of n numbers.",
    "gold_standard_solution": f"```python\n{LARGEST.format('max')}```",
    "verification_info": json.dumps(
        {
            "language": "python",
            "test_cases": [
                {"fn_name": None, "input": "3\n1 5 2\n", "output": "5\n", "type": "stdin_stdout"},
                {"fn_name": None, "input": "2\n-4 -7\n", "output": "-4\n", "type": "stdin_stdout"},
            ],
        }
    ),
    "metadata": '{"difficulty": "introductory"}',
    "problem_id": "vc_2361",
}
OPEN_R1_STRUCT: Row = OPEN_R1 | {"verification_info": json.loads(OPEN_R1["verification_info"])}
CODEFORCES: Row = {
    "id": "1873/B",
    "aliases": None,
    "contest_id": "1873",
    "contest_name": "Round 898",
    "contest_type": "CF",
    "index": "B",
    "title": "Largest",
    "description": "Print the largest of n numbers.",
    "input_format": "n, then the numbers.",
    "output_format": "The largest.",
    "interaction_format": None,
    "note": None,
    "examples": [{"input": "3\n1 5 2", "output": "5"}],
    "editorial": None,
    "rating": 800,
    "tags": ["greedy"],
    "testset_size": 2,
    "official_tests": [{"input": "3\n1 5 2\n", "output": "5\n"}, {"input": "2\n-4 -7\n", "output": "-4\n"}],
    "official_tests_complete": True,
    "input_mode": "stdio",
    "generated_checker": None,
    "executable": True,
    "generated_tests": 0,
    "time_limit": 3.0,
    "memory_limit": 1024.0,
}
SPLIT_CHECKER = (
    "import sys\n\ndef main(input_path, expected_path, output_path):\n    total = int(open(input_path).read())\n"
    "    parts = open(output_path).read().split()\n"
    "    return int(len(parts) == 2 and sum(map(int, parts)) == total)\n\n"
    "if __name__ == '__main__':\n    print(main(*sys.argv[1:]))\n"
)
CODEFORCES_CHECKER: Row = CODEFORCES | {
    "description": "Print two numbers with the sum n.",
    "official_tests": [{"input": "5\n", "output": "1 4\n"}, {"input": "9\n", "output": "2 7\n"}],
    "generated_checker": SPLIT_CHECKER,
}
COUNTS = "def total(counts, factor):\n    return {{key: n * factor for key, n in counts.items() if key {} 0}}\n"
NUMBER_KEYS: Row = APPS | {
    "question": "Multiply the counts of positive numbers.",
    "solutions": json.dumps([COUNTS.format(">")]),
    "input_output": json.dumps(
        {"fn_name": "total", "inputs": [[{"1": 2, "-3": 4}, 2], [{"7": 1}, 3]], "outputs": [[{"1": 4}], [{"7": 3}]]}
    ),
}
RSTAR: Row = {
    "question_id": "seed_1",
    "question": "Print the largest of n numbers.",
    "starter_code": "",
    "inputs": json.dumps(["3\n1 5 2\n", "2\n-4 -7\n"]),
    "outputs": json.dumps(["5\n", "-4\n"]),
    "is_synthesized": "seed",
    "test_case_type": None,
    "func_name": None,
    "class_name": None,
}
RSTAR_FUNCTION: Row = RSTAR | {
    "inputs": json.dumps([[2, 3], [5, 1]]),
    "outputs": json.dumps([[2, 4, 6], [5]]),
    "func_name": "count_by",
}
EURUS_LEETCODE: Row = EURUS | {
    "prompt": [
        {"role": "user", "content": "Begin with:\nclass Solution:\n    def last(self, nums: List[int]) -> List[int]:"}
    ],
    "reward_model": {"ground_truth": ONE_ITEM["input_output"], "style": "rule"},
}
OPEN_R1_LITERAL: Row = OPEN_R1 | {"verification_info": str(json.loads(OPEN_R1["verification_info"]))}
SYNTHETIC: Row = {
    "problem_id": "prime_rl_code_12",
    "task_type": "prime_rl_code",
    "prompt": "The first n multiples of x. The function is count_by.",
    "verification_info": json.dumps(
        {
            "ground_truth": json.dumps(
                {"fn_name": "count_by", "inputs": [[2, 3], [5, 1]], "outputs": [[[2, 4, 6]], [[5]]]}
            )
        }
    ),
    "metadata": "{}",
}
RLVR_STDIO: Row = {
    "messages": [{"role": "user", "content": "Print the largest of n numbers."}],
    "ground_truth": json.dumps([{"input": "3\n1 5 2", "output": "5"}, {"input": "2\n-4 -7", "output": "-4"}]),
    "dataset": "code_stdio",
    "original_dataset": "code",
}
NEMOTRON: Row = {
    "id": "0c9b",
    "input": "Print the largest of n numbers.",
    "output": "<think>hm</think>",
    "source": "codeforces",
    "license": "cc-by-4.0",
    "dataset": "code_contests",
    "split": "train",
    "difficulty": "11",
    "solution": f"```python\n{LARGEST.format('max')}\n```",
    "unit_tests": {"inputs": ["3\n1 5 2\n", "2\n-4 -7\n"], "outputs": ["5\n", "-4\n"]},
}
NEMO_GYM: Row = {
    "hash_id": "0c9b",
    "responses_create_params": {"input": [{"role": "user", "content": "Print the largest of n numbers."}]},
    "verifier_metadata": {"unit_tests": {"inputs": ["3\n1 5 2\n", "2\n-4 -7\n"], "outputs": ["5\n", "-4\n"]}},
    "dataset": "nemotron",
    "source": "codeforces",
}

# Layout, row, a right program, wrong ones.
ROWS: list[tuple[str, Row, str, list[str]]] = [
    ("LiveCodeBench", LIVECODEBENCH, LARGEST.format("max"), [LARGEST.format("min"), "print(5)"]),
    ("LiveCodeBench functional", FUNCTIONAL, SMALL_SUM.format("k"), [SMALL_SUM.format("1"), SMALL_SUM.format("k - 1")]),
    ("APPS", APPS, LARGEST.format("max"), [LARGEST.format("min"), "print(0)"]),
    ("APPS of Codewars", CODEWARS, COUNT_BY.format(1), [COUNT_BY.format(0), COUNT_BY.format(1).replace("[x", "[[x")]),
    ("APPS of LeetCode", LEETCODE_APPS, TWO_SUM.format(1), [TWO_SUM.format(0)]),
    (
        "lists of one",
        ONE_ITEM,
        json.loads(ONE_ITEM["solutions"])[0],
        ["class Solution:\n    def last(self, nums):\n        return nums[-1]"],
    ),
    ("TACO", TACO, HALVES.format("2"), [HALVES.format("2.01"), HALVES.format("-2")]),
    ("CodeContests", CODE_CONTESTS, LARGEST.format("max"), [LARGEST.format("min")]),
    ("Eurus", EURUS, LARGEST.format("max"), [LARGEST.format("min")]),
    ("DeepCoder, functions", DEEPCODER_FUNCTION, SMALL_SUM.format("k"), [SMALL_SUM.format("1")]),
    ("LeetCode in verl's form", FUNCTIONAL_TESTS, SMALL_SUM.format("k"), [SMALL_SUM.format("1")]),
    ("DeepCoder", DEEPCODER, COUNT_BY.format(1), [COUNT_BY.format(0)]),
    ("DeepCoder of LiveCodeBench", DEEPCODER_LCB, SMALL_SUM.format("k"), [SMALL_SUM.format("0")]),
    ("open-r1", OPEN_R1, LARGEST.format("max"), [LARGEST.format("min")]),
    ("open-r1 as objects", OPEN_R1_STRUCT, LARGEST.format("max"), [LARGEST.format("min")]),
    ("Codeforces", CODEFORCES, LARGEST.format("max"), [LARGEST.format("min")]),
    (
        "Codeforces with a checker",
        CODEFORCES_CHECKER,
        "n = int(input())\nprint(n - 3, 3)",
        ["n = int(input())\nprint(n, 1)", "print(5)", "print(1, 4)"],
    ),
    (
        "numbers for keys",
        NUMBER_KEYS,
        COUNTS.format(">"),
        [COUNTS.format("<"), COUNTS.replace("key {} 0", "key").format()],
    ),
    ("rStar-Coder", RSTAR, LARGEST.format("max"), [LARGEST.format("min")]),
    ("rStar-Coder, functions", RSTAR_FUNCTION, COUNT_BY.format(1), [COUNT_BY.format(0)]),
    (
        "Eurus of LeetCode",
        EURUS_LEETCODE,
        json.loads(ONE_ITEM["solutions"])[0],
        ["class Solution:\n    def last(self, nums):\n        return nums[-1]"],
    ),
    ("open-r1 as Python writes it", OPEN_R1_LITERAL, LARGEST.format("max"), [LARGEST.format("min")]),
    ("SYNTHETIC-2", SYNTHETIC, COUNT_BY.format(1), [COUNT_BY.format(0)]),
    ("open-instruct stdio", RLVR_STDIO, LARGEST.format("max"), [LARGEST.format("min")]),
    ("Nemotron", NEMOTRON, LARGEST.format("max"), [LARGEST.format("min")]),
    ("NeMo-Gym", NEMO_GYM, LARGEST.format("max"), [LARGEST.format("min")]),
]
