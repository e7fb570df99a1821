"""From the ends of programs and the results of cases to a verdict."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, replace

from verifiers.code.budget import Budget
from verifiers.code.reference import StdinReference
from verifiers.sandbox.readable import PROGRAM_PACKAGES, packages
from verifiers.sandbox.types import Limits, Outcome
from verifiers.types import MAX_GOT_CHARS, FailedCase, Status, Verdict

# With partial credit every case runs, but a program that runs into limits does not do so for every case.
_MAX_LIMITS_HIT = 3
# So many failed cases are told one by one.
_MAX_TOLD = 10
# Right output may have twice the white space, and a program may say a little more.
_OUTPUT_BYTES_OVER = 64 << 10
NO_MODULE = "ModuleNotFoundError"


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one case or program; `got` is what came out, as far as people are shown it."""

    status: Status
    detail: str
    got: str | None = None


# The number of a case, from 0, and what was printed: what is wrong with that.
OutputJudge = Callable[[int, bytes], Problem | None]


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
    # The program's own words: they choose what is said to people, and nothing else.
    *_, last = outcome.stderr.rstrip().splitlines() or [b""]
    why = f": {NO_MODULE}{at_hand()}" if last.startswith(NO_MODULE.encode()) else ""
    return Problem(Status.WRONG, f"ended with exit code {outcome.returncode}, as after an uncaught exception{why}")


@functools.cache
def at_hand() -> str:
    """What is said behind an import that fails."""
    return f" (at hand: {', '.join(['the standard library', *sorted(packages(PROGRAM_PACKAGES))])})"


class Tally:
    """Counts the cases of one problem that pass, and remembers the first that does not."""

    def __init__(self, total: int, partial: bool) -> None:
        self.passed = 0
        self._total = total
        self._partial = partial
        self._done = 0
        self._limits_hit = 0
        self._failed: list[Problem] = []
        self._first: FailedCase | None = None

    @property
    def over(self) -> bool:
        """Whether no further case needs to run."""
        failed = bool(self._failed) and not self._partial
        return failed or self._done == self._total or self._limits_hit >= _MAX_LIMITS_HIT

    def add(self, problem: Problem | None) -> None:
        """The result of the next case; None for a pass."""
        self._done += 1
        if problem is None:
            self.passed += 1
            return
        self._limits_hit += problem.status is not Status.WRONG
        self._first = self._first or FailedCase.of(self._done, problem.got)
        self._failed.append(Problem(problem.status, f"case {self._done} of {self._total}: {problem.detail}"))

    def verdict(self) -> Verdict:
        """Of the whole problem. Cases that were not run have not passed."""
        if self.passed == self._total:
            return Verdict.of(Status.CORRECT, detail=f"{self._total} of {self._total} cases")
        first = self._failed[0]
        if self._partial and self.passed:
            detail = f"{self.passed} of {self._total} cases; {self._told()}"
            share = self.passed / self._total
            return Verdict.of(Status.PARTIAL, reward=share, detail=detail, failed_case=self._first)
        return Verdict.of(first.status, detail=self._told(), failed_case=self._first)

    def _told(self) -> str:
        """What came of each case that did not pass."""
        told = [problem.detail for problem in self._failed[:_MAX_TOLD]]
        if more := len(self._failed) - len(told):
            told.append(f"{more} more failed")
        if self._partial and self._done < self._total:
            told.append(f"{self._total - self._done} were not run")
        return "; ".join(told)


def run_cases(task: StdinReference, run: Callable[[bytes, Limits], Outcome], judge: OutputJudge) -> Verdict:
    """The verdict of stdin cases; `run` runs the program once. Output counts when nothing else ended the program.

    No limit of output is below what the right output needs.
    """
    tally = Tally(len(task.cases), task.partial)
    limits = task.limits.limits()
    budget = Budget(limits, len(task.cases))
    for index, case in enumerate(task.cases):
        if spent := budget.spent():
            tally.add(Problem(Status.TIMEOUT, spent))
            break
        room = 2 * len(case.stdout.encode("utf-8", "surrogatepass")) + _OUTPUT_BYTES_OVER
        case_limits = replace(limits, output_bytes=max(limits.output_bytes, room))
        outcome = run(case.stdin.encode("utf-8", "surrogatepass"), case_limits)
        budget.add(outcome)
        problem = ending(outcome, case_limits) or exit_code(outcome) or judge(index, outcome.stdout)
        tally.add(problem and replace(problem, got=_printed(outcome.stdout)))
        if tally.over:
            break
    return tally.verdict()


def _printed(output: bytes) -> str:
    """The beginning of an output, one character more than is shown where there is more."""
    # No character has more than four bytes.
    return output[: 4 * (MAX_GOT_CHARS + 1)].decode("utf-8", "replace")[: MAX_GOT_CHARS + 1]
