"""Answers that solve nothing: which tests let them pass. What runs, runs in the judge."""

from __future__ import annotations

from typing import Any

import pytest

from rlcore.data.families import programs
from verifiers.code.judge import judge
from verifiers.code.trivial import is_weak, trivial_answers, weakness
from verifiers.types import Json


def stdin(*cases: tuple[str, str], **more: Any) -> Json:
    return {"kind": "stdin", "cases": [{"stdin": read, "stdout": printed} for read, printed in cases], **more}


def calls(*cases: tuple[list[Any], Any], **more: Any) -> Json:
    listed = [{"args": args, "expected": expected} for args, expected in cases]
    return {"kind": "calls", "entry_point": "f", "cases": listed, **more}


def asserts(tests: str, entry_point: str | list[str] = "f", **more: Any) -> Json:
    return {"kind": "asserts", "entry_point": entry_point, "tests": tests, **more}


@pytest.mark.parametrize(
    ("reference", "what"),
    [
        (stdin(("1", ""), ("2", "\n")), "prints nothing"),
        (stdin(("1", ""), language="cpp"), "prints nothing"),
        (stdin(("1 2\n", "1 2"), ("3\n", "3\n")), "prints its input"),
        (stdin(("2\nx", "2"), ("3\ny", "3")), "prints the first line of its input"),
        (stdin(("9", "0")), "prints 0"),
        (stdin(("9", "-1\n"), compare="exact"), "prints -1"),
        (stdin(("9", "YES")), "prints YES"),
        (stdin(("9", "0.0"), compare="float"), "prints 0"),
        (stdin(("1", "4 5"), ("2", "4  5")), "prints the same whatever its input is"),
        (stdin(("1", "2"), ("2", "2.0000001"), compare="float"), "prints the same whatever its input is"),
        # With partial credit more than half is too much.
        (stdin(("1", "NO"), ("2", "YES"), ("3", "YES"), partial=True), "prints YES"),
        (stdin(("1", "7"), ("2", "7"), ("3", "8"), partial=True), "prints the same whatever its input is"),
        (calls(([1], None), ([2], None)), "returns None"),
        (
            calls(
                ([1], []),
            ),
            "returns []",
        ),
        (
            calls(
                (["a"], ""),
            ),
            "returns ''",
        ),
        (calls(([3], 0), ([4], 0.0)), "returns 0"),
        (calls(([3], True), ([4], True)), "returns True"),
        (calls(([[2, 1]], [2, 1]), ([[]], [])), "returns its first argument"),
        (calls(([1, 2], 2), ([3, 4], 4)), "returns its last argument"),
        (calls(([1], [4, {"a": 5}]), ([2], [4, {"a": 5}])), "returns the same whatever its arguments are"),
        (calls(([1], True), ([2], False), ([3], True), partial=True), "returns True"),
    ],
)
def test_what_a_trivial_answer_gives_is_known_without_running_it(reference: Json, what: str) -> None:
    assert what in str(weakness(reference))
    assert trivial_answers(reference) == ()


@pytest.mark.parametrize(
    "reference",
    [
        stdin(("1", "2"), ("2", "3")),
        # One case alone may have an output that is hard to find.
        stdin(("", "104743")),
        stdin(("5", "42"), ("5", "42")),
        stdin(("1", "NO"), ("2", "YES")),
        stdin(("1", "NO"), ("2", "YES"), partial=True),
        stdin(("1 2", "2 1"), ("3", "3")),
        calls(([1], 2), ([2], 3)),
        calls(([1], 1), ([0], True)),
        calls(([1], [[]]), ([2], [])),
        calls(([3], True), ([4], False), partial=True),
        calls(([7], [4, 5])),
        asserts("assert f(1) == 2"),
    ],
)
def test_nothing_trivial_passes(reference: Json) -> None:
    assert weakness(reference) is None


def test_our_own_family_is_strong() -> None:
    """But for a pipeline in a hundred that changes nothing (add 3, then subtract 3): it is not screened."""
    problems = programs.problems(1000, 5)
    weak = [problem.id for problem in problems if weakness(problem.reference)]
    assert len(weak) <= 10, weak


HUMAN_EVAL = 'import numpy as np\n\n\ndef f(x):\n    """Half of x."""\n'
CHECK = "import numpy as np\ndef check(candidate):\n    "
RAISES = "import unittest\nclass T(unittest.TestCase):\n    def test(self):\n        self.assertRaises(TypeError, f, 1)"

WEAK = [
    (asserts(CHECK + "assert np.allclose(candidate(1), 0.5) and np.allclose(candidate(3), 1.5)"), "returns []"),
    (asserts(CHECK + "assert np.allclose(candidate(1), 0.5)\n", prompt_prefix=HUMAN_EVAL), "returns []"),
    (asserts(CHECK + "assert np.allclose(candidate(1), 0.5)\n", prompt_prefix="def f(x):\n"), "returns []"),
    (asserts("f(1)\nf(2)"), "returns None"),
    (asserts("assert f('a') is None\nassert f('b') is None"), "returns None"),
    (asserts("for n in range(3):\n    assert list(f(n)) == []"), "returns []"),
    (asserts("assert isinstance(f(1), list)"), "returns []"),
    (asserts("assert f(3)\nassert f(4)"), "returns True"),
    (asserts("assert not f(3)"), "returns None"),
    (asserts("assert f(3) >= 0"), "returns 0"),
    (asserts("assert f([1, 2]) == [1, 2]\nassert f([]) == []"), "returns its first argument"),
    (asserts("assert f('x') + f('y') == ''"), "returns ''"),
    (asserts("if abs(f(3) - 1.5) > 1e-6:\n    raise AssertionError"), "returns float('nan')"),
    (asserts("try:\n    f(-1)\nexcept ValueError:\n    pass\nelse:\n    assert False"), "raises ValueError"),
    (asserts(RAISES), "raises TypeError"),
    (asserts("assert f(1) is not None and not isinstance(f(1), (int, str, list, float, dict))"), "returns object()"),
    (asserts("assert Solution().f([2, 3]) == []", "Solution().f"), "returns []"),
    (asserts("assert f(1) == g(1)", ["f", "g"]), "returns None"),
    (asserts("s = Stack()\ns.push(3)\nassert s.is_empty() == False", "Stack"), "returns 0"),
    (asserts("assert Stack.make(3) is None", "Stack"), "returns None"),
    (asserts("assert f(1) == 1\nassert f(2) == 1\nassert f(3) == 5", partial=True), "returns 1"),
]  # fmt: skip


def passes(reference: Json) -> list[str]:
    verdicts = [(what, judge(text, reference, finish_reason="stop")) for what, text in trivial_answers(reference)]
    return [what for what, verdict in verdicts if is_weak(verdict.reward or 0.0)]


@pytest.mark.parametrize(("reference", "what"), WEAK)
def test_weak_tests_of_data_sets(reference: Json, what: str) -> None:
    assert f"a function that {what}" in passes(reference)


@pytest.mark.parametrize(
    "reference",
    [
        asserts("assert f(1) == 2\nassert f(2) == 3"),
        asserts("def check(candidate):\n    assert candidate([1, 2]) == [2, 1]\n", prompt_prefix=HUMAN_EVAL),
        asserts("def check(candidate):\n    assert candidate(2) == 7\n", prompt_prefix="def f(x):\n"),
        asserts("assert f(1) == 1\nassert f(2) == 4", partial=True),
        asserts("assert Solution().f([2, 3]) == [3]\nassert Solution().f([]) == []", "Solution().f"),
        asserts("s = Stack()\ns.push(3)\nassert s.pop() == 3", "Stack"),
        asserts("assert g(f(2)) == 2\nassert f(1) == 5", ["f", "g"]),
    ],
)
def test_strong_tests_are_kept(reference: Json) -> None:
    assert passes(reference) == []


def test_each_answer_is_another_program() -> None:
    for reference in (asserts("f(1)"), asserts("f(1)", prompt_prefix="def f(x):\n")):
        answers = trivial_answers(reference)
        assert (
            len({answer.completion for answer in answers}) == len({answer.what for answer in answers}) == len(answers)
        )
        assert len(answers) >= 15
