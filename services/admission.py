"""Which requests are let in: a bounded backlog by estimated cost, a share and a quota for each key.

What an answer costs is estimated from what those before it took, per verifier; so a thousand sums fit where a hundred
proofs do. What is not let in is told when to come again. The state is this process's own: with several processes each
has its part of the work and of the quotas.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass

from services.guard import Refused
from services.keys import Caller

# Seconds of one judge, until there is experience.
_FIRST_GUESS = {"math": 0.001, "code": 0.03, "lean": 0.02}
_OTHERS_GUESS = 0.1
_LEARNING_RATE = 0.05
# Of handing an answer over; so that no run of trivial ones makes a queue look empty.
_LEAST_SECONDS = 0.0002
# Of the backlog, for one key: there is always room for another.
_SHARE = 0.5
_LONGEST_WAIT_SECONDS = 60
# Who is held is looked at so often.
_LOOK_SECONDS = 0.05


@dataclass(slots=True)
class _Bucket:
    items: float
    since: float


class Admission:
    """Used by the event loop only.

    Args:
        workers: judges that work side by side.
        max_backlog_seconds: until they are through with all that was let in, as estimated.
    """

    def __init__(self, workers: int, max_backlog_seconds: float) -> None:
        self._workers = workers
        self._limit = max_backlog_seconds * workers
        self._seconds = dict(_FIRST_GUESS)
        self._open: dict[str, float] = {}
        self._buckets: dict[str, _Bucket] = {}
        self._lines: dict[str, asyncio.Lock] = {}

    @property
    def backlog_seconds(self) -> float:
        """Until the judges are through with what was let in, as estimated."""
        return sum(self._open.values()) / self._workers

    @contextlib.contextmanager
    def admitted(self, caller: Caller, verifiers: Sequence[str], *, is_charged: bool = True) -> Iterator[None]:
        """Let a request in until it is done, given up or failed.

        It has one verifier for each of its items, which count towards the quota if it is charged.

        Raises Refused: 429 where this key has too much under way or has used up its quota, 503 where all together have.
        A request that meets an idle service is let in whatever it costs, or it could never be.
        """
        cost = sum(self._seconds.get(verifier, _OTHERS_GUESS) for verifier in verifiers)
        with self._let_in(caller, cost, len(verifiers) if is_charged else 0):
            yield

    @contextlib.asynccontextmanager
    async def held(self, caller: Caller, seconds: float, *, is_charged: bool = True) -> AsyncIterator[None]:
        """As `admitted`, for one item of so many estimated seconds, but waits for room: of one key, who came first
        goes first.
        """
        with contextlib.ExitStack() as entered:
            async with self._lines.setdefault(caller.name, asyncio.Lock()):
                while True:
                    try:
                        entered.enter_context(self._let_in(caller, max(seconds, _LEAST_SECONDS), int(is_charged)))
                        break
                    except Refused:
                        await asyncio.sleep(_LOOK_SECONDS)
            yield

    @contextlib.contextmanager
    def _let_in(self, caller: Caller, cost: float, charged: int) -> Iterator[None]:
        total, own = sum(self._open.values()), self._open.get(caller.name, 0.0)
        if own and own + cost > _SHARE * self._limit:
            wait = self._drained(own + cost - _SHARE * self._limit)
            raise Refused(429, "this key has too much under way: send less at once, or come again", wait)
        if total and total + cost > self._limit:
            wait = self._drained(total + cost - self._limit)
            raise Refused(503, "the judges have as much to do as they may: come again", wait)
        if charged:
            self._draw(caller, charged)
        self._open[caller.name] = own + cost
        try:
            yield
        finally:
            left = self._open[caller.name] - cost
            if left > 1e-9:
                self._open[caller.name] = left
            else:
                del self._open[caller.name]

    def learn(self, verifier: str, seconds: float) -> None:
        """What one answer took, as judged."""
        seconds = max(seconds, _LEAST_SECONDS)
        known = self._seconds.setdefault(verifier, seconds)
        self._seconds[verifier] = known + _LEARNING_RATE * (seconds - known)

    def _draw(self, caller: Caller, items: int) -> None:
        if not caller.items_per_minute:
            return
        now, full = time.monotonic(), float(caller.items_per_minute)
        bucket = self._buckets.setdefault(caller.name, _Bucket(full, now))
        bucket.items = min(full, bucket.items + (now - bucket.since) * full / 60)
        bucket.since = now
        # A request larger than the quota is let in by a full bucket, or it could never be; the key owes the rest.
        if bucket.items < min(items, full):
            wait = (min(items, full) - bucket.items) * 60 / full
            raise Refused(429, f"the quota of this key is {caller.items_per_minute} items a minute: come again", wait)
        bucket.items -= items

    def _drained(self, cost: float) -> float:
        return min(max(cost / self._workers, 1.0), _LONGEST_WAIT_SECONDS)
