"""The test that a program fails: its input, what was expected and what came out, line by line beside each other."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from verifiers.types import FailedCase, Json, Verdict

# Of a long text the lines around the first one that differs, and of a long line its beginning.
_LINES_BEFORE, _LINES = 6, 30
_LINE_CHARS = 400
_MAX_CHARS = 1 << 16
_LINE_OF_TESTS = re.compile(r"case [0-9]+ of [0-9]+: line ([0-9]{1,7}) of the tests")


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Some lines of a text.

    Attributes:
        lines: each with whether it is the one to look at.
        above, below: how many lines stand before and behind these.
        is_cut: whether a line is longer, or more came than was kept.
    """

    lines: tuple[tuple[str, bool], ...]
    above: int
    below: int
    is_cut: bool


@dataclass(frozen=True, slots=True)
class FailingTest:
    """What is shown of a failed case.

    Attributes:
        verb: how something comes out of such a program.
        given, expected: input and right output; None for who may not see them, and where tests are a program.
        tests: the lines of that program around the one that failed; None likewise.
        got: what came out; None where nothing is known of it.
        differs: number of the first line that differs, from 1; None where none does or that may not be seen.
    """

    number: int
    verb: str
    given: Excerpt | None = None
    expected: Excerpt | None = None
    tests: Excerpt | None = None
    got: Excerpt | None = None
    differs: int | None = None


def failing_test(verdict: Verdict, reference: Json | None) -> FailingTest | None:
    """The test that a verdict says has failed; None where it names none.

    Args:
        reference: None for who may not see it.
    """
    failed = verdict.failed_case
    if failed is None:
        return None
    if reference is None:
        # Which line differs says something of what was expected.
        return FailingTest(failed.number, "came out", got=_came_out(failed, None))
    if reference.get("kind") == "asserts":
        return _of_tests(failed, verdict.detail, str(reference.get("tests", "")))
    cases = reference.get("cases")
    if not isinstance(cases, Sequence) or not 0 < failed.number <= len(cases):
        return FailingTest(failed.number, "came out", got=_came_out(failed, None))
    case = cases[failed.number - 1]
    if not isinstance(case, dict):
        # Of a team's own judge.
        return FailingTest(failed.number, "came out", got=_came_out(failed, None))
    if reference.get("kind") == "calls":
        verb, given, expected = "returned", _call(reference, case), repr(case.get("expected"))
    else:
        verb, given, expected = "printed", str(case.get("stdin", "")), str(case.get("stdout", ""))
    differs = _first_difference(expected, failed, exactly=reference.get("compare") == "exact")
    return FailingTest(
        failed.number,
        verb,
        given=_excerpt(given, None),
        expected=_excerpt(expected, differs),
        got=_came_out(failed, differs),
        differs=None if differs is None else differs + 1,
    )


def _of_tests(failed: FailedCase, detail: str, tests: str) -> FailingTest:
    found = _LINE_OF_TESTS.search(detail)
    excerpt = _excerpt(tests, int(found[1]) - 1) if found else None
    return FailingTest(failed.number, "came out", tests=excerpt)


def _call(reference: Json, case: Any) -> str:
    """As it would be written in Python."""
    arguments = [repr(value) for value in case.get("args", [])]
    arguments += [f"{name}={value!r}" for name, value in case.get("kwargs", {}).items()]
    return f"{reference.get('entry_point')}({', '.join(arguments)})"


def _came_out(failed: FailedCase, differs: int | None) -> Excerpt | None:
    return None if failed.got is None else _excerpt(failed.got, differs, is_cut=failed.is_cut)


def _first_difference(expected: str, failed: FailedCase, *, exactly: bool) -> int | None:
    """The first line that is not the same, but for white space where that does not count."""
    if failed.got is None:
        return None
    wanted, said = _lines(expected), _lines(failed.got)
    for number, (want, got) in enumerate(zip_longest(wanted, said)):
        if failed.is_cut and number >= len(said) - 1:
            # Where it was cut nobody knows.
            return None
        if want is None or got is None:
            return number
        if want != got and (exactly or want.split() != got.split()):
            return number
    return None


def _lines(text: str) -> list[str]:
    # As `splitlines` would not: a form feed is no end of a line.
    return text[:_MAX_CHARS].removesuffix("\n").split("\n")


def _excerpt(text: str, at: int | None, *, is_cut: bool = False) -> Excerpt:
    lines = _lines(text)
    first = max(min((at or 0) - _LINES_BEFORE, len(lines) - _LINES), 0) if len(lines) > _LINES else 0
    shown = lines[first : first + _LINES]
    return Excerpt(
        tuple((line[:_LINE_CHARS], number == at) for number, line in enumerate(shown, first)),
        above=first,
        below=len(lines) - first - len(shown),
        is_cut=is_cut or len(text) > _MAX_CHARS or any(len(line) > _LINE_CHARS for line in shown),
    )
