"""Small programs and their tests, of the kinds that the code judge grades."""

from __future__ import annotations

from verifiers.types import Json

CASES = 10
SUM = "a, b = map(int, input().split())\nprint(a + b)"
NUMPY = "import numpy as np\nprint(int(np.array(input().split(), dtype=int).sum()))"
NUMPY_ONCE = "import numpy as np\nprint(int(np.array([1, 2, 3]).sum()))"
NUMPY_CASES: Json = {
    "kind": "stdin",
    "cases": [{"stdin": f"{n} 2 3\n", "stdout": f"{n + 5}\n"} for n in range(CASES)],
}

_GRADED = (
    (
        "below_all",
        "def below_all(numbers, limit):\n    return all(number < limit for number in numbers)",
        [("[1, 2, 3], 4", "True"), ("[1, 20, 3], 5", "False"), ("[], 0", "True"), ("[4, 4], 4", "False")],
    ),
    (
        "rolling",
        "from typing import List\n\ndef rolling(numbers: List[int]) -> List[int]:\n    best, out = None, []\n"
        "    for number in numbers:\n        best = number if best is None else max(best, number)\n"
        "        out.append(best)\n    return out",
        [("[1, 2, 3, 2]", "[1, 2, 3, 3]"), ("[]", "[]"), ("[4, 3, 2, 1]", "[4, 4, 4, 4]"), ("[3, 3, 9]", "[3, 3, 9]")],
    ),
    (
        "count_words",
        "from collections import Counter\n\ndef count_words(text):\n    return dict(Counter(text.lower().split()))",
        [("'a b a'", "{'a': 2, 'b': 1}"), ("''", "{}"), ("'Go go GO'", "{'go': 3}")],
    ),
    (
        "is_prime",
        "def is_prime(n):\n    if n < 2:\n        return False\n    k = 2\n    while k * k <= n:\n"
        "        if n % k == 0:\n            return False\n        k += 1\n    return True",
        [("2", "True"), ("9", "False"), ("101", "True"), ("1", "False"), ("13441", "True"), ("0", "False")],
    ),
    (
        "middle",
        "def middle(values):\n    ordered = sorted(values)\n    half = len(ordered) // 2\n"
        "    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2",
        [("[3, 1, 2, 4, 5]", "3"), ("[-10, 4, 6, 1000, 10, 20]", "8.0"), ("[5]", "5"), ("[6, 5]", "5.5")],
    ),
)  # fmt: skip


def fenced(program: str) -> str:
    """As a completion."""
    return f"```python\n{program}\n```"


def sums(number: int) -> Json:
    """Ten stdin cases for `SUM`."""
    return {
        "kind": "stdin",
        "cases": [{"stdin": f"{number} {k}\n", "stdout": f"{number + k}\n"} for k in range(CASES)],
    }


def graded(count: int = 100) -> list[tuple[str, Json]]:
    """Completions and references with asserts, one call each as HumanEval writes them."""
    made: list[tuple[str, Json]] = []
    for number in range(count):
        name, program, cases = _GRADED[number % len(_GRADED)]
        asserts = "".join(f"    assert candidate({arguments}) == {expected}\n" for arguments, expected in cases)
        reference = {
            "kind": "asserts",
            "entry_point": name,
            "tests": f"def check(candidate):\n{asserts}\ncheck({name})\n",
        }
        made.append((fenced(program), reference))
    return made
