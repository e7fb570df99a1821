"""Judge processes with hard limits per answer, and the rule of who is to blame.

| what happened | verdict |
|---|---|
| judged | the judge's |
| used up its CPU time; a control job passed on a fresh worker | `timeout`, reward 0 |
| over the wall-clock deadline twice, a control job passed in between | `timeout`, reward 0 |
| killed the worker (or made a judge raise) twice, a control job passed in between | `rejected`, reward 0 |
| the control job used up its CPU time too | `error`, masked: the reference is bad |
| the control job failed too, no worker starts, queue full, pool closed, given up, too late | `error`, masked |

So a judge that failed is never a zero, and an answer cannot buy a mask by breaking its judge. The control job is a text
that says nothing, to the same judge and reference: a judge or a reference that hangs by itself masks, it does not
punish. (For a user's function that raises, `verifiers.user` follows the same rule within one worker.)

Worker processes are fresh interpreters (no fork of a process with threads, no re-import of `__main__`) with a small
environment that holds none of the caller's secrets; on Linux they die with this process, even by SIGKILL. Each slot of
the pool has one worker for each lane (`verifiers.registry.Lane`) that was asked of it, and uses one at a time.
"""

from __future__ import annotations

import asyncio
import atexit
import functools
import logging
import os
import queue
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self

from verifiers import registry
from verifiers.jobs import CONTROL, Call, Job, Task
from verifiers.process import Dead, Late, Spent, WorkerLimits
from verifiers.sandbox import policy
from verifiers.slot import NoWorker, Slot
from verifiers.types import Status, Verdict
from verifiers.waiting import Waiting

__all__ = ["CONTROL", "Call", "Job", "JudgePool", "shared"]

_SHARING = threading.Lock()
_log = logging.getLogger(__name__)


class JudgePool:
    """Worker processes that judge answers; thread-safe.

    Args:
        workers: slots; one answer at a time runs on each.
        deadline_seconds: wall-clock backstop of one answer, from the moment a warm worker begins with it; a user's
            file is loaded by then. A judge with limits of its own may take longer (`registry.Entry.wall_seconds`).
        cpu_seconds: CPU time of one answer that is evaluated in the worker itself (math).
        max_queued: jobs that wait at most; a call that does not fit is answered `error` ("overload") as a whole.
        memory_bytes: address space of one worker (RLIMIT_AS).
        startup_seconds: limit for a worker to get warm, and for the import of a user's file.
        chunk: jobs handed to a worker at once; each still has its own deadline.
        recycle_after: answers after which a worker is replaced.

    Raises:
        ValueError: no workers or no time asked for.
        verifiers.sandbox.types.SandboxUnavailable: this machine cannot confine what judges evaluate.
        RuntimeError: a worker does not start.
    """

    def __init__(
        self,
        workers: int = 2,
        deadline_seconds: float = 5.0,
        *,
        cpu_seconds: float = 1.5,
        max_queued: int = 16_384,
        memory_bytes: int = 2 << 30,
        startup_seconds: float = 120.0,
        chunk: int = 64,
        recycle_after: int = 50_000,
    ) -> None:
        if workers < 1 or deadline_seconds <= 0 or cpu_seconds <= 0:
            raise ValueError(
                "a pool needs workers >= 1, deadline_seconds > 0 and cpu_seconds > 0, "
                f"got {workers}, {deadline_seconds} and {cpu_seconds}"
            )
        policy.require()
        self.workers = workers
        self.deadline_seconds = deadline_seconds
        self._max_queued = max_queued
        self._chunk = chunk
        self._queue = Waiting()
        self._changed = threading.Condition()
        self._closing = False
        limits = WorkerLimits(memory_bytes=memory_bytes, cpu_seconds=cpu_seconds, startup_seconds=startup_seconds)
        self._slots = [
            Slot(limits, deadline_seconds=deadline_seconds, recycle_after=recycle_after) for _ in range(workers)
        ]
        self._running: dict[Slot, Call] = {}
        self._judged = 0
        started: queue.SimpleQueue[str] = queue.SimpleQueue()
        # The kernel kills a worker when the thread that started it ends, so a slot's thread lives as long as the pool.
        self._threads = [
            threading.Thread(target=self._serve, args=(slot, started), name=f"judge-{number}", daemon=True)
            for number, slot in enumerate(self._slots)
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

    @property
    def queue_age_seconds(self) -> float:
        """How long the answer has waited that waits longest; 0 where none does."""
        with self._changed:
            since = self._queue.since()
        return 0.0 if since is None else time.monotonic() - since

    @property
    def judge_starts(self) -> int:
        """Judge processes that were started, first ones and replacements."""
        return sum(slot.starts for slot in self._slots)

    def judge(
        self, jobs: Sequence[Job], *, urgent: bool = False, deadline_seconds: float | None = None
    ) -> list[Verdict]:
        """One verdict per job, in order; waits for all of them. See `submit`."""
        return self.wait(self.submit(jobs, urgent=urgent, deadline_seconds=deadline_seconds))

    async def judge_async(self, jobs: Sequence[Job], *, deadline_seconds: float | None = None) -> list[Verdict]:
        """As `judge`. Cancelling it kills the worker that is at one of the jobs and frees its slot."""
        call = self.submit(jobs, deadline_seconds=deadline_seconds)
        try:
            return await asyncio.wrap_future(call.future)
        except asyncio.CancelledError:
            self.give_up(call)
            raise

    def submit(
        self,
        jobs: Sequence[Job],
        *,
        urgent: bool = False,
        deadline_seconds: float | None = None,
        on_verdict: Callable[[int, Verdict], None] | None = None,
        owner: str = "",
    ) -> Call:
        """Put the jobs into the queue, before it when `urgent`. Does not wait.

        `deadline_seconds` from now nobody waits any more: what is not judged by then is answered `error` ("deadline").
        `on_verdict`, `owner`: see `Call`.
        """
        expires = None if deadline_seconds is None else time.monotonic() + deadline_seconds
        call = Call([None] * len(jobs), len(jobs), expires, on_verdict=on_verdict, owner=owner)
        tasks = [Task(job, call, index) for index, job in enumerate(jobs)]
        refused = ("", "")
        with self._changed:
            waiting = len(self._queue)
            # A call on an empty queue is always let in, or one larger than the queue could never be.
            if waiting and waiting + len(jobs) > self._max_queued and not urgent:
                refused = ("overload", f"{waiting} answers wait already: send fewer at once or add workers")
            elif self._closing:
                refused = ("shutdown", "")
            else:
                self._queue.add(tasks, urgent=urgent)
            self._changed.notify_all()
        if refused[0]:
            self._fail(tasks, *refused)
        return call

    def wait(self, call: Call) -> list[Verdict]:
        """One verdict per job of the call, in order, once all are there."""
        return call.future.result()

    def give_up(self, call: Call) -> None:
        """Nobody waits for this call any more: what is not judged yet is answered `error` ("given_up").

        A worker that is at one of its jobs is killed, so that its slot is free at once.
        """
        with self._changed:
            call.given_up = True
            dropped = self._queue.drop(call)
            busy = [slot for slot, running in self._running.items() if running is call]
            for slot in busy:
                slot.kill()
        self._fail(dropped, "given_up", "the caller gave up")

    def healthy(self, seconds: float | None = None) -> bool:
        """Whether a control job passes through the pool within so many seconds, or at least another answer did."""
        before = self._judged
        # Without a deadline in the pool: a worker that is at it when the time is over is not to blame.
        call = self.submit([CONTROL], urgent=True)
        try:
            return call.future.result(seconds)[0].status is Status.CORRECT
        except TimeoutError:
            # All slots are at answers that take long.
            is_moving = self._judged > before
            self.give_up(call)
            return is_moving

    def close(self) -> None:
        """Kill the workers; what waits or runs is answered `error` ("shutdown"). May be called twice."""
        with self._changed:
            self._closing = True
            waiting = self._queue.drop()
            self._changed.notify_all()
        for slot in self._slots:
            slot.close()
        self._fail(waiting, "shutdown", "")
        for thread in self._threads:
            thread.join()

    def _serve(self, slot: Slot, started: queue.SimpleQueue[str]) -> None:
        """One slot. Consumes chunks of the queue, waits for its workers' replies, produces verdicts."""
        try:
            slot.worker("confined")
            started.put("")
        except NoWorker as error:
            started.put(str(error))
        while tasks := self._take():
            try:
                self._run(slot, tasks)
            # A fault of ours: the answers of this chunk are masked with the reason, and the slot lives on.
            except Exception as error:
                frames = "".join(traceback.format_tb(error.__traceback__))
                _log.error("the judge pool raised %s\n%s", type(error).__name__, frames)
                self._fail(tasks, "pool", f"the pool raised {type(error).__name__}; the log says where")
        slot.drop_all()

    def _take(self) -> list[Task]:
        """The next chunk, a fair share of what waits and all for one lane; empty when the pool closes."""
        with self._changed:
            self._changed.wait_for(lambda: self._queue or self._closing)
            if self._closing:
                return []
            share = min(self._chunk, -(-len(self._queue) // self.workers))
            return self._queue.take(share, _are_of_one_chunk)

    def _run(self, slot: Slot, tasks: list[Task]) -> None:
        """Judge a chunk. The answer that breaks the worker gets a second try; those behind it go back to the queue."""
        lane = registry.lane(tasks[0].job.verifier)
        # What came too late is not begun.
        self._fail([task for task in tasks if not self._wanted(task.call)], "given_up", "the caller gave up")
        tasks = [task for task in tasks if self._wanted(task.call)]
        if not tasks:
            return
        try:
            worker = slot.worker(lane)
        except NoWorker as error:
            for task in tasks:
                self._finish(task, slot.failed(task.job, "worker", f"no judge worker starts: {error}"))
            return
        finished = 0
        try:
            worker.send([task.job for task in tasks], self.deadline_seconds)
            for task in tasks:
                if not self._begin(slot, task.call):
                    break
                seconds = min(slot.seconds(task.job), max(task.call.seconds_left(), 0.0))
                self._finish(task, worker.read_verdict(seconds))
                slot.count(lane)
                finished += 1
            else:
                return
        except (Late, Dead, Spent) as error:
            broke, *behind = tasks[finished:]
            if self._wanted(broke.call):
                self._put_back(behind)
                verdict = slot.second_try(broke.job, error)
                if broke.call.given_up:
                    # The worker may have died of that, not of the answer.
                    self._fail([broke], "given_up", "the caller gave up")
                self._finish(broke, verdict)
                return
        finally:
            self._begin(slot, None)
        # Nobody waits for the next answer, but the worker holds the whole chunk and would judge it.
        slot.drop(lane)
        self._put_back(tasks[finished:])

    def _begin(self, slot: Slot, call: Call | None) -> bool:
        """Note what the slot is at; False when nobody waits for it."""
        with self._changed:
            if call is None or not self._wanted(call):
                self._running.pop(slot, None)
                return False
            self._running[slot] = call
            return True

    def _wanted(self, call: Call) -> bool:
        return not call.given_up and call.seconds_left() > 0

    def _put_back(self, tasks: Sequence[Task]) -> None:
        """Before the queue, for any worker; those that nobody waits for are answered instead."""
        with self._changed:
            wanted = [] if self._closing else [task for task in tasks if self._wanted(task.call)]
            self._queue.put_back(wanted)
            self._changed.notify_all()
        self._fail([task for task in tasks if task not in wanted], "given_up", "the caller gave up")

    def _finish(self, task: Task, verdict: Verdict) -> None:
        with self._changed:
            self._judged += not verdict.mask_sample
            task.call.set(task.index, verdict)

    def _fail(self, tasks: Sequence[Task], kind: str, reason: str) -> None:
        for task in tasks:
            late = kind == "given_up" and not task.call.given_up
            why = ("deadline", "its deadline passed before it was judged") if late else (kind, reason)
            self._finish(task, self._slots[0].failed(task.job, *why))


def _are_of_one_chunk(first: Task, other: Task) -> bool:
    lane = registry.lane(first.job.verifier)
    # An answer of a driver may take seconds: one at a time keeps every slot busy to the end.
    return lane != "driver" and registry.lane(other.job.verifier) == lane


def shared() -> JudgePool:
    """This process's own pool, one worker for each core; started by the first call, closed at exit."""
    with _SHARING:
        return _shared(os.getpid())


@functools.cache
def _shared(process: int) -> JudgePool:
    pool = JudgePool(os.cpu_count() or 1)
    atexit.register(pool.close)
    return pool
