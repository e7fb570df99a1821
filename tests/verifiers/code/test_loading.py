"""Which reading of a program and of the code that the prompt gave is run, in the real sandbox."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from verifiers.code.judge import LIGHT, judge
from verifiers.sandbox import policy
from verifiers.sandbox.launcher import shared
from verifiers.types import Json, Status

pytestmark = pytest.mark.skipif(
    bool(policy.check().missing()), reason=f"no sandbox here: {'; '.join(policy.check().missing())}"
)

HEADER = "def f(x):\n"
DOCUMENTED = 'def f(x):\n    """One more."""\n'
TYPED = "from typing import List, Optional\n\n\ndef f(x: List[int]) -> Optional[int]:\n"
HELPED = "import math\nONE = 1\ndef one():\n    return ONE\n\ndef f(x):\n"
METHOD = "class Solution:\n    def f(self, x):\n"
WHOLE = "def f(x):\n    return x + 1\n"
CLASS = "class Solution:\n    def f(self, x):\n        return x + 1\n"


@pytest.fixture(scope="module", autouse=True)
def _end_the_fork_server() -> Iterator[None]:
    yield
    shared(LIGHT).close()


def asserts(prefix: str, entry_point: str = "f") -> Json:
    tests = "assert f(1) == 2\nassert f(5) == 6\n"
    return {"kind": "asserts", "entry_point": entry_point, "tests": tests, "prompt_prefix": prefix}


def calls(prefix: str) -> Json:
    cases = [{"args": [1], "expected": 2}, {"args": [5], "expected": 6}]
    return {"kind": "calls", "entry_point": "f", "cases": cases, "prompt_prefix": prefix}


def status(program: str, reference: Json) -> Status:
    return judge(f"```python\n{program}\n```", reference, finish_reason="stop").status


@pytest.mark.parametrize("prefix", [HEADER, DOCUMENTED, TYPED, HELPED, HEADER.rstrip(), "def f(x):  # one more\n"])
@pytest.mark.parametrize(
    "program",
    [
        WHOLE,
        f"import math\n\n{WHOLE}",
        "from __future__ import annotations\n" + WHOLE,
        "def g(x):\n    return x + 1\nf = g",
        "f = lambda x: x + 1",
        "if True:\n    def f(x):\n        return x + 1",
        "try:\n    import nothing\nexcept ImportError:\n    def f(x):\n        return x + 1",
        "    def f(x):\n        return x + 1",
        "from operator import add\nimport functools\nf = functools.partial(add, 1)",
        # Of the body only.
        "    return x + 1",
        "return x + 1",
        "y = x\nreturn y + 1",
        "y = x\n    return y + 1",
        "    def f(y):\n        return y + 1\n    return f(x)",
        "    return x + 1\n\n\ndef other():\n    pass",
        f"    return x + 1\n\n\nif __name__ == '__main__':\n    {'f(1)'}",
    ],
)
def test_right_programs_behind_given_code(prefix: str, program: str) -> None:
    for reference in (asserts(prefix), calls(prefix)):
        assert status(program, reference) is Status.CORRECT


@pytest.mark.parametrize(
    ("prefix", "program"),
    [
        (TYPED, "Numbers = List[int]\ndef f(x):\n    return x + 1"),
        (TYPED, "def f(x):\n    y: Optional[int] = x\n    return y + 1"),
        ("from typing import *\n", "Maybe = Optional[int]\nclass A(Generic[TypeVar('T')]): pass\n" + WHOLE),
        ("from typing import List\nimport math\n\n", "T = List[int]\ndef f(x):\n    return x + int(math.cos(0))"),
        (HELPED, "def f(x):\n    return x + one()"),
        (HELPED, "    return x + one()"),
        (METHOD, CLASS),
        (METHOD, "        return x + 1"),
        (METHOD, "return x + 1"),
        ("class Solution:\n\tdef f(self, x):\n", "return x + 1"),
        ("", CLASS),
        ("", "class Solution:\n    def f(self, x: List[int]) -> int:\n        T = Optional[int]\n        return x + 1"),
        ("", "class Solution:\n    def f(self, x):\n        return pow(x + 1, 1, 97) + defaultdict(int)[0]"),
        ("", "class Solution:\n    def f(self, x):\n        return TreeNode(x).val + ListNode(1).val"),
        # Annotations are not evaluated.
        ("", "def f(x: Whatever) -> Nothing:\n    return x + 1"),
    ],
)
def test_names_that_the_given_code_or_leetcode_brings(prefix: str, program: str) -> None:
    entry = "Solution().f" if "Solution" in prefix + program else "f"
    assert status(program, asserts(prefix, entry)) is Status.CORRECT
    assert status(program, calls(prefix)) is Status.CORRECT


@pytest.mark.parametrize(
    ("prefix", "program"),
    [
        (HEADER, "def f(x):\n    return x"),
        (HEADER, "def g(x):\n    return x + 1"),
        (HEADER, "    def f(x):\n        return x + 1\n    f(x)"),
        (HEADER, "pass"),
        (HEADER, "f = None"),
        (HEADER, "return x"),
        ("", "T = List[int]\n" + WHOLE),
        ("", "return x + 1"),
        (HELPED, "def f(x):\n    return one()"),
        ("def h(x):\n    return x + 1\n\ndef f(x):\n", "f(x)"),
    ],
)
def test_wrong_programs_stay_wrong(prefix: str, program: str) -> None:
    for reference in (asserts(prefix), calls(prefix)):
        assert status(program, reference) is Status.WRONG
