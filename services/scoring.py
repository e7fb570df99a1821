"""From items to stored verdicts: the cache, requests that join, the judges, the store.

One hash says what was judged (tenant, verifier, reference, completion, why it ended). Together with the judge's version
it serves retries, identical answers that are in flight, and the cache, which holds what is the same every time: no
timeout, no refusal, no failure, and nothing of a user's function.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections import OrderedDict
from collections.abc import AsyncGenerator, Sequence

from services.admission import Admission
from services.asked import Asked, Scored
from services.guard import Refused
from services.keys import Caller
from services.metrics import Metrics
from services.samples import DETERMINISTIC
from services.store import Store
from verifiers import registry, user
from verifiers.pool import JudgePool
from verifiers.types import Status, Verdict
from verifiers.worker import signed

# Failures of this process that pass: the caller is told to come again instead of being handed a masked verdict.
_TRANSIENT = frozenset({"overload", "shutdown", "given_up"})
_REMEMBERED = 50_000
# The pool itself says what is late, unless its judges are all at something long.
_LATE_SECONDS = 0.3
# A request that wants all its verdicts at once has them kept in few transactions.
_GATHER_SECONDS = 0.01


class Scorer:
    """Used by the event loop only."""

    def __init__(
        self, pool: JudgePool, store: Store | None, admission: Admission, metrics: Metrics, max_text_chars: int
    ) -> None:
        self._pool, self._store, self._admission, self._metrics = pool, store, admission, metrics
        self._max_text_chars = max_text_chars
        self._cache: OrderedDict[tuple[str, str], Scored] = OrderedDict()
        self._in_flight: dict[str, asyncio.Future[Scored]] = {}
        # The whole version of a judge (Lean's names its toolchain) is known once it has judged.
        self._versions: dict[str, str] = {}

    async def score(
        self, caller: Caller, asked: Sequence[Asked], *, deadline_seconds: float, again: bool = False
    ) -> list[Scored]:
        """One for each, in order; stored. Cancelling it ends what nobody else waits for.

        What a judge failed at is asked `again` without a charge to the caller's quota.

        Raises Refused (429, 503): the request may be sent again; what was judged by then is kept.
        """
        found: dict[int, Scored] = {}
        streaming = self.stream(caller, asked, deadline_seconds=deadline_seconds, whole=True, again=again)
        async with contextlib.aclosing(streaming) as parts:
            async for part in parts:
                found.update(part)
        return [found[index] for index in range(len(asked))]

    async def stream(
        self,
        caller: Caller,
        asked: Sequence[Asked],
        *,
        deadline_seconds: float,
        whole: bool = False,
        again: bool = False,
    ) -> AsyncGenerator[dict[int, Scored], None]:
        """As `score`, as they finish: index and verdict; `whole`: all that this request has judged at once."""
        with self._admission.admitted(caller, [each.problem.verifier for each in asked], is_charged=not again):
            expires = time.monotonic() + deadline_seconds
            missing = dict(enumerate(asked))
            while missing:
                if part := await self._remembered(missing):
                    yield self._done(missing, part)
                joined = {
                    index: self._in_flight[each.answer_key]
                    for index, each in missing.items()
                    if each.answer_key in self._in_flight and not _is_users(each)
                }
                own = {index: each for index, each in missing.items() if index not in joined}
                if own:
                    async with contextlib.aclosing(self._judge(caller, own, expires, whole=whole)) as parts:
                        async for part in parts:
                            yield self._done(missing, part)
                if part := await _joined(joined, missing, expires):
                    yield self._done(missing, part)

    async def probe(self, caller: Caller, asked: Sequence[Asked], *, deadline_seconds: float) -> list[Verdict]:
        """Verdicts that nobody keeps. Raises as `score`."""
        with self._admission.admitted(caller, [each.problem.verifier for each in asked]):
            call = self._pool.submit([each.job for each in asked], deadline_seconds=deadline_seconds, owner=caller.name)
            try:
                async with asyncio.timeout(deadline_seconds + _LATE_SECONDS):
                    verdicts: list[Verdict] = await asyncio.wrap_future(call.future)
            except TimeoutError:
                raise Refused(503, "the judges did not get to it in time: come again", 1) from None
            finally:
                if not call.future.done():
                    self._pool.give_up(call)
        _refuse_transient(verdicts)
        return verdicts

    def _done(self, missing: dict[int, Asked], part: dict[int, Scored]) -> dict[int, Scored]:
        for index in part:
            del missing[index]
        return part

    async def _remembered(self, missing: dict[int, Asked]) -> dict[int, Scored]:
        """From this process's memory, then from the store."""
        found: dict[int, Scored] = {}
        wanted: dict[str, str] = {}
        for index, each in missing.items():
            version = self._versions.get(each.problem.verifier)
            if version is None or each.rescored is not None or _is_users(each):
                continue
            known = self._cache.get((each.answer_key, version))
            # An old one may have been deleted meanwhile: the store knows.
            if known is not None and (known.id is None or self._store is None or known.id >= self._store.oldest):
                found[index] = known
            elif each.answer_key not in self._in_flight:
                wanted[each.answer_key] = version
        if wanted and self._store is not None:
            stored = await asyncio.to_thread(self._store.cached, wanted)
            for index, each in missing.items():
                if index not in found and each.answer_key in stored:
                    id_, verdict = stored[each.answer_key]
                    found[index] = self._remember(each.answer_key, Scored(verdict, id_))
        self._metrics.cached.inc(len(found))
        return found

    async def _judge(
        self, caller: Caller, own: dict[int, Asked], expires: float, *, whole: bool
    ) -> AsyncGenerator[dict[int, Scored], None]:
        """Judge what nobody else is at; the same answer twice in a request is judged once."""
        loop = asyncio.get_running_loop()
        firsts: dict[str, list[int]] = {}
        for index, each in own.items():
            firsts.setdefault(f"{index}" if _is_users(each) else each.answer_key, []).append(index)
        groups = [(own[indices[0]], indices) for indices in firsts.values()]
        judged = [number for number, (each, _) in enumerate(groups) if self._is_judged(each)]
        finished = _Finished(loop)
        call = self._pool.submit(
            [groups[number][0].job for number in judged],
            deadline_seconds=max(expires - time.monotonic(), 0.0),
            on_verdict=lambda number, verdict: finished.tell(judged[number], verdict),
            owner=caller.name,
        )
        promised = {each.answer_key: loop.create_future() for each, _ in groups if not _is_users(each)}
        self._in_flight.update(promised)
        try:
            for number in set(range(len(groups))) - set(judged):
                finished.tell(number, self._too_long(groups[number][0]))
            left = set(range(len(groups)))
            while left:
                ready = await finished.some(len(left) if whole else 1, expires)
                # The judges are at something else, and nobody waits any more.
                ready = ready or {number: _late(groups[number][0]) for number in left}
                left -= ready.keys()
                scored = await self._keep([(groups[number][0], verdict) for number, verdict in ready.items()])
                part: dict[int, Scored] = {}
                for (number, verdict), one in zip(ready.items(), scored, strict=True):
                    each, indices = groups[number]
                    part |= dict.fromkeys(indices, one)
                    promise = promised.get(each.answer_key)
                    # Who joined may have more time. Who comes now asks the cache, or has it judged again.
                    if promise is not None and not promise.done() and verdict.failure_kind != "deadline":
                        promise.set_result(one)
                        self._forget(each.answer_key, promise)
                yield part
        finally:
            if not call.future.done():
                self._pool.give_up(call)
            for key, promise in promised.items():
                # Whoever joined judges it again, for himself.
                promise.cancel()
                self._forget(key, promise)

    def _forget(self, answer_key: str, promise: asyncio.Future[Scored]) -> None:
        if self._in_flight.get(answer_key) is promise:
            del self._in_flight[answer_key]

    async def _keep(self, judged: Sequence[tuple[Asked, Verdict]]) -> list[Scored]:
        """Store verdicts. Raises Refused (503) where they are the passing fault of this process, or cannot be kept."""
        _refuse_transient([verdict for _, verdict in judged])
        now = time.time()
        ids: list[str | None] = [None] * len(judged)
        if self._store is not None:
            samples = [each.sample(self._store, verdict, now) for each, verdict in judged]
            await asyncio.wrap_future(self._store.save(samples))
            ids = [sample.id for sample in samples]
        scored = []
        for (each, verdict), id_ in zip(judged, ids, strict=True):
            if not verdict.mask_sample:
                self._admission.learn(verdict.verifier, verdict.seconds)
            self._metrics.count(verdict)
            one = Scored(verdict, id_)
            if not _is_users(each):
                self._versions[verdict.verifier] = verdict.verifier_version
                if verdict.status.value in DETERMINISTIC:
                    self._remember(each.answer_key, one)
            scored.append(one)
        return scored

    def _remember(self, answer_key: str, scored: Scored) -> Scored:
        self._cache[answer_key, scored.verdict.verifier_version] = scored
        if len(self._cache) > _REMEMBERED:
            self._cache.popitem(last=False)
        return scored

    def _is_judged(self, asked: Asked) -> bool:
        return len(asked.completion.text) <= self._max_text_chars

    def _too_long(self, asked: Asked) -> Verdict:
        name = asked.problem.verifier
        detail = f"the completion is longer than {self._max_text_chars} characters"
        return Verdict.of(Status.REJECTED, detail=detail, verifier=name, verifier_version=registry.version(name))


class _Finished:
    """Verdicts on their way from the pool's threads to an event loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._lock = threading.Lock()
        self._verdicts: dict[int, Verdict] = {}
        self._there = asyncio.Event()

    def tell(self, number: int, verdict: Verdict) -> None:
        """From any thread."""
        with self._lock:
            is_first = not self._verdicts
            self._verdicts[number] = verdict
        # One wake-up for all that come before the loop gets to it; the loop may have ended before the pool has.
        if is_first:
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._there.set)

    async def some(self, most: int, expires: float) -> dict[int, Verdict]:
        """What is there: at least one, and where up to `most` may come, those of a moment; none once it is late."""
        try:
            async with asyncio.timeout(max(expires - time.monotonic(), 0.0) + _LATE_SECONDS):
                while not self._verdicts:
                    await self._there.wait()
                    self._there.clear()
        except TimeoutError:
            # One that is there by now counts.
            return self._taken()
        if len(self._verdicts) < most:
            await asyncio.sleep(_GATHER_SECONDS)
        return self._taken()

    def _taken(self) -> dict[int, Verdict]:
        with self._lock:
            taken, self._verdicts = self._verdicts, {}
        return taken


def _late(asked: Asked) -> Verdict:
    return signed(Verdict.failed("deadline", "its deadline passed before it was judged"), asked.problem.verifier)


def _refuse_transient(verdicts: Sequence[Verdict]) -> None:
    for verdict in verdicts:
        if verdict.failure_kind in _TRANSIENT:
            reason = verdict.failure_reason or "the service is ending"
            raise Refused(503, f"{reason}; send the whole request again", 1)


async def _joined(
    joined: dict[int, asyncio.Future[Scored]], asked: dict[int, Asked], expires: float
) -> dict[int, Scored]:
    """What others had judged, for those that got there; the rest is still missing."""
    if not joined:
        return {}
    await asyncio.wait(set(joined.values()), timeout=max(expires - time.monotonic(), 0.0))
    found: dict[int, Scored] = {}
    for index, future in joined.items():
        if not future.done():
            found[index] = Scored(_late(asked[index]), None)
        elif not future.cancelled():
            found[index] = future.result()
    return found


def _is_users(asked: Asked) -> bool:
    return user.is_user_spec(asked.problem.verifier)
