"""From the ends of programs and the results of cases to a verdict."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from verifiers.code.budget import Budget
from verifiers.code.compare import stdout_equal
from verifiers.code.reference import StdinReference
from verifiers.sandbox.types import Limits, Outcome
from verifiers.types import Status, Verdict

# With partial credit every case runs, but a program that runs into limits does not do so for every case.
_MAX_LIMITS_HIT = 3


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one case or program."""

    status: Status
    detail: str


def ending(outcome: Outcome, limits: Limits) -> Problem | None:
    """Which limit ended a program, or which signal; None when it ended by itself."""
    if outcome.status == "exited":
        if outcome.returncode and outcome.stderr.rstrip().endswith(b"MemoryError"):
            return Problem(Status.REJECTED, f"over the memory limit of {limits.memory_bytes >> 20} MiB")
        return None
    if outcome.status == "signaled":
        return Problem(Status.WRONG, f"crashed with signal {-(outcome.returncode or 0)}")
    return {
        "cpu": Problem(Status.TIMEOUT, f"over the limit of {limits.cpu_seconds:g} s of CPU time"),
        "wall": Problem(Status.TIMEOUT, f"over the limit of {limits.wall_seconds:g} s"),
        "memory": Problem(Status.REJECTED, f"over the memory limit of {limits.memory_bytes >> 20} MiB"),
        "output": Problem(Status.REJECTED, f"more output than {limits.output_bytes} bytes"),
    }[outcome.status]


def exit_code(outcome: Outcome) -> Problem | None:
    """Whether a script says by its exit code that it has failed; after an uncaught exception the code is 1.

    As on every online judge this spoils right output. The other way round it says nothing: 0 is the program's choice.
    """
    if not outcome.returncode:
        return None
    return Problem(Status.WRONG, f"ended with exit code {outcome.returncode}, as after an uncaught exception")


class Tally:
    """Counts the cases of one problem that pass, and remembers the first that does not."""

    def __init__(self, total: int, partial: bool) -> None:
        self.passed = 0
        self._total = total
        self._partial = partial
        self._done = 0
        self._limits_hit = 0
        self._first: Problem | None = None

    @property
    def over(self) -> bool:
        """Whether no further case needs to run."""
        failed = self._first is not None and not self._partial
        return failed or self._done == self._total or self._limits_hit >= _MAX_LIMITS_HIT

    def add(self, problem: Problem | None) -> None:
        """The result of the next case; None for a pass."""
        self._done += 1
        if problem is None:
            self.passed += 1
            return
        self._limits_hit += problem.status is not Status.WRONG
        where = f"case {self._done} of {self._total}: {problem.detail}"
        self._first = self._first or Problem(problem.status, where)

    def verdict(self) -> Verdict:
        """Of the whole problem. Cases that were not run have not passed."""
        if self.passed == self._total:
            return Verdict.of(Status.CORRECT, detail=f"{self._total} of {self._total} cases")
        assert self._first is not None
        if self._partial and self.passed:
            detail = f"{self.passed} of {self._total} cases; {self._first.detail}"
            return Verdict.of(Status.PARTIAL, reward=self.passed / self._total, detail=detail)
        return Verdict.of(self._first.status, detail=self._first.detail)


def run_cases(task: StdinReference, run: Callable[[bytes, Limits], Outcome]) -> Verdict:
    """The verdict of stdin cases; `run` runs the program once. Output counts when nothing else ended the program."""
    tally = Tally(len(task.cases), task.partial)
    limits = task.limits.limits()
    budget = Budget(limits, len(task.cases))
    for case in task.cases:
        if spent := budget.spent():
            tally.add(Problem(Status.TIMEOUT, spent))
            break
        outcome = run(case.stdin.encode("utf-8", "surrogatepass"), limits)
        budget.add(outcome)
        problem = ending(outcome, limits) or exit_code(outcome)
        if problem is None and not stdout_equal(case.stdout, outcome.stdout, task.compare):
            problem = Problem(Status.WRONG, "wrong output")
        tally.add(problem)
        if tally.over:
            break
    return tally.verdict()
