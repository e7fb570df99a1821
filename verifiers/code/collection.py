"""Runs the tests that a data set's file defines, as pytest and unittest do. Standard library only; in the tests' side.

Functions and methods `test*` of classes `Test*` with the parameters that `parametrize` gives and the fixtures that they
ask for, coroutines too, and `unittest.TestCase` classes. A function that needs what nobody gives is none of them: the
tests call it themselves.
"""

from __future__ import annotations

import ast
import functools
import inspect
import io
import itertools
import types
import unittest
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, Protocol

from verifiers.code.pytest_names import Capture, Fixture, MonkeyPatch, Skipped

_BUILT_IN = ("monkeypatch", "capsys", "request")
# What pytest and its plugins make, and nobody here.
_NOT_AT_HAND = frozenset({"tmp_path", "tmpdir", "tmp_path_factory", "caplog", "capfd", "recwarn", "mocker"})


class Counted(Protocol):
    """Counts tests; as a context, one of them."""

    partial: bool
    total: int

    def asked(self) -> int:
        """How often the solution was called so far."""

    def case(self, name: str) -> Any:
        """One test."""

    def count(self, passed: int, failed: list[str]) -> None:
        """So many cases more have passed, and these have not."""


def used(tree: ast.Module) -> set[str]:
    """The names that the tests themselves use. Raises LookupError for a test or fixture that asks for what is not at
    hand: left out, it would pass for passed.
    """
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    collected = [one for one in functions if one.name.startswith("test") or "fixture" in _decorations(one)]
    asked = {argument.arg for one in collected for argument in one.args.args}
    if asked & _NOT_AT_HAND:
        raise LookupError("a fixture of pytest that is not at hand")
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}


def _decorations(function: ast.FunctionDef | ast.AsyncFunctionDef) -> set[str]:
    inner = [node for decorator in function.decorator_list for node in ast.walk(decorator)]
    names = {node.id for node in inner if isinstance(node, ast.Name)}
    return names | {node.attr for node in inner if isinstance(node, ast.Attribute)}


def run(names: dict[str, Any], file: str, cases: Counted, used: set[str]) -> None:
    """All tests among these names that were defined in this file.

    Args:
        used: names that the tests themselves use. A function that is among them may ask for what nobody gives: it is
            called there.

    Raises LookupError for a test that nobody can run.
    """
    fixtures = {value.name: value for value in names.values() if isinstance(value, Fixture)}
    tests = [
        (name, value, None)
        for name, value in names.items()
        if name.startswith("test") and isinstance(value, types.FunctionType) and value.__code__.co_filename == file
    ]
    for kind in dict.fromkeys(value for value in names.values() if _is_class(value)):
        inside = {value.name: value for value in _members(kind).values() if isinstance(value, Fixture)}
        fixtures |= inside
        tests += [(name, value, kind) for name, value in _members(kind).items() if _is_method(name, value)]
    planned = [one for test in tests for one in _planned(*test, fixtures, used)]
    cases.total += len(planned)
    for name, test, kind, row in planned:
        with cases.case(name), _leaving(cases):
            _run_one(test, kind, row, fixtures)
    _run_classes(names, cases)


def _is_class(value: Any) -> bool:
    is_ours = isinstance(value, type) and value.__module__ == "tests" and value.__name__.startswith("Test")
    return is_ours and not issubclass(value, unittest.TestCase) and "__init__" not in vars(value)


def _members(kind: type) -> dict[str, Any]:
    members: dict[str, Any] = {}
    for base in reversed(kind.__mro__[:-1]):
        members |= vars(base)
    return members


def _is_method(name: str, value: Any) -> bool:
    return name.startswith("test") and isinstance(value, types.FunctionType | staticmethod)


def _planned(
    name: str, test: Any, kind: type | None, fixtures: dict[str, Fixture], used: set[str]
) -> Iterator[tuple[str, Any, type | None, dict[str, Any]]]:
    """A test once for each of its rows; not at all where something that it needs is not to be had."""
    marked = [rows for held in (kind, test) for rows in getattr(held, "rows", [])]
    if getattr(test, "skipped", False) or getattr(kind, "skipped", False):
        return
    needed = _needed(test, kind)
    given = {key for rows in marked for row, _ in rows[:1] for key in row}
    if not all(key in given or key in fixtures or key in _BUILT_IN for key in needed):
        if name not in used:
            raise LookupError("a test asks for what nobody gives")
        return
    sources = [*marked, *_fixture_rows(needed, fixtures, given)]
    combined = [*itertools.product(*sources)]
    shown = f"{kind.__name__}.{name}" if kind else name
    for number, rows in enumerate(combined, 1):
        if not any(skipped for _, skipped in rows):
            row = {key: value for values, _ in rows for key, value in values.items()}
            yield (f"{shown} ({number} of {len(combined)})" if len(combined) > 1 else shown), test, kind, row


def _needed(test: Any, kind: type | None) -> list[str]:
    """The parameters that have no default, without the instance."""
    function = test.__func__ if isinstance(test, staticmethod) else test
    parameters = [*inspect.signature(function).parameters.values()]
    if kind is not None and not isinstance(test, staticmethod):
        parameters = parameters[1:]
    kinds = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return [one.name for one in parameters if one.default is inspect.Parameter.empty and one.kind not in kinds]


def _fixture_rows(needed: list[str], fixtures: dict[str, Fixture], given: set[str]) -> Iterator[Any]:
    """For each fixture with values of its own, directly asked for: one row for each value."""
    for name in needed:
        if name in fixtures and name not in given and fixtures[name].params:
            yield [({f"{name} of request": value}, False) for value in fixtures[name].params]


def _run_one(test: Any, kind: type | None, row: dict[str, Any], fixtures: dict[str, Fixture]) -> None:
    instance = kind() if kind else None
    with ExitStack() as stack:
        making = _Making(stack, instance, row, fixtures)
        for fixture in fixtures.values():
            if fixture.autouse:
                making.value(fixture.name)
        function = test.__func__ if isinstance(test, staticmethod) else test
        before = [] if kind is None or isinstance(test, staticmethod) else [instance]
        for name, at in (("setup_class", kind), ("setup_method", instance)):
            _call_if(at, name, function)
        stack.callback(_call_if, instance, "teardown_method", function)
        arguments = {name: making.value(name) for name in _needed(test, kind)} | {
            name: value for name, value in row.items() if name in inspect.signature(function).parameters
        }
        _finish(function(*before, **arguments))


def _call_if(owner: Any, name: str, test: Any) -> None:
    function = getattr(owner, name, None)
    if function is not None:
        function(*[test][: len(inspect.signature(function).parameters)])


def _finish(result: Any) -> Any:
    if not isinstance(result, types.CoroutineType):
        return result
    import asyncio

    return asyncio.run(result)


class _Making:
    """Makes what one test asks for, each once."""

    def __init__(self, stack: ExitStack, instance: Any, row: dict[str, Any], fixtures: dict[str, Fixture]) -> None:
        self._stack, self._instance, self._fixtures = stack, instance, fixtures
        self._made = dict(row)

    def value(self, name: str) -> Any:
        """By name. Raises LookupError for what nobody makes."""
        if name not in self._made:
            self._made[name] = self._make(name)
        return self._made[name]

    def _make(self, name: str) -> Any:
        if name == "request":
            return types.SimpleNamespace(param=None)
        if name in ("monkeypatch", "capsys"):
            made: Any = MonkeyPatch() if name == "monkeypatch" else Capture()
            self._stack.callback(made.undo)
            return made
        fixture = self._fixtures[name]
        asked = list(inspect.signature(fixture.function).parameters)
        arguments = {one: self.value(one) for one in asked if one not in ("self", "request")}
        if "request" in asked:
            arguments["request"] = types.SimpleNamespace(param=self._made.get(f"{name} of request"))
        if "self" in asked:
            arguments["self"] = self._instance
        made = _finish(fixture.function(**arguments))
        if not inspect.isgenerator(made):
            return made
        self._stack.callback(_exhaust, made)
        return next(made)


def _exhaust(made: Iterator[Any]) -> None:
    for _ in made:
        pass


@contextmanager
def _leaving(cases: Counted) -> Iterator[None]:
    """A test that does not want to run has neither passed nor failed, unless the solution has made it so."""
    before = cases.asked()
    try:
        yield
    except Skipped:
        if cases.asked() != before:
            raise
        cases.total -= 1
        cases.count(-1, [])


class _Result(unittest.TextTestResult):
    """As `_leaving` for unittest."""

    def __init__(self, cases: Counted, *given: Any, **options: Any) -> None:
        super().__init__(*given, **options)
        self._asked = cases.asked
        self._before = cases.asked()

    def startTest(self, test: unittest.TestCase) -> None:
        super().startTest(test)
        self._before = self._asked()

    def stopTest(self, test: unittest.TestCase) -> None:
        super().stopTest(test)
        self._before = self._asked()

    def addSkip(self, test: unittest.TestCase, reason: str) -> None:
        if self._asked() != self._before:
            self.failures.append((test, "skipped"))
        else:
            super().addSkip(test, reason)


def _run_classes(names: dict[str, Any], cases: Counted) -> None:
    classes = [value for value in names.values() if isinstance(value, type) and issubclass(value, unittest.TestCase)]
    suites = [unittest.defaultTestLoader.loadTestsFromTestCase(kind) for kind in dict.fromkeys(classes)]
    suite = unittest.TestSuite(suites)
    if not suite.countTestCases():
        return
    cases.total += suite.countTestCases()
    told = functools.partial(_Result, cases)
    result = unittest.TextTestRunner(io.StringIO(), failfast=not cases.partial, resultclass=told).run(suite)
    failures = [*result.failures, *result.errors]
    failed = [f"{test.id().rpartition('tests.')[2]} of the tests" for test, _ in failures]
    if not failures and not result.wasSuccessful():
        failed = ["a test that should fail"]
    # They say nothing of a solution.
    left = len(result.skipped) + len(result.expectedFailures)
    cases.total -= left
    cases.count(result.testsRun - left - len({str(test) for test, _ in failures}), [*dict.fromkeys(failed)])
