"""What the judge pool passes about: a job (one answer to judge) and a call (jobs handed over together)."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import cast

from verifiers.types import FinishReason, Frozen, Json, Verdict


class Job(Frozen):
    """One answer to judge."""

    verifier: str
    text: str
    reference: Json
    finish_reason: FinishReason = "stop"


# Judged right by a healthy worker; it goes through math-verify so that its imports count.
CONTROL = Job(verifier="math", text=r"\boxed{x(x+1)}", reference={"answer": "x^2+x"})


@dataclass(slots=True, eq=False)
class Call:
    """Jobs handed over together: what `JudgePool.submit` gives back for `wait` and `give_up`.

    Attributes:
        future: done once every job has its verdict; it cannot be cancelled (`JudgePool.give_up` can).
        expires: `time.monotonic()` after which nobody waits for the verdicts, or None.
        on_verdict: called with each job's index and verdict as soon as it is there, under the pool's lock: it must
            not block or raise.
        owner: calls of different owners take turns.
        since: `time.monotonic()` when they were handed over.
    """

    verdicts: list[Verdict | None]
    missing: int
    expires: float | None = None
    given_up: bool = False
    on_verdict: Callable[[int, Verdict], None] | None = None
    owner: str = ""
    since: float = field(default_factory=time.monotonic)
    future: Future[list[Verdict]] = field(default_factory=Future)

    def __post_init__(self) -> None:
        self.future.set_running_or_notify_cancel()
        if not self.missing:
            self.future.set_result([])

    def set(self, index: int, verdict: Verdict) -> None:
        """The verdict of one job; the first one counts. Not thread-safe."""
        if self.verdicts[index] is None:
            self.verdicts[index] = verdict
            self.missing -= 1
            if self.on_verdict is not None:
                self.on_verdict(index, verdict)
            if not self.missing:
                self.future.set_result(cast(list[Verdict], self.verdicts))

    def seconds_left(self) -> float:
        """Until it expires; infinite without a deadline."""
        return float("inf") if self.expires is None else self.expires - time.monotonic()


@dataclass(slots=True, eq=False)
class Task:
    """One job of a call."""

    job: Job
    call: Call
    index: int
