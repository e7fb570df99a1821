"""The trusted middle between a program and its tests: starts the sandboxed sides and passes lines on.

The program's side never learns more than the arguments of one call; it holds no channel but its own. Lines of either
side are bounded in length; in between nobody reads them, but for the letter that says what they are. What is read here
(`calls`) is no longer than a right reply can be, and is walked once.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Self

from verifiers.code.budget import Budget
from verifiers.code.compare import longest_equal, value_equal
from verifiers.code.peer import Peer
from verifiers.code.reference import AssertsReference, CallCase, CallsReference, entry_names
from verifiers.code.spelling import spelled
from verifiers.code.tally import NO_MODULE, Problem, Tally, at_hand
from verifiers.code.values import encode
from verifiers.code.wire import MAX_LINE_BYTES
from verifiers.sandbox.launcher import ForkServer
from verifiers.types import MAX_GOT_CHARS, FailedCase, Status, Verdict

_SOLUTION = "from verifiers.code.solution_side import main\nmain()\n"
_TESTS = "from verifiers.code.test_side import main\nmain()\n"
_LONGEST_REASON = 1000
_WHOLE = re.compile(r"-?[0-9]{1,18}")
_COUNTED = re.compile(r"case ([0-9]{1,9}) of ")
_MALFORMED = Problem(Status.WRONG, "a reply of the program is malformed")


class BadTests(Exception):
    """The tests fail without the program: no program can pass them."""


class _Failed(Exception):
    """The program has failed."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.detail)
        self.problem = problem


class _Program:
    """The program's side. It is loaded with the first call."""

    def __init__(
        self, server: ForkServer, source: str, task: AssertsReference | CallsReference, budget: Budget
    ) -> None:
        self.peer = Peer(server, _SOLUTION, task.limits.limits())
        self._budget = budget
        # Only the tests hold arguments that a call may change.
        changes = isinstance(task, AssertsReference)
        self._setup: dict[str, Any] | None = {
            "program": source,
            "prefix": _prefix(task),
            "names": entry_names(task.entry_point),
            "changes": changes,
        }

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._budget.add(self.peer.close())

    def ask(self, line: bytes, longest: int = MAX_LINE_BYTES) -> bytes:
        """One line to the program, its answer back. Raises _Failed, also for an answer of more than `longest` bytes."""
        if self._setup is not None:
            self.peer.send(_line("S", self._setup))
            self._setup = None
        self.peer.send(line)
        reply = self.peer.receive(longest)
        if reply is None:
            raise _Failed(self.peer.problem() or Problem(Status.WRONG, "the program ended before it answered"))
        if reply[:1] == b"F":
            raise _Failed(Problem(Status.WRONG, f"the program does not load{_why(reply)}"))
        return reply


def run_tests(server: ForkServer, task: AssertsReference, source: str) -> Verdict:
    """The verdict of a data set's own tests. Raises BadTests, SandboxFailed."""
    setup = {
        "tests": task.tests,
        "prefix": _prefix(task),
        "entry_points": entry_names(task.entry_point),
        "partial": task.partial,
    }
    with _Program(server, source, task, Budget(task.limits.limits(), 1)) as program:
        tests = Peer(server, _TESTS, task.limits.limits())
        try:
            tests.send(_line("S", setup))
            return _tests_verdict(_relay(tests, program), task.partial)
        except _Failed as failed:
            return Verdict.of(failed.problem.status, detail=failed.problem.detail)
        finally:
            # Both at once: each takes a while to go.
            program.peer.kill()
            tests.close()


def _prefix(task: AssertsReference | CallsReference) -> str:
    prefix = task.prompt_prefix
    return f"{prefix}\n" if prefix and not prefix.endswith("\n") else prefix


def _relay(tests: Peer, program: _Program) -> dict[str, Any]:
    """Pass lines on until the tests give their verdict. Raises _Failed, or BadTests before the first call."""
    called = False
    while (line := tests.receive()) is not None and line[:1] in (b"C", b"K"):
        tests.send(program.ask(line))
        called = True
    if line is not None:
        verdict: dict[str, Any] = json.loads(line[1:])
        return verdict
    problem = tests.problem()
    if not called:
        raise BadTests(problem.detail if problem else "they end before they call the solution")
    if problem is None:
        raise _Failed(Problem(Status.WRONG, "the tests ended early"))
    # By its answers the program had them do too much.
    raise _Failed(Problem(problem.status, f"the tests: {problem.detail}"))


def _tests_verdict(said: dict[str, Any], partial: bool) -> Verdict:
    if said["status"] == "broken":
        raise BadTests(said["reason"] + (at_hand() if said["reason"].endswith(NO_MODULE) else ""))
    passed, total = said["cases"]
    if said["status"] == "passed":
        return Verdict.of(Status.CORRECT, detail=f"all tests pass, {total} cases" if total else "all tests pass")
    told = "; ".join(said["failed"] or [said["reason"]])
    # What came out stays unsaid: tests that compare an object of the program hand it what they expect.
    counted = _COUNTED.match(told)
    first = FailedCase(number=int(counted[1])) if counted else None
    if partial and 0 < passed < total:
        detail = f"{passed} of {total} cases; failed: {told}"
        return Verdict.of(Status.PARTIAL, reward=passed / total, detail=detail, failed_case=first)
    return Verdict.of(Status.WRONG, detail=f"failed: {told}", failed_case=first)


def ask_all(server: ForkServer, task: CallsReference, source: str) -> Verdict:
    """The verdict of function-call cases. A program that dies is started again for the cases after, where they count.

    Raises SandboxFailed.
    """
    tally = Tally(len(task.cases), task.partial)
    budget = Budget(task.limits.limits(), len(task.cases))
    cases = iter(task.cases)
    died = True
    while died and not tally.over:
        if spent := budget.spent():
            tally.add(Problem(Status.TIMEOUT, spent))
            break
        with _Program(server, source, task, budget) as program:
            died = _ask_in_turn(program, task, cases, tally)
    return tally.verdict()


def _ask_in_turn(program: _Program, task: CallsReference, cases: Iterator[CallCase], tally: Tally) -> bool:
    """Cases to one program, until none is left or needed. Whether it died of the last one."""
    target = ["name", entry_names(task.entry_point)[0]]
    for case in cases:
        args, kwargs = case.args, case.kwargs
        if task.number_keys:
            args, kwargs = [*map(_numbered, args)], {name: _numbered(value) for name, value in kwargs.items()}
        request = {"target": target, "args": encode(args), "kwargs": encode(kwargs)}
        try:
            tally.add(_compare(program.ask(_line("C", request), longest_equal(case.expected)), case.expected))
        except _Failed as failed:
            tally.add(failed.problem)
            return True
        if tally.over:
            break
    return False


def _numbered(value: Any) -> Any:
    """With numbers for keys that spell them."""
    if isinstance(value, list):
        return [_numbered(item) for item in value]
    if isinstance(value, dict):
        return {int(key) if _WHOLE.fullmatch(key) else key: _numbered(item) for key, item in value.items()}
    return value


def _compare(reply: bytes, expected: Any) -> Problem | None:
    try:
        body = json.loads(reply[1:])
        if reply[:1] == b"R":
            if value_equal(expected, body["value"]):
                return None
            return Problem(Status.WRONG, "wrong value", spelled(body["value"], MAX_GOT_CHARS))
        if reply[:1] == b"X":
            kind = _name(body["kinds"][0])
            why = at_hand() if kind == NO_MODULE else ""
            return Problem(Status.REJECTED if kind == "MemoryError" else Status.WRONG, f"raised {kind}{why}")
    # Untrusted: whatever is wrong with the reply is the program's doing.
    except (ValueError, TypeError, LookupError, RecursionError):
        return _MALFORMED
    return _MALFORMED


def _line(letter: str, body: Any) -> bytes:
    return f"{letter}{json.dumps(body)}".encode()


def _why(reply: bytes) -> str:
    """What the program's side says of a program that does not load: its exception and line, and no word of its own."""
    if len(reply) > _LONGEST_REASON:
        return ""
    try:
        kind, line = json.loads(reply[1:])
        where = f" at line {line}" if type(line) is int and 0 < line < 1_000_000 else ""
        return f": {_name(kind)}{where}{at_hand() if kind == NO_MODULE else ''}"
    except (ValueError, TypeError, RecursionError):
        return ""


def _name(kind: Any) -> str:
    """The name of an exception. Raises ValueError for what is none: it would be shown to people."""
    if type(kind) is not str or not (kind.isidentifier() and kind.isascii()):
        raise ValueError("no name")
    return kind[:80]
