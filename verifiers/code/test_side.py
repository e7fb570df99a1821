"""The side of the sandbox that runs a data set's own tests, unmodified, against stand-ins for the solution.

Standard library only. The tests come from the data set, the answers of the solution from an attacker: they are decoded
into exact built-in types before any test sees them. This side alone can send the verdict.

The tests run as a module that is not `__main__`. Then what they define is run: `check(candidate)` unless the solution
has been called already (HumanEval), functions `test*` without parameters, and `unittest.TestCase` classes.
Tests may also import the solution from a module `solution`.
"""

from __future__ import annotations

import ast
import io
import os
import sys
import types
import unittest
from collections.abc import Iterator
from typing import Any, NoReturn

from verifiers.code.loading import LEETCODE, closed
from verifiers.code.remote import Remote, Stranger
from verifiers.code.wire import Gone, Wire
from verifiers.sandbox.program import seed

_FILE = "tests.py"
_CASE = "__case__"
AT_HAND = ("collections", "functools", "itertools", "math", "operator", "random", "re", "string", "sys")
"""Tests of several data sets use these without importing them: the solutions they were written against did."""


def main() -> None:
    """Run the tests once and send the verdict. Never returns."""
    wire = Wire()
    try:
        _, setup = wire.receive()
        stranger = Stranger(wire, lambda reason: _give(wire, "failed", reason))
        cases = Cases(setup["partial"])
        try:
            _run(setup, stranger, cases)
        except Gone:
            raise
        # Whatever ends the tests early, SystemExit included, is a failure.
        except BaseException as error:
            cases.note(error)
        if not stranger.calls:
            # Not one byte of the solution has reached this process: the tests are to blame.
            _give(wire, "broken", cases.problem or "they never call the solution")
        _give(wire, "failed" if cases.problem else "passed", cases.problem, cases)
    except Gone:
        os._exit(0)


def _give(wire: Wire, status: str, reason: str, cases: Cases | None = None) -> NoReturn:
    counts = [min(cases.passed, cases.total), cases.total] if cases else [0, 0]
    wire.send("V", {"status": status, "reason": reason, "cases": counts})
    os._exit(0)


class Cases:
    """Counts what passed and notes the first problem. As a context manager: one case; with partial credit on, its
    failure does not end the tests.
    """

    def __init__(self, partial: bool) -> None:
        self.partial = partial
        self.passed = 0
        self.total = 0
        self.problem = ""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> bool:
        if error is None:
            self.passed += 1
            return False
        self.note(error)
        return self.partial and isinstance(error, Exception)

    def note(self, error: BaseException) -> None:
        """What failed where; never the message, which may hold the expected value."""
        lines = [line for file, line in _frames(error) if file == _FILE]
        if isinstance(error, SyntaxError) and error.filename == _FILE:
            lines = [error.lineno or 0]
        where = f"line {lines[-1]} of the tests: " if lines else ""
        self.problem = self.problem or f"{where}{type(error).__name__}"


def _frames(error: BaseException) -> Iterator[tuple[str, int]]:
    trace = error.__traceback__
    while trace is not None:
        yield trace.tb_frame.f_code.co_filename, trace.tb_lineno
        trace = trace.tb_next


def _run(setup: dict[str, Any], stranger: Stranger, cases: Cases) -> None:
    module = types.ModuleType("tests")
    sys.modules["tests"] = module
    names = vars(module)
    names.update({name: sys.modules[name] for name in AT_HAND if name in sys.modules})
    if "Solution" in setup["entry_points"]:
        exec(LEETCODE, names)
    if prefix := closed(setup["prefix"]):
        exec(prefix, names)
    solution = sys.modules["solution"] = types.ModuleType("solution")
    for entry in setup["entry_points"]:
        names[entry] = Remote(stranger, "name", entry)
        setattr(solution, entry, names[entry])
    names[_CASE] = cases
    tree = ast.parse(setup["tests"], _FILE)
    if cases.partial:
        cases.total = _split(tree)
    seed(setup["tests"].encode(errors="surrogatepass"))
    exec(compile(tree, _FILE, "exec"), names)
    check = names.get("check")
    if isinstance(check, types.FunctionType) and not stranger.calls:
        check(names[setup["entry_points"][0]])
    for function in [value for name, value in names.items() if name.startswith("test") and _is_test(value)]:
        cases.total += 1
        with cases:
            function()
    _run_classes(names, cases)


def _split(tree: ast.Module) -> int:
    """Make every assert of the module's or of check's own body a case that may fail alone. How many there are."""
    checks = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "check"]
    count = 0
    for body in [tree.body, *(check.body for check in checks)]:
        for index, node in enumerate(body):
            if isinstance(node, ast.Assert):
                count += 1
                manager = ast.withitem(ast.Name(_CASE, ast.Load()))
                body[index] = ast.copy_location(ast.With([manager], [node]), node)
    ast.fix_missing_locations(tree)
    return count


def _is_test(value: Any) -> bool:
    if not isinstance(value, types.FunctionType) or value.__code__.co_filename != _FILE:
        return False
    needed = value.__code__.co_argcount - len(value.__defaults__ or ())
    return needed == 0 and value.__code__.co_kwonlyargcount == 0


def _run_classes(names: dict[str, Any], cases: Cases) -> None:
    classes = [value for value in names.values() if isinstance(value, type) and issubclass(value, unittest.TestCase)]
    suites = [unittest.defaultTestLoader.loadTestsFromTestCase(kind) for kind in dict.fromkeys(classes)]
    suite = unittest.TestSuite(suites)
    if not suite.countTestCases():
        return
    cases.total += suite.countTestCases()
    result = unittest.TextTestRunner(io.StringIO(), failfast=not cases.partial).run(suite)
    failures = [*result.failures, *result.errors]
    cases.passed += result.testsRun - len({str(test) for test, _ in failures})
    if failures or not result.wasSuccessful():
        name = failures[0][0].id().rpartition("tests.")[2] if failures else "a test that should fail"
        cases.problem = cases.problem or f"{name} of the tests"
