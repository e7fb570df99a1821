"""The side of the sandbox that runs a data set's own tests, unmodified, against stand-ins for the solution.

Standard library only. The tests come from the data set, the answers of the solution from an attacker: they are decoded
into exact built-in types before any test sees them. This side alone can send the verdict.

The tests run as a module that is not `__main__`. Then what they define is run: `check(candidate)` unless the solution
has been called already (HumanEval), and what pytest and unittest would run (`verifiers.code.collection`), with
`pytest_names` for pytest. Tests may import whatever the solution defines from a module `solution`.
"""

from __future__ import annotations

import ast
import contextlib
import os
import sys
import types
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

from verifiers.code import collection, pytest_names
from verifiers.code.loading import LEETCODE, closed
from verifiers.code.remote import Remote, Stranger
from verifiers.code.wire import Gone, Wire
from verifiers.sandbox.program import seed

_FILE = "tests.py"
_CASE = "__case__"
_MAX_TOLD = 10
# An exception of the solution has to be a class here, for `except` and `raises`. It shows by its name.
_EXCEPTIONS = ("Error", "Exception")
AT_HAND = ("collections", "functools", "itertools", "math", "operator", "random", "re", "string", "sys")
"""Tests of several data sets use these without importing them: the solutions they were written against did."""


def main() -> None:
    """Run the tests once and send the verdict. Never returns."""
    wire = Wire()
    try:
        _, setup = wire.receive()
        stranger = Stranger(wire, lambda reason: _give(wire, "failed", reason))
        cases = Cases(setup["partial"], lambda: stranger.calls)
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
    failed = cases.failed[:_MAX_TOLD] if cases else []
    wire.send("V", {"status": status, "reason": reason, "cases": counts, "failed": failed})
    os._exit(0)


class Cases:
    """Counts what passed and notes what failed. With partial credit the failure of a case does not end the tests.

    Args:
        asked: how often the solution was called so far.

    Attributes:
        failed: what came of each case that failed.
        problem: the first failure, of a case or of anything else.
    """

    def __init__(self, partial: bool, asked: Callable[[], int]) -> None:
        self.partial = partial
        self.asked = asked
        self.passed = 0
        self.total = 0
        self.problem = ""
        self.failed: list[str] = []
        self._done = 0

    @contextlib.contextmanager
    def case(self, name: str = "") -> Iterator[None]:
        """One case: an assert, or a test function of this name."""
        self._done += 1
        try:
            yield
        except Gone:
            raise
        except BaseException as error:
            where = f"case {self._done} of {max(self._done, self.total)}: "
            self.count(0, [f"{where}{name}: {_told(error)}" if name else f"{where}{_told(error)}"])
            if not (self.partial and isinstance(error, Exception)):
                raise
        else:
            self.passed += 1

    def count(self, passed: int, failed: list[str]) -> None:
        """So many cases more have passed, and these have not."""
        self.passed += passed
        self.failed += failed
        self.problem = self.problem or next(iter(failed), "")

    def note(self, error: BaseException) -> None:
        """A failure that may be no case's."""
        self.problem = self.problem or _told(error)


def _told(error: BaseException) -> str:
    """What failed where; never the message, which may hold the expected value."""
    lines = [line for file, line in _frames(error) if file == _FILE]
    if isinstance(error, SyntaxError) and error.filename == _FILE:
        lines = [error.lineno or 0]
    where = f"line {lines[-1]} of the tests: " if lines else ""
    return f"{where}{type(error).__name__}"


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
    stranger.given = {value for value in names.values() if isinstance(value, type)}
    _stand_in(names, setup["entry_points"], stranger)
    sys.modules["pytest"] = pytest_names.module()
    names[_CASE] = cases.case
    tree = ast.parse(setup["tests"], _FILE)
    used = collection.used(tree)
    cases.total = _split(tree)
    seed(setup["tests"].encode(errors="surrogatepass"))
    exec(compile(tree, _FILE, "exec"), names)
    check = names.get("check")
    if isinstance(check, types.FunctionType) and not stranger.calls:
        check(names[setup["entry_points"][0]])
    collection.run(names, _FILE, cases, used)


def _stand_in(names: dict[str, Any], entry_points: list[str], stranger: Stranger) -> None:
    """Stand-ins for what the tests call, and a module `solution` that has one for every name."""
    solution = sys.modules["solution"] = stranger.module
    for entry in entry_points:
        names[entry] = Remote(stranger, "name", entry)
        setattr(solution, entry, names[entry])

    def named(name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return stranger.exception(name) if name.endswith(_EXCEPTIONS) else Remote(stranger, "name", name)

    vars(solution).update(__getattr__=named, __all__=[*entry_points])


def _split(tree: ast.Module) -> int:
    """Make every assert of the module's or of check's own body a case that may fail alone. How many there are."""
    checks = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "check"]
    count = 0
    for body in [tree.body, *(check.body for check in checks)]:
        for index, node in enumerate(body):
            if isinstance(node, ast.Assert):
                count += 1
                manager = ast.withitem(ast.Call(ast.Name(_CASE, ast.Load()), [], []))
                body[index] = ast.copy_location(ast.With([manager], [node]), node)
    ast.fix_missing_locations(tree)
    return count
