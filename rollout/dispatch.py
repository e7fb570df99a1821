"""Requests handed out to rollout workers as they have room, completions taken as they end, the dead replaced."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ray.exceptions import RayActorError, RayTaskError

from rollout.actor_errors import cause_of, raised_by
from rollout.types import Completion, Request

MAX_ATTEMPTS = 3
"""A call or a request that has killed so many workers is given up."""

TAKE_SECONDS = 5.0
"""A worker that has nothing new says so after as long; one that does not answer for `stall_seconds` hangs."""


@dataclass(eq=False)
class _Flight:
    """A request on its way, under a name that no other has: callers may use theirs again."""

    name: str
    request: Request
    future: asyncio.Future[Completion]
    attempts: int = 0

    def named(self) -> Request:
        return self.request.model_copy(update={"id": self.name})

    def succeed(self, completion: Completion) -> None:
        if not self.future.done():
            self.future.set_result(replace(completion, id=self.request.id))

    def fail(self, error: Exception) -> None:
        if not self.future.done():
            self.future.set_exception(error)


class Dispatcher:
    """Runs on the event loop of whoever asks. A worker's requests that it did not answer are done again by another.

    Args:
        workers: handles of the actors; `replace` puts another one in the place of one that is lost.
        window: requests a worker has at most.
        stall_seconds: a worker that gives no sign of life for so long is replaced.
        replace: (place, why) -> None, blocking.
    """

    def __init__(
        self, workers: list[Any], *, window: int, stall_seconds: float, replace: Callable[[int, str], None]
    ) -> None:
        self._workers, self._window = workers, window
        self._stall_seconds, self._replace = stall_seconds, replace
        self._waiting: deque[_Flight] = deque()
        self._flying: list[dict[str, _Flight]] = [{} for _ in workers]
        self._taking = [False] * len(workers)
        self._received = [0] * len(workers)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._numbers = itertools.count()

    async def complete(self, request: Request) -> Completion:
        """See `RolloutPool.complete`."""
        self._enter(asyncio.get_running_loop())
        flight = _Flight(f"{request.id}#{next(self._numbers)}", request, asyncio.get_running_loop().create_future())
        if not self._waiting:
            # What is asked in one go is handed out in one go: neighbours stay together.
            asyncio.get_running_loop().call_soon(self._hand_out)
        self._waiting.append(flight)
        try:
            return await flight.future
        finally:
            # Somebody who no longer waits (another request failed) leaves nothing behind.
            for flying in self._flying:
                flying.pop(flight.name, None)
            if flight in self._waiting:
                self._waiting.remove(flight)

    def _enter(self, loop: asyncio.AbstractEventLoop) -> None:
        """Forget what an event loop that has ended left: nobody waits for it, and its tasks are gone."""
        if loop is not self._loop:
            self._loop = loop
            self._waiting.clear()
            self._flying = [{} for _ in self._workers]
            self._taking = [False] * len(self._workers)

    def _hand_out(self) -> None:
        """Give the waiting requests to the workers that have room, so that all have about as many."""
        level = -(-(len(self._waiting) + sum(map(len, self._flying))) // len(self._workers))
        for index, flying in enumerate(self._flying):
            count = min(len(self._waiting), min(level, self._window) - len(flying))
            if count > 0:
                flights = [self._waiting.popleft() for _ in range(count)]
                flying |= {flight.name: flight for flight in flights if not flight.future.done()}
                self._start(self._send(index, flights))

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _send(self, index: int, flights: Sequence[_Flight]) -> None:
        requests = [flight.named() for flight in flights if not flight.future.done()]
        try:
            await self._answer(self._workers[index].add.remote(requests))
        except RayTaskError as error:
            self._fail(index, flights, raised_by(error))
        except (RayActorError, TimeoutError):
            pass  # `_take` meets it too, and replaces the worker.
        except Exception as error:
            self._give_up(error)
        if self._flying[index] and not self._taking[index]:
            self._taking[index] = True
            self._start(self._take(index))

    async def _take(self, index: int) -> None:
        """Fetch completions from a worker until it has none left to make; a dead or stuck one is replaced."""
        seen, moved = -1, time.monotonic()
        try:
            while flying := self._flying[index]:
                try:
                    # What was received is named: an answer that nobody waited for any more is given again.
                    ended, steps = await self._answer(
                        self._workers[index].take.remote(TAKE_SECONDS, self._received[index])
                    )
                except RayTaskError as error:
                    self._fail(index, list(flying.values()), raised_by(error))
                except RayActorError as death:
                    self._recover(index, cause_of(death))
                except TimeoutError:
                    self._recover(index, f"it was silent for {self._stall_seconds:g} s")
                else:
                    self._received[index] += len(ended)
                    for completion in ended:
                        if completion.id in flying:
                            flying.pop(completion.id).succeed(completion)
                    if ended or steps != seen:
                        seen, moved = steps, time.monotonic()
                    elif time.monotonic() - moved > self._stall_seconds:
                        self._recover(index, f"it made no step for {self._stall_seconds:g} s")
                        seen, moved = -1, time.monotonic()
                    if self._waiting:
                        self._hand_out()
        except Exception as error:  # Nobody waits for this task: whoever waits for a request is told.
            self._give_up(error)
        finally:
            self._taking[index] = False

    async def _answer(self, reference: Any) -> Any:
        """What a worker answers; TimeoutError only where the answer is not there, however long the loop was blocked."""
        answer = asyncio.ensure_future(reference)
        done, _ = await asyncio.wait({answer}, timeout=self._stall_seconds)
        if not done:
            answer.cancel()
            raise TimeoutError
        return answer.result()

    def _fail(self, index: int, flights: Sequence[_Flight], error: Exception) -> None:
        for flight in flights:
            self._flying[index].pop(flight.name, None)
            flight.fail(error)
        if self._waiting:
            self._hand_out()

    def _recover(self, index: int, why: str) -> None:
        """Replace a worker; its requests wait again, in front, for whichever worker has room."""
        lost, self._flying[index] = list(self._flying[index].values()), {}
        for flight in lost:
            flight.attempts += 1
        self._waiting.extendleft(reversed(lost))
        if any(flight.attempts >= MAX_ATTEMPTS for flight in lost):
            raise RuntimeError(f"rollout worker {index} died, the {MAX_ATTEMPTS}. one with the same requests: {why}")
        # Blocks the loop; the other workers go on by themselves meanwhile.
        self._replace(index, why)
        self._received[index] = 0
        self._hand_out()

    def _give_up(self, error: Exception) -> None:
        for flight in (*self._waiting, *(flight for flying in self._flying for flight in flying.values())):
            flight.fail(error)
        self._waiting.clear()
        self._flying = [{} for _ in self._workers]
