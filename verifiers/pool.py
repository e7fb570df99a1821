"""Judge processes with a hard wall-clock deadline per answer, and the rule of who is to blame.

| what happened | verdict |
|---|---|
| judged | the judge's |
| over the deadline twice, a control job passed in between | `timeout`, reward 0 |
| killed the worker (or made a judge raise) twice, a control job passed in between | `rejected`, reward 0 |
| the control job failed too, no worker starts, the queue is full, the pool is closed, given up | `error`, masked |

So a judge that failed is never a zero, and an answer cannot buy a mask by breaking its judge. The control job is the
answer 0 to the same judge and reference: a judge or a reference that hangs by itself masks, it does not punish. (For a
user's function that raises, `verifiers.user` follows the same rule within one worker.)

Worker processes are fresh interpreters (no fork of a process with threads, no re-import of `__main__`) with a small
environment that holds none of the caller's secrets; on Linux they die with this process, even by SIGKILL.
"""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self, cast

from verifiers import user
from verifiers.process import Dead, Late, Worker
from verifiers.types import Status, Verdict
from verifiers.worker import CONTROL, Job, signed

__all__ = ["CONTROL", "Call", "Job", "JudgePool"]

_START_ATTEMPTS = 2


@dataclass(slots=True, eq=False)
class Call:
    """Jobs handed over together: what `JudgePool.submit` gives back for `wait` and `give_up`."""

    verdicts: list[Verdict | None]
    missing: int
    done: threading.Event = field(default_factory=threading.Event)
    given_up: bool = False


@dataclass(slots=True, eq=False)
class _Task:
    job: Job
    call: Call
    index: int


class JudgePool:
    """Worker processes that judge answers; thread-safe.

    Args:
        workers: processes; one answer at a time runs on each.
        deadline_seconds: wall-clock limit of one answer, from the moment a warm worker begins with it; a user's
            file is loaded by then.
        max_queued: jobs that wait at most; a call that does not fit is answered `error` ("overload") as a whole.
        memory_bytes: address space of one worker (RLIMIT_AS).
        startup_seconds: limit for a worker to get warm, and for the import of a user's file.
        chunk: jobs handed to a worker at once; each still has its own deadline.

    Raises:
        ValueError: no workers or no time asked for.
        RuntimeError: a worker does not start.
    """

    def __init__(
        self,
        workers: int = 2,
        deadline_seconds: float = 5.0,
        *,
        max_queued: int = 16_384,
        memory_bytes: int = 2 << 30,
        startup_seconds: float = 120.0,
        chunk: int = 64,
    ) -> None:
        if workers < 1 or deadline_seconds <= 0:
            raise ValueError(
                f"a pool needs workers >= 1 and deadline_seconds > 0, got {workers} and {deadline_seconds}"
            )
        self.workers = workers
        self.deadline_seconds = deadline_seconds
        self._max_queued = max_queued
        self._memory_bytes = memory_bytes
        self._startup_seconds = startup_seconds
        self._chunk = chunk
        self._queue: deque[_Task] = deque()
        self._changed = threading.Condition()
        self._closing = False
        self._current: list[Worker | None] = [None] * workers
        started: queue.SimpleQueue[str] = queue.SimpleQueue()
        # The kernel kills a worker when the thread that started it ends, so a slot's thread lives as long as the pool.
        self._threads = [
            threading.Thread(target=self._serve, args=(slot, started), name=f"judge-{slot}", daemon=True)
            for slot in range(workers)
        ]
        for thread in self._threads:
            thread.start()
        if problems := [problem for _ in self._threads if (problem := started.get())]:
            self.close()
            raise RuntimeError(
                f"a judge worker does not start: {problems[0]}. Its own error is on stderr; where memory or time ran "
                "out, raise memory_bytes or startup_seconds"
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def judge(self, jobs: Sequence[Job], *, urgent: bool = False) -> list[Verdict]:
        """One verdict per job, in order; waits for all of them. `urgent` jobs go before the queue."""
        return self.wait(self.submit(jobs, urgent=urgent))

    def submit(self, jobs: Sequence[Job], *, urgent: bool = False) -> Call:
        """Put the jobs into the queue, before it when `urgent`. Does not wait."""
        call = Call([None] * len(jobs), len(jobs))
        tasks = [_Task(job, call, index) for index, job in enumerate(jobs)]
        if not tasks:
            call.done.set()
        refused = ("", "")
        with self._changed:
            waiting = len(self._queue)
            # A call on an empty queue is always let in, or one larger than the queue could never be.
            if waiting and waiting + len(jobs) > self._max_queued and not urgent:
                refused = ("overload", f"{waiting} answers wait already: send fewer at once or add workers")
            elif self._closing:
                refused = ("shutdown", "")
            elif urgent:
                self._queue.extendleft(reversed(tasks))
            else:
                self._queue.extend(tasks)
            self._changed.notify_all()
        if refused[0]:
            self._fail(tasks, *refused)
        return call

    def wait(self, call: Call) -> list[Verdict]:
        """One verdict per job of the call, in order, once all are there."""
        call.done.wait()
        return cast(list[Verdict], call.verdicts)

    def give_up(self, call: Call) -> None:
        """Nobody waits for this call any more: what has not begun is answered `error` ("given_up") unjudged."""
        with self._changed:
            call.given_up = True
            dropped = [task for task in self._queue if task.call is call]
            self._queue = deque(task for task in self._queue if task.call is not call)
        self._fail(dropped, "given_up", "the caller gave up")

    def healthy(self) -> bool:
        """Whether a control job passes through the pool now."""
        return self.judge([CONTROL], urgent=True)[0].status is Status.CORRECT

    def close(self) -> None:
        """Kill the workers; what waits or runs is answered `error` ("shutdown"). May be called twice."""
        with self._changed:
            self._closing = True
            waiting = list(self._queue)
            self._queue.clear()
            self._changed.notify_all()
            running = [worker for worker in self._current if worker is not None]
        self._fail(waiting, "shutdown", "")
        for worker in running:
            worker.kill()
        for thread in self._threads:
            thread.join()

    def _serve(self, slot: int, started: queue.SimpleQueue[str]) -> None:
        """One slot. Consumes chunks of the queue, waits for its worker's replies, produces verdicts."""
        started.put(self._renew(slot))
        while tasks := self._take():
            try:
                self._run(slot, tasks)
            # A fault of ours: the answers of this chunk are masked with the reason, and the slot lives on.
            except Exception as error:
                self._fail(tasks, "pool", f"{type(error).__name__}: {error}")
            # Warm before the next chunk is taken: another slot may be free for it meanwhile.
            if self._current[slot] is None:
                self._renew(slot)
        self._drop(slot)

    def _take(self) -> list[_Task]:
        """The next chunk, a fair share of what waits; empty when the pool closes."""
        with self._changed:
            self._changed.wait_for(lambda: self._queue or self._closing)
            share = min(self._chunk, -(-len(self._queue) // self.workers))
            return [] if self._closing else [self._queue.popleft() for _ in range(share)]

    def _run(self, slot: int, tasks: list[_Task]) -> None:
        """Judge a chunk. The answer that breaks the worker gets a second try; those behind it go back to the queue."""
        if self._current[slot] is None and (problem := self._renew(slot)):
            self._fail(tasks, "worker", f"no judge worker starts: {problem}")
            return
        worker = self._current[slot]
        assert worker is not None
        finished = 0
        try:
            worker.send([task.job for task in tasks], self.deadline_seconds)
            for task in tasks:
                if task.call.given_up:
                    break
                self._finish(task, worker.read_verdict(self.deadline_seconds))
                finished += 1
            else:
                return
        except (Late, Dead):
            broke, *behind = tasks[finished:]
            if not broke.call.given_up:
                self._put_back(behind)
                self._finish(broke, self._second_try(slot, broke.job))
                return
        # Nobody waits for the next answer, but the worker holds the whole chunk and would judge it.
        self._drop(slot)
        self._put_back(tasks[finished:])

    def _put_back(self, tasks: Sequence[_Task]) -> None:
        """Before the queue, for any worker; those that nobody waits for are answered instead."""
        with self._changed:
            wanted = [] if self._closing else [task for task in tasks if not task.call.given_up]
            self._queue.extendleft(reversed(wanted))
            self._changed.notify_all()
        self._fail([task for task in tasks if task not in wanted], "given_up", "the caller gave up")

    def _second_try(self, slot: int, job: Job) -> Verdict:
        """The verdict of an answer that broke a worker: once more, on a fresh one that has passed a control job."""
        if problem := self._renew(slot):
            return self._failed(job, "worker", problem)
        worker = self._current[slot]
        assert worker is not None
        try:
            control = worker.judge(_control_of(job), self.deadline_seconds)
            if not _passed(control):
                raise Dead(f"it was judged '{control.status}'")
        except (Late, Dead) as error:
            self._drop(slot)
            return self._failed(job, "control", f"the control job failed as well: {error or 'over the deadline'}")
        try:
            return worker.judge(job, self.deadline_seconds)
        except (Late, Dead) as error:
            self._drop(slot)
            if self._closing:
                return self._failed(job, "shutdown", "")
            if isinstance(error, Late):
                detail = f"not judged within {self.deadline_seconds:g} s, twice, on two workers"
                verdict = Verdict.of(Status.TIMEOUT, detail=detail, seconds=self.deadline_seconds)
            else:
                verdict = Verdict.of(Status.REJECTED, detail=f"broke its judge twice, on two workers: {error}")
        return signed(verdict, job.verifier)

    def _renew(self, slot: int) -> str:
        """Replace the slot's worker by a warm one; the problem when there is none to be had, else ''."""
        problem = ""
        for _ in range(_START_ATTEMPTS):
            self._drop(slot)
            try:
                worker = Worker(memory_bytes=self._memory_bytes, startup_seconds=self._startup_seconds)
                with self._changed:
                    self._current[slot] = worker
                    if self._closing:
                        return "the pool is closed"
                worker.wait_ready()
            except (Late, Dead, OSError) as error:
                problem = str(error) or f"not ready within {self._startup_seconds:g} s"
            else:
                return ""
        self._drop(slot)
        return problem

    def _drop(self, slot: int) -> None:
        with self._changed:
            worker, self._current[slot] = self._current[slot], None
        if worker is not None:
            worker.close()

    def _finish(self, task: _Task, verdict: Verdict) -> None:
        with self._changed:
            call = task.call
            if call.verdicts[task.index] is None:
                call.verdicts[task.index] = verdict
                call.missing -= 1
                if not call.missing:
                    call.done.set()

    def _fail(self, tasks: Sequence[_Task], kind: str, reason: str) -> None:
        for task in tasks:
            self._finish(task, self._failed(task.job, kind, reason))

    def _failed(self, job: Job, kind: str, reason: str) -> Verdict:
        if self._closing:
            kind, reason = "shutdown", "the judge pool was closed: send the answer again to another one"
        return signed(Verdict.failed(kind, reason), job.verifier)


def _passed(control: Verdict) -> bool:
    """Whether the judge is sound. A user's function may say anything of a neutral answer."""
    if user.is_user_spec(control.verifier):
        return not control.mask_sample
    return control.status in {Status.CORRECT, Status.WRONG}


def _control_of(job: Job) -> Job:
    """The same judge and reference with an answer that says nothing."""
    text = r"\boxed{0}" if job.verifier == "math" else user.NEUTRAL_TEXTS[0]
    return job.model_copy(update={"text": text, "finish_reason": "stop"})
