"""The failing test on a sample's page: which lines, and who sees them."""

from __future__ import annotations

from typing import Any

import pytest

from services.web.failing import Excerpt, failing_test
from verifiers.types import FailedCase, Status, Verdict

STDIN: dict[str, Any] = {
    "kind": "stdin",
    "cases": [{"stdin": "1\n", "stdout": "a b\nc\n"}, {"stdin": "2\n", "stdout": "x\n" * 100 + "end\n"}],
}
CALLS = {"kind": "calls", "entry_point": "f", "cases": [{"args": [1, "b"], "kwargs": {"k": None}, "expected": [True]}]}
ASSERTS = {"kind": "asserts", "entry_point": "f", "tests": "\n".join(f"assert f({n}) == {n}" for n in range(1, 51))}


def verdict(number: int, got: str | None, detail: str = "") -> Verdict:
    return Verdict.of(Status.WRONG, verifier="code", detail=detail, failed_case=FailedCase.of(number, got))


def marked(excerpt: Excerpt | None) -> list[str]:
    assert excerpt is not None
    return [line for line, is_marked in excerpt.lines if is_marked]


@pytest.mark.parametrize(
    ("reference", "number", "got", "differs", "lines"),
    [
        (STDIN, 1, "a b\nd\n", 2, (["c"], ["d"])),
        (STDIN, 1, "a  b \nd", 2, (["c"], ["d"])),
        (STDIN | {"compare": "exact"}, 1, "a  b \nd", 1, (["a b"], ["a  b "])),
        (STDIN, 1, "a b\nc\n", None, ([], [])),
        (STDIN, 1, "a b", 2, (["c"], [])),
        (STDIN, 1, "a b\nc\nmore", 3, ([], ["more"])),
        (STDIN, 1, "", 1, (["a b"], [""])),
        (STDIN, 2, "x\n" * 100 + "END", 101, (["end"], ["END"])),
        (STDIN, 2, "x\n" * 3000, 101, (["end"], ["x"])),
        # Where it is cut nobody knows how it goes on.
        (STDIN, 1, "a b" + " " * 3000, None, ([], [])),
        (CALLS, 1, "[False]", 1, (["[True]"], ["[False]"])),
    ],
)
def test_the_first_line_that_differs(
    reference: dict[str, Any], number: int, got: str, differs: int | None, lines: tuple[list[str], list[str]]
) -> None:
    found = failing_test(verdict(number, got), reference)
    assert found is not None and found.differs == differs
    assert (marked(found.expected), marked(found.got)) == lines


def test_a_long_text_is_shown_around_its_line() -> None:
    found = failing_test(verdict(2, "x\n" * 100 + "END"), STDIN)
    assert found is not None and found.expected is not None
    assert (found.expected.above, len(found.expected.lines), found.expected.below) == (71, 30, 0)
    found = failing_test(verdict(1, "y" * 2001), STDIN)
    assert found is not None and found.got is not None
    assert found.got.is_cut and len(found.got.lines[0][0]) == 400


def test_a_call_and_a_line_of_the_tests() -> None:
    found = failing_test(verdict(1, None), CALLS)
    assert found is not None and found.given is not None
    assert found.given.lines == (("f(1, 'b', k=None)", False),) and found.got is None and found.verb == "returned"
    found = failing_test(verdict(40, None, "failed: case 40 of 50: line 40 of the tests: AssertionError"), ASSERTS)
    assert found is not None and found.tests is not None
    assert marked(found.tests) == ["assert f(40) == 40"]
    assert (found.tests.above, found.tests.below) == (20, 0)
    found = failing_test(verdict(1, None, "failed: case 1 of 3: test_it: AssertionError"), ASSERTS)
    assert found is not None and found.tests is None


@pytest.mark.parametrize("reference", [STDIN, CALLS, ASSERTS])
def test_who_may_not_see_the_reference_sees_what_came_out(reference: dict[str, Any]) -> None:
    found = failing_test(verdict(1, "mine"), None)
    assert found is not None and found.got is not None and found.got.lines == (("mine", False),)
    assert found.given is found.expected is found.tests is found.differs is None
    assert failing_test(Verdict.of(Status.WRONG), reference) is None
    # Of a reference that is another's by now.
    assert failing_test(verdict(9, "mine"), {"kind": "stdin", "cases": []}) is not None
    assert failing_test(verdict(9, "mine"), {}) is not None
