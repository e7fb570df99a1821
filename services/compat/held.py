"""Programs whose clients are held until there is room, and kept for a moment for a client that comes again.

verl's client asks again after a 504 only, three times; whatever else it meets is a zero. So nothing is refused that may
pass: a request waits for its turn, and a sandbox that failed is tried again. Shortly before the client would give up it
is told 504, and the program keeps its place (or runs on) until the client has come back for it.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Hashable

from fastapi import Request

from services.access import Service
from services.compat.programs import Finished, Program, Runner
from services.keys import Caller
from services.routes import until_gone
from verifiers.sandbox.types import SandboxFailed, SandboxUnavailable

# verl comes again after one second, then after two.
_KEPT_SECONDS = 6.0
_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.25, 5.0
# Of a program that never ran here.
_GUESS_SECONDS = 0.1
_REMEMBERED = 20_000


class HeldRuns:
    """Used by the event loop only."""

    def __init__(self, service: Service, runner: Runner) -> None:
        self._service, self._runner = service, runner
        # Left by clients that were told to come again, under who asked for what.
        self._left: dict[Hashable, list[asyncio.Task[Finished]]] = {}
        self._seconds: OrderedDict[bytes, float] = OrderedDict()
        # Kinds of programs that ran here: where there was a sandbox for them, one that is not there now may come back.
        self._ran: set[Hashable] = set()

    async def run(
        self, request: Request, caller: Caller, program: Program, seconds: float, *, comes_again: bool
    ) -> Finished:
        """How it ended. Hanging up ends it at once.

        Raises TimeoutError where it did not within so many seconds (it is kept for a client that `comes_again`),
        Refused (499), SandboxUnavailable where there is no sandbox for it.
        """
        key = (caller.tenant, caller.name, program.digest)
        work = self._taken_up(key) or asyncio.create_task(self._to_its_end(caller, program))
        try:
            async with asyncio.timeout(seconds):
                return await until_gone(request, asyncio.shield(work))
        except TimeoutError:
            if comes_again:
                # It is no larger than the body, whose room is given back now.
                self._leave(key, work, caller.name, program.size)
            else:
                work.cancel()
            raise
        except BaseException:
            work.cancel()
            raise

    def close(self) -> None:
        """End what was left."""
        for works in self._left.values():
            for work in works:
                work.cancel()

    async def _to_its_end(self, caller: Caller, program: Program) -> Finished:
        source = hashlib.sha256(f"{program.language}\n{program.source}".encode(errors="surrogatepass")).digest()
        kind = program.language, bool(program.files)
        pause = _FIRST_PAUSE_SECONDS
        is_charged = True
        while True:
            cost = self._seconds.get(source, min(_GUESS_SECONDS, program.limits.wall_seconds))
            async with self._service.admission.held(caller, cost, is_charged=is_charged):
                # What fails by itself may pass; how long that is tried is for who waits to say.
                try:
                    finished = await self._runner.run(program)
                except SandboxFailed:
                    pass
                except SandboxUnavailable:
                    if kind not in self._ran:
                        raise
                else:
                    self._ran.add(kind)
                    self._learn(source, finished)
                    return finished
            is_charged = False
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)

    def _learn(self, source: bytes, finished: Finished) -> None:
        """The same program on another input is taken to need as long."""
        self._seconds[source] = sum(each.seconds for each in (finished.compiled, finished.ran) if each is not None)
        self._seconds.move_to_end(source)
        if len(self._seconds) > _REMEMBERED:
            self._seconds.popitem(last=False)

    def _taken_up(self, key: Hashable) -> asyncio.Task[Finished] | None:
        works = self._left.get(key)
        return None if not works else works.pop(0)

    def _leave(self, key: Hashable, work: asyncio.Task[Finished], owner: str, size: int) -> None:
        self._service.take_room(owner, size)
        self._left.setdefault(key, []).append(work)

        def over() -> None:
            self._service.give_room(owner, size)
            works = self._left.get(key, [])
            if work in works:
                works.remove(work)
                work.cancel()
            if not works:
                self._left.pop(key, None)

        asyncio.get_running_loop().call_later(_KEPT_SECONDS, over)
