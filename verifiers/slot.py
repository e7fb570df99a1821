"""One place in the pool: at most one worker process for each lane, and the rule of who is to blame."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from verifiers import registry
from verifiers.controls import control_job, is_sound
from verifiers.jobs import Job
from verifiers.process import Dead, Killed, Late, Spent, Worker, WorkerLimits
from verifiers.registry import Lane
from verifiers.types import Status, Verdict
from verifiers.worker import signed

_START_ATTEMPTS = 2
# A start that a stranger kills says nothing about the next one.
_KILLED_STARTS = 5
_CONTROL_ATTEMPTS = 2
_KILLED_CONTROLS = 5
# An answer that broke one worker is tried once more. One whose workers die by SIGKILL is tried twice more: that is
# rarely the answer's doing, but it must end.
_MORE_TRIES = 2


class NoWorker(Exception):
    """No worker can be had; the message says why."""


@dataclass(slots=True)
class _Held:
    worker: Worker
    judged: int = 0


class Slot:
    """Holds the workers of one pool thread. Only that thread uses it, but for `kill` and `close`.

    Args:
        recycle_after: answers after which a worker is replaced, so that nothing an answer may have left behind lasts.

    Attributes:
        starts: worker processes that were started.
    """

    def __init__(self, limits: WorkerLimits, *, deadline_seconds: float, recycle_after: int) -> None:
        self._limits = limits
        self._deadline_seconds = deadline_seconds
        self._recycle_after = recycle_after
        self._held: dict[Lane, _Held] = {}
        self._lock = threading.Lock()
        self._closed = False
        self.starts = 0

    def worker(self, lane: Lane) -> Worker:
        """A warm worker of the lane, started when there is none. Raises NoWorker."""
        held = self._held.get(lane)
        if held is not None and held.judged < self._recycle_after:
            return held.worker
        return self.renew(lane)

    def renew(self, lane: Lane) -> Worker:
        """A fresh warm worker. Raises NoWorker."""
        problem = ""
        killed = failed = 0
        while killed < _KILLED_STARTS and failed < _START_ATTEMPTS:
            self.drop(lane)
            try:
                with self._lock:
                    if self._closed:
                        raise NoWorker("the pool is closed")
                    worker = Worker(lane, self._limits)
                    self._held[lane] = _Held(worker)
                    self.starts += 1
                worker.wait_ready()
            except (Late, Dead, OSError) as error:
                killed += isinstance(error, Killed)
                failed += not isinstance(error, Killed)
                # What the system says of a start names files.
                told = type(error).__name__ if isinstance(error, OSError) else str(error)
                problem = told or f"not ready within {self._limits.startup_seconds:g} s"
            else:
                return worker
        self.drop(lane)
        raise NoWorker(problem)

    def seconds(self, job: Job) -> float:
        """The backstop of one answer."""
        return registry.wall_seconds(job.verifier, self._deadline_seconds)

    def count(self, lane: Lane) -> None:
        """The lane's worker has judged one more answer."""
        self._held[lane].judged += 1

    def second_try(self, job: Job, first: Late | Dead | Spent) -> Verdict:
        """The verdict of an answer that broke a worker: a control job on a fresh worker, then the answer once more.

        Where the first try ended at a CPU limit, which is the same on every machine, there is no other try.
        """
        seconds = self.seconds(job)
        last: Late | Dead | Spent = first
        tries = 1
        for _ in range(_MORE_TRIES):
            try:
                worker = self._proven_worker(job)
            except NoWorker as error:
                return self.failed(job, "worker", str(error))
            except Spent:
                # The same on every machine, whatever the answer is.
                reason = f"the reference takes more than {self._limits.cpu_seconds:g} s of CPU time to check"
                return self.failed(job, "bad_reference", reason)
            except (Late, Dead) as error:
                return self.failed(
                    job, "control", f"the control job failed as well: {str(error) or 'over the deadline'}"
                )
            if isinstance(last, Spent):
                break
            tries += 1
            try:
                return worker.judge(job, seconds)
            except (Late, Dead, Spent) as error:
                last = error
                self.drop(registry.lane(job.verifier))
            if not isinstance(last, Killed):
                break
        if self._closed:
            return self.failed(job, "shutdown", "")
        if isinstance(last, Spent):
            verdict = Verdict.of(Status.TIMEOUT, detail=f"used up its {self._limits.cpu_seconds:g} s of CPU time")
        elif isinstance(last, Late):
            detail = f"not judged within {seconds:g} s, twice, on two workers"
            verdict = Verdict.of(Status.TIMEOUT, detail=detail, seconds=seconds)
        else:
            detail = f"broke its judge {tries} times, on as many workers: {last}"
            verdict = Verdict.of(Status.REJECTED, detail=detail)
        return signed(verdict, job.verifier)

    def _proven_worker(self, job: Job) -> Worker:
        """A fresh worker that has passed the control job. Raises NoWorker, or what the control job ended with."""
        lane = registry.lane(job.verifier)
        killed = failed = 0
        while True:
            worker = self.renew(lane)
            try:
                verdict = worker.judge(control_job(job.verifier, job.reference), self.seconds(job))
            except Dead as error:
                # The answer was not there yet: what killed it is something else, and may not do so again.
                self.drop(lane)
                killed += isinstance(error, Killed)
                failed += not isinstance(error, Killed)
                if killed >= _KILLED_CONTROLS or failed >= _CONTROL_ATTEMPTS:
                    raise
            except (Late, Spent):
                self.drop(lane)
                raise
            else:
                if is_sound(verdict):
                    return worker
                self.drop(lane)
                raise Dead(f"it was judged '{verdict.status}'")

    def failed(self, job: Job, kind: str, reason: str) -> Verdict:
        """A masked verdict; after `close` its kind is always "shutdown"."""
        if self._closed:
            kind, reason = "shutdown", "the judge pool was closed: send the answer again to another one"
        return signed(Verdict.failed(kind, reason), job.verifier)

    def drop(self, lane: Lane) -> None:
        """End the lane's worker, if there is one."""
        with self._lock:
            held = self._held.pop(lane, None)
        if held is not None:
            held.worker.close()

    def drop_all(self) -> None:
        """End all workers."""
        for lane in list(self._held):
            self.drop(lane)

    def kill(self) -> None:
        """From any thread: end whatever runs; the slot's own thread sees its worker die."""
        with self._lock:
            workers = [held.worker for held in self._held.values()]
        for worker in workers:
            worker.kill()

    def close(self) -> None:
        """From any thread: as `kill`, and no worker is started again."""
        with self._lock:
            self._closed = True
        self.kill()
