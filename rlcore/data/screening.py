"""Which references a judge can judge against, found out before a run: a bad one would mask, or reward, every answer.

For each problem of a built-in judge

1. its control job (`verifiers.controls`) must have a sound verdict;
2. where a reference can be too weak (code), no answer that solves nothing may pass (`verifiers.code.trivial`).

All of it happens in the workers of a `JudgePool`, with their limits and confinement: a heavy or hostile reference costs
a bounded time (math: 1.5 s of CPU time, twice) and is dropped with its reason. Only outputs that are known without
running anything are compared here. Equal references are looked at once, and what was found out is kept on disk
(`rlcore.data.screening_cache`).

Not screened: families whose references are proven by tests (`rlcore.data.family`; of `programs` a pipeline in a
hundred changes nothing, so that returning the argument is right); a user's judge (`path/to/file.py:function`), since
calling it may cost money; and, with a warning, what this machine cannot judge (no Lean, no compiler, no sandbox), for
another machine may. Lean in full mode is screened, but not remembered: its modules
may be built anew.
"""

from __future__ import annotations

import logging
import os
import re
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from rlcore.data.screening_cache import ScreeningCache, default_path, key
from verifiers import controls, registry
from verifiers.code.trivial import is_weak
from verifiers.jobs import Job
from verifiers.lean import discovery
from verifiers.pool import JudgePool
from verifiers.sandbox.types import SandboxUnavailable
from verifiers.types import Problem, Status, Verdict

log = logging.getLogger(__name__)

# The clock is the backstop behind the limits of CPU time, which end alike on every machine.
_DEADLINE_SECONDS = 60.0
_MAX_WORKERS = 8
# Trivial answers that run into limits before a reference is left alone.
_MAX_LIMITS_HIT = 2
_TOLD_FROM = 200
_BY_THE_CLOCK = re.compile(r"over the limit of [\d.]+ s(?! of CPU time)|\bwall time")
# Nor is it the reference's fault that a slower machine's CPU time was over; another may read the same cache.
_BY_TIME = re.compile(rf"{_BY_THE_CLOCK.pattern}|the tests fail .*\bCPU time")


class Finding(NamedTuple):
    """About one reference.

    Attributes:
        reason: why it is dropped; "" where it is sound.
        is_lasting: it will be the same the next time.
    """

    reason: str
    is_lasting: bool


class Screening:
    """Looks at references. As a context manager: its judge processes, started when they are needed, end with it.

    Args:
        cache: file of what is known; None: the user's own.
        say: told before something that may take a while.
        enabled: False: nothing is looked at.
    """

    def __init__(
        self, *, cache: Path | None = None, say: Callable[[str], None] = log.info, enabled: bool = True
    ) -> None:
        self.judged = 0
        self._cache = ScreeningCache(cache or default_path())
        self._say = say
        self._enabled = enabled
        self._pool: JudgePool | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._pool is not None:
            self._pool.close()
            self._pool = None

    def faults(self, problems: Sequence[Problem]) -> list[str]:
        """For each problem why it is dropped, or ""."""
        keys = [
            key(problem.verifier, problem.reference)
            if self._enabled and problem.verifier in registry.VERIFIERS
            else b""
            for problem in problems
        ]
        references = {digest: problem for digest, problem in zip(keys, problems, strict=True) if digest}
        reasons = self._cache.read(references)
        new = {digest: problem for digest, problem in references.items() if digest not in reasons}
        if new:
            found = dict(zip(new, self._look_at(list(new.values())), strict=True))
            reasons |= {digest: finding.reason for digest, finding in found.items()}
            kept = {digest for digest, finding in found.items() if finding.is_lasting and _is_remembered(new[digest])}
            self._cache.write({digest: reasons[digest] for digest in kept})
        return [reasons.get(digest, "") for digest in keys]

    def _look_at(self, problems: list[Problem]) -> list[Finding]:
        started = time.monotonic()
        if len(problems) >= _TOLD_FROM:
            self._say(f"data: checking {len(problems)} references with their judges (known the next time)")
        try:
            pool = self._started(len(problems))
        except (SandboxUnavailable, RuntimeError) as error:
            log.warning("references are not checked, for nothing can be judged on this machine: %s", error)
            return [Finding("", is_lasting=False)] * len(problems)
        # Lean's headers cost a start each: one after the other.
        order = sorted(range(len(problems)), key=lambda at: str(problems[at].reference.get("header", "")))
        jobs = [controls.control_job(problems[at].verifier, problems[at].reference) for at in order]
        verdicts = dict(zip(order, self._judge(pool, jobs), strict=True))
        findings = [_of_control(verdicts[at]) for at in range(len(problems))]
        self._look_for_weak(pool, problems, findings)
        unjudged = Counter(
            verdict.failure_reason
            for verdict in verdicts.values()
            if verdict.status is Status.ERROR and controls.reference_fault(verdict) is None
        )
        for reason, count in unjudged.items():
            log.warning("%d references are not checked, this machine cannot judge them: %s", count, reason)
        if len(problems) >= _TOLD_FROM:
            self._say(f"data: {len(problems)} references checked in {time.monotonic() - started:.1f} s")
        return findings

    def _started(self, references: int) -> JudgePool:
        if self._pool is None:
            workers = min(os.cpu_count() or 1, _MAX_WORKERS, references)
            self._pool = JudgePool(workers, _DEADLINE_SECONDS)
        return self._pool

    def _judge(self, pool: JudgePool, jobs: list[Job]) -> list[Verdict]:
        self.judged += len(jobs)
        return pool.judge(jobs)

    def _look_for_weak(self, pool: JudgePool, problems: list[Problem], findings: list[Finding]) -> None:
        """Replace the findings of sound references that let a trivial answer pass."""
        left: dict[int, list[tuple[str, str]]] = {}
        for at, problem in enumerate(problems):
            if findings[at] != _SOUND:
                continue
            if what := registry.weakness(problem.verifier, problem.reference):
                findings[at] = _weak(what)
            elif answers := registry.trivial_answers(problem.verifier, problem.reference):
                left[at] = list(answers)
        limits_hit = Counter[int]()
        # One answer to each reference at a time: the first that passes ends it.
        while left:
            asked = {at: answers.pop(0) for at, answers in left.items()}
            jobs = [
                Job(verifier=problems[at].verifier, text=completion, reference=problems[at].reference)
                for at, (_, completion) in asked.items()
            ]
            for (at, (what, _)), verdict in zip(asked.items(), self._judge(pool, jobs), strict=True):
                if verdict.status is Status.ERROR or _BY_THE_CLOCK.search(verdict.detail):
                    # This one was not judged: it may be the one that passes.
                    findings[at] = Finding("", is_lasting=False)
                limits_hit[at] += verdict.status in (Status.TIMEOUT, Status.REJECTED, Status.ERROR)
                if is_weak(verdict.reward or 0.0):
                    findings[at] = _weak(what)
                    left[at].clear()
                elif limits_hit[at] >= _MAX_LIMITS_HIT:
                    # Whether the others would pass is not known, and costs too much to know.
                    left[at].clear()
            left = {at: answers for at, answers in left.items() if answers}


_SOUND = Finding("", is_lasting=True)


def _weak(what: str) -> Finding:
    return Finding(f"its tests are too weak: {what} passes", is_lasting=True)


def _of_control(verdict: Verdict) -> Finding:
    reason = controls.reference_fault(verdict)
    if reason is None:
        return _SOUND if controls.is_sound(verdict) else Finding("", is_lasting=False)
    # What the clock decided, or how a worker died, may be otherwise the next time.
    is_lasting = verdict.failure_kind == "bad_reference" or verdict.status is Status.REJECTED
    return Finding(reason, is_lasting and not _BY_TIME.search(reason))


def _is_remembered(problem: Problem) -> bool:
    in_full_mode = any(os.environ.get(name) for name in (discovery.PROJECT_SETTING, discovery.TOOLCHAIN_SETTING))
    return problem.verifier != "lean" or not in_full_mode
