"""Outputs of which many are right: a data set's own checker program decides, in the sandbox, with the program gone.

The checker is handed the input, the expected output and the output as three files, and says:

* in Python (called with input, expected output, output): a number on stdout, and nothing else. What it prints for the
  expected output is the full score, and an output passes that has as much;
* in C++ (called with input, output, expected output, as testlib has it): exit code 0. If it prints a number for the
  expected output, that is the full score as well.

Before any answer is judged the checker must pass the expected output of every case. One that raises there, runs into a
limit or refuses is a bad reference, whatever the answer is. One that ends well there and says nothing is no checker:
outputs are compared as without one. So whatever else a checker does on the output of an answer (raise, loop, print two
numbers) is the doing of that output: it does not pass, and it is not masked.

An output that is the expected one, byte for byte but for white space at its end, passes unasked. Where the expected
one is nothing but numbers, one with NaN or infinity does not pass, unasked too, and where it has decimals none with
hundreds of digits, which a float takes for infinity: a checker that refuses what is too far away (`abs(a - b) > 1e-6`)
would let it, since NaN is not far from anything.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from verifiers.code import cpp
from verifiers.code.compare import stdout_equal
from verifiers.code.reference import Checker, StdinCase, StdinReference
from verifiers.code.tally import OutputJudge, Problem, ending
from verifiers.sandbox import reach
from verifiers.sandbox.launcher import shared_for
from verifiers.sandbox.slow_lane import run_command
from verifiers.sandbox.types import Limits, Order, Outcome
from verifiers.types import Status

LIMITS = Limits(cpu_seconds=5, wall_seconds=15, memory_bytes=1 << 30, output_bytes=64 << 10)
# Of CPU time, for the expected outputs of all cases; the outputs of an answer may take twice that.
_PROOF_SECONDS = 15.0
_KEPT = 32
_PROGRAM = "from verifiers.code.checker_side import main\nmain()\n"
_SIDE = "verifiers.code.checker_side"
_NUMBER = re.compile(rb"[-+]?(?:\d{1,18}(?:\.\d{0,18})?|\.\d{1,18})(?:[eE][-+]?\d{1,2})?")
_NOT_FINITE = re.compile(rb"nan|inf|[0-9._]e\+?[0-9_]{3}", re.IGNORECASE)
_NO_FLOAT = re.compile(_NOT_FINITE.pattern + rb"|(?<![0-9_])[0-9_]{309}", re.IGNORECASE)
_TRUTHS = {b"True": 1.0, b"False": 0.0}

Run = Callable[[StdinCase, bytes], Outcome]


class BadChecker(Exception):
    """The checker does not pass what the data set expects: no output can be judged by it."""


@dataclass(frozen=True, slots=True)
class _Proven:
    """A checker that passes every expected output.

    Attributes:
        run: how it is run.
        full: the full score of each case, None where it has none.
        impossible: what no right output of each case holds; None where that is not known.
    """

    run: Run
    full: tuple[float | None, ...]
    impossible: tuple[re.Pattern[bytes] | None, ...]


_proven: OrderedDict[str, _Proven] = OrderedDict()


def output_judge(task: StdinReference, preload: tuple[str, ...]) -> OutputJudge:
    """What judges the output of one case. Raises BadChecker, cpp.NoCompiler, SandboxFailed, SandboxUnavailable.

    Args:
        preload: of the fork server that runs Python.
    """
    checker = task.checker
    if checker is None:
        return lambda index, output: _compared(task, index, output)
    proven = _remembered(task, checker, preload)
    spent = 0.0

    def judge(index: int, output: bytes) -> Problem | None:
        nonlocal spent
        case, full = task.cases[index], proven.full[index]
        if full is None and checker.language == "python":
            return _compared(task, index, output)
        if stdout_equal(case.stdout, output, "exact"):
            return None
        if (impossible := proven.impossible[index]) and impossible.search(output):
            return Problem(Status.WRONG, "the output holds what is no finite number")
        if spent > 2 * _PROOF_SECONDS:
            return Problem(Status.TIMEOUT, f"not checked: the checker's {2 * _PROOF_SECONDS:g} s are used up")
        outcome = proven.run(case, output)
        spent += outcome.cpu_seconds
        return _refusal(outcome, full)

    return judge


def _compared(task: StdinReference, index: int, output: bytes) -> Problem | None:
    equal = stdout_equal(task.cases[index].stdout, output, task.compare)
    return None if equal else Problem(Status.WRONG, "wrong output")


def _remembered(task: StdinReference, checker: Checker, preload: tuple[str, ...]) -> _Proven:
    """A soundness that was found out once in this process counts; a failure is looked at again."""
    told = [checker.language, checker.source, *([case.stdin, case.stdout] for case in task.cases)]
    key = hashlib.sha256(json.dumps(told).encode()).hexdigest()
    if key not in _proven:
        _proven[key] = _prove(task, _runner(checker, preload))
        while len(_proven) > _KEPT:
            _proven.popitem(last=False)
    _proven.move_to_end(key)
    return _proven[key]


def _prove(task: StdinReference, run: Run) -> _Proven:
    """Ask the checker about every expected output. Raises BadChecker."""
    full: list[float | None] = []
    spent = 0.0
    for number, case in enumerate(task.cases, 1):
        outcome = run(case, case.stdout.encode("utf-8", "surrogatepass"))
        spent += outcome.cpu_seconds
        if problem := _refusal(outcome, None):
            raise BadChecker(f"on the expected output of case {number}: {problem.detail}")
        score = _score(outcome.stdout)
        if outcome.stdout.strip() and score is None and task.checker and task.checker.language == "python":
            raise BadChecker(f"on the expected output of case {number} it prints something else than one number")
        if score is not None and score <= 0:
            raise BadChecker(f"it refuses the expected output of case {number}")
        if spent > _PROOF_SECONDS:
            raise BadChecker(f"it takes more than {_PROOF_SECONDS:g} s of CPU time on all expected outputs")
        full.append(score)
    return _Proven(run, tuple(full), tuple(_impossible(case.stdout) for case in task.cases))


def _refusal(outcome: Outcome, full: float | None) -> Problem | None:
    """Why an output does not pass, by how its checker ended; None where it does."""
    if problem := ending(outcome, LIMITS):
        return Problem(problem.status, f"the checker: {problem.detail}")
    if outcome.returncode:
        return Problem(Status.WRONG, f"the checker ends with exit code {outcome.returncode}")
    if full is None:
        return None
    score = _score(outcome.stdout)
    if score is None:
        return Problem(Status.WRONG, "the checker gives no score")
    return None if score >= full else Problem(Status.WRONG, "the checker refuses the output")


def _impossible(expected: str) -> re.Pattern[bytes] | None:
    words = expected.encode("utf-8", "surrogatepass").split()
    if not words or not all(map(_NUMBER.fullmatch, words)):
        return None
    return _NO_FLOAT if "." in expected else _NOT_FINITE


def _score(said: bytes) -> float | None:
    """The number that is all of what the checker printed."""
    said = said.strip()
    return float(said) if _NUMBER.fullmatch(said) else _TRUTHS.get(said)


def _runner(checker: Checker, preload: tuple[str, ...]) -> Run:
    """How to run the checker on a case and an output. Raises BadChecker, cpp.NoCompiler."""
    if checker.language == "cpp":
        return _cpp_runner(checker.source)
    server = shared_for(checker.source, (*preload, _SIDE))

    def run(case: StdinCase, output: bytes) -> Outcome:
        files = [case.stdin, case.stdout, output.decode("utf-8", "surrogateescape")]
        told = json.dumps({"source": checker.source, "files": files})
        return server.run(_PROGRAM, stdin=told.encode(), limits=LIMITS)

    return run


def _cpp_runner(source: str) -> Run:
    made = cpp.built(source)
    if made is None:
        lacks = "; testlib.h is not at hand" if "testlib.h" in source else ""
        raise BadChecker(f"it does not compile{lacks}")

    def run(case: StdinCase, output: bytes) -> Outcome:
        expected = case.stdout.encode("utf-8", "surrogatepass")
        files = {"input.txt": case.stdin.encode("utf-8", "surrogatepass"), "output.txt": output, "answer.txt": expected}
        command = ["./program", *files]
        return run_command(Order(command, made | files, b"", LIMITS, reach.runtime()))[0]

    return run
