"""Client of the reward service for asyncio. It waits for a service that is away and never makes up a verdict.

`services.client.RewardClient` is the same for code without an event loop.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self, TypeVar

import httpx
from pydantic import ValidationError

from services.schemas import (
    ScoredCompletion,
    ScoreItem,
    ScoreProblem,
    ScoreRequest,
    ScoreResponse,
    ScoreResult,
    VerifierList,
)
from services.userinfo import taken_from
from verifiers.types import LASTING_FAILURES, FinishReason, Problem, Verdict

_FIRST_BACKOFF_SECONDS = 0.2
_LONGEST_BACKOFF_SECONDS = 5.0
# A service that was told the deadline answers with what it has judged by then; that takes a moment.
_GRACE_SECONDS = 1.0
# A body stays well below what a service takes (16 MiB), also where every character takes four bytes.
_BATCH_CHARS = 2_000_000
# What a proxy answers for a service that is away counts as a broken connection.
_COME_AGAIN = frozenset({429, 502, 503, 504})
_Reply = TypeVar("_Reply", ScoreResponse, VerifierList)


class RewardServiceError(RuntimeError):
    """The service refused a request (4xx), failed (500) or gave an answer that does not fit; waiting would not help."""


class RewardServiceUnavailable(RewardServiceError):
    """No service answered for `max_wait_seconds`."""


class _Away(Exception):
    """No answer, or one of `_COME_AGAIN`: worth another try, not before `seconds`."""

    def __init__(self, reason: str, seconds: float = 0.0) -> None:
        super().__init__(reason)
        self.seconds = seconds


class _Silent(_Away):
    """Connected, but no answer in time."""


@dataclass
class _Work:
    """The batches of one `score` call, shared by its tasks."""

    todo: deque[tuple[int, Sequence[ScoreItem]]]
    missing: int
    expires: float
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    done: dict[int, Sequence[ScoreResult]] = field(default_factory=dict)
    last_progress: float = field(default_factory=time.monotonic)


class AsyncRewardClient:
    """Scores answers on one or more reward services, from one event loop.

    Args:
        urls: `http://host:port` of each service. Batches go to whichever is free; proxies of the environment are not
            used. The key of one may stand in it (`http://x:KEY@host`); it is in no message.
        key: sent as `Authorization: Bearer`; "" for none.
        batch: items per request.
        max_wait_seconds: give up when nothing has been scored for so long while services are away; 0 waits for ever.
        on_wait: told once per outage of a service and once when it is back.
        requests_per_url: requests in flight per service; 2 keep its judges busy while an answer travels.
        timeout_seconds: longest silence of a service within one request, on top of the time that its judges may take
            for it (two tries at every answer in flight). The request is then sent again, with twice the patience; the
            service answers what it has judged by then at once.
    """

    def __init__(
        self,
        urls: Sequence[str],
        *,
        key: str = "",
        batch: int = 256,
        max_wait_seconds: float = 0.0,
        on_wait: Callable[[str], None] = print,
        requests_per_url: int = 2,
        timeout_seconds: float = 60.0,
    ) -> None:
        if not urls or isinstance(urls, str):
            raise ValueError("a reward client needs a list of at least one URL, such as ['http://127.0.0.1:8300']")
        if batch < 1 or requests_per_url < 1:
            raise ValueError("batch and requests_per_url must be at least 1")
        parted = [taken_from(url.rstrip("/")) for url in urls]
        self.urls = tuple(url for url, _ in parted)
        keys = {url: own or key for url, own in parted}
        self._authorized = {url: {"authorization": f"Bearer {known}"} for url, known in keys.items() if known}
        self._batch = batch
        self._max_wait_seconds = max_wait_seconds
        self._on_wait = on_wait
        self._requests_per_url = requests_per_url
        self._timeout_seconds = timeout_seconds
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=None)
        self._http = httpx.AsyncClient(trust_env=False, limits=limits, headers={"content-type": "application/json"})
        self._about: dict[str, VerifierList] = {}
        self._asking_about = asyncio.Lock()
        self._outages: dict[str, float] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def judge(
        self,
        problem: Problem | ScoreProblem,
        completion: str,
        deadline: float | None = None,
        *,
        finish_reason: FinishReason = "stop",
    ) -> Verdict:
        """The verdict of one completion, as `verifiers.judge`. Raises as `score`."""
        asked = ScoreProblem.model_validate(problem.model_dump())
        said = ScoredCompletion(text=completion, finish_reason=finish_reason)
        item = ScoreItem(id="0", problem=asked, completion=said)
        return (await self.score([item], deadline_seconds=deadline))[0]

    async def score(self, items: Sequence[ScoreItem], *, deadline_seconds: float | None = None) -> list[Verdict]:
        """One verdict per item, in order.

        `deadline_seconds` from now nobody waits any more: the service is told, and what it has not judged by then is
        `error`, masked ("deadline").

        Raises:
            ValueError: two items have the same id.
            RewardServiceError: a request was refused, or answered with something that does not fit it.
            RewardServiceUnavailable: nothing was scored for `max_wait_seconds`.
        """
        return [result.verdict for result in await self.results(items, deadline_seconds=deadline_seconds)]

    async def results(
        self, items: Sequence[ScoreItem], *, deadline_seconds: float | None = None, tries: int = 1
    ) -> list[ScoreResult]:
        """As `score`, with the ids of the stored verdicts.

        An answer at which a judge fails, not for good, is judged up to `tries` times, with pauses.
        """
        if len({item.id for item in items}) != len(items):
            raise ValueError("two items have the same id: give every item its own")
        expires = float("inf") if deadline_seconds is None else time.monotonic() + deadline_seconds
        found = await self._judged(items, expires)
        pause = _FIRST_BACKOFF_SECONDS
        for _ in range(1, tries):
            failed = [index for index, result in enumerate(found) if _may_pass(result.verdict)]
            if not failed or time.monotonic() + pause > expires:
                break
            await asyncio.sleep(_jittered(pause))
            pause = min(2 * pause, _LONGEST_BACKOFF_SECONDS)
            again = await self._judged([items[index] for index in failed], expires)
            for index, result in zip(failed, again, strict=True):
                found[index] = result
        return found

    async def _judged(self, items: Sequence[ScoreItem], expires: float) -> list[ScoreResult]:
        """A result for each, in order; late ones are masked."""
        batches = self._split(items)
        if not batches:
            return []
        work = _Work(deque(enumerate(batches)), len(batches), expires)
        per_url = min(self._requests_per_url, len(batches))
        tasks = [asyncio.create_task(self._drain(url, work)) for url in self.urls for _ in range(per_url)]
        left = None if expires == float("inf") else expires - time.monotonic() + _GRACE_SECONDS
        try:
            # The first one that ends found all done, or cannot go on.
            ended, _ = await asyncio.wait(tasks, timeout=left, return_when=asyncio.FIRST_COMPLETED)
            for task in ended:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        late = Verdict.failed("deadline", "its deadline passed before a service answered")
        return [
            result
            for index, batch in enumerate(batches)
            for result in work.done.get(index, [ScoreResult(id=item.id, verdict=late) for item in batch])
        ]

    async def wait_ready(self) -> None:
        """Until every service judges. Raises as `score`."""
        for url in self.urls:
            started, backoff = time.monotonic(), _FIRST_BACKOFF_SECONDS
            while True:
                try:
                    await self._send("GET", url, "/readyz", timeout_seconds=self._timeout_seconds)
                except _Away as reason:
                    self._went_away(url, reason)
                    if self._max_wait_seconds and time.monotonic() - started > self._max_wait_seconds:
                        raise self._unavailable(str(reason)) from None
                    await asyncio.sleep(_jittered(backoff))
                    backoff = min(backoff * 2, _LONGEST_BACKOFF_SECONDS)
                else:
                    self._came_back(url)
                    break

    async def about(self, url: str) -> VerifierList:
        """What a service judges, and within which limits; read once per service and outage."""
        # Read once: another task may forget it in between.
        known = self._about.get(url)
        if known is not None:
            return known
        async with self._asking_about:
            known = self._about.get(url)
            if known is None:
                content = await self._send("GET", url, "/v1/verifiers", timeout_seconds=self._timeout_seconds)
                known = self._about[url] = _parse(url, content, VerifierList)
        return known

    def _split(self, items: Sequence[ScoreItem]) -> list[Sequence[ScoreItem]]:
        """Batches of at most `batch` items and, beyond one item, `_BATCH_CHARS` characters."""
        batches: list[Sequence[ScoreItem]] = []
        current: list[ScoreItem] = []
        chars = 0
        for item in items:
            size = len(item.completion.text)
            if item.problem is not None:
                size += len(str(item.problem.reference)) + len(str(item.problem.prompt))
            if current and (len(current) == self._batch or chars + size > _BATCH_CHARS):
                batches.append(current)
                current, chars = [], 0
            current.append(item)
            chars += size
        return [*batches, current] if current else batches

    async def _drain(self, url: str, work: _Work) -> None:
        """Take batches and send them to one URL until all are done; a batch that fails goes back for any URL."""
        backoff, patience = _FIRST_BACKOFF_SECONDS, 1.0
        while (taken := await _take(work)) is not None:
            index, batch = taken
            try:
                results = await self._post(url, batch, patience, work.expires)
            except _Away as reason:
                # A batch that needs longer than expected, say behind those of other callers, must get through one day.
                patience *= 2 if isinstance(reason, _Silent) else 1
                async with work.changed:
                    work.todo.appendleft(taken)
                    work.changed.notify_all()
                self._went_away(url, reason)
                if self._max_wait_seconds and time.monotonic() - work.last_progress > self._max_wait_seconds:
                    raise self._unavailable(str(reason)) from None
                await asyncio.sleep(max(_jittered(backoff), reason.seconds))
                backoff = min(backoff * 2, _LONGEST_BACKOFF_SECONDS)
            else:
                backoff, patience = _FIRST_BACKOFF_SECONDS, 1.0
                self._came_back(url)
                async with work.changed:
                    work.done[index] = results
                    work.missing -= 1
                    work.last_progress = time.monotonic()
                    work.changed.notify_all()

    async def _post(
        self, url: str, batch: Sequence[ScoreItem], patience: float, expires: float
    ) -> Sequence[ScoreResult]:
        body = ScoreRequest(items=tuple(batch)).model_dump_json(exclude_none=True).encode()
        judging = await self._judging_seconds(url, batch) * self._requests_per_url
        timeout = (self._timeout_seconds + judging) * patience
        headers = {}
        if (left := expires - time.monotonic()) < float("inf"):
            headers["x-deadline-ms"] = str(max(int(left * 1000), 1))
            timeout = min(timeout, max(left, 0.001) + _GRACE_SECONDS)
        content = await self._send("POST", url, "/v1/score", body, headers, timeout_seconds=timeout)
        results = _parse(url, content, ScoreResponse).results
        if [result.id for result in results] != [item.id for item in batch]:
            raise RewardServiceError(
                f"{url} answered {len(results)} results that are not those of the {len(batch)} items"
            )
        return results

    async def _judging_seconds(self, url: str, batch: Sequence[ScoreItem]) -> float:
        """The longest that these answers keep the judges of a service busy: both tries, shared by its workers."""
        about = await self.about(url)
        limits = {info.name: info.limit_seconds for info in about.verifiers}
        # One answer in a batch that takes as long as it may is what happens; all of them do not.
        longest = max(
            (limits.get(item.problem.verifier, about.deadline_seconds) if item.problem else about.deadline_seconds)
            for item in batch
        )
        return 2 * (longest + about.deadline_seconds * len(batch) / about.workers)

    async def _send(
        self,
        method: str,
        url: str,
        path: str,
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
        *,
        timeout_seconds: float,
    ) -> bytes:
        """The body of a 200. Raises _Away, or RewardServiceError with the server's message."""
        timeout = httpx.Timeout(timeout_seconds, connect=min(5.0, timeout_seconds), pool=None)
        try:
            headers = self._authorized.get(url, {}) | (headers or {})
            response = await self._http.request(method, url + path, content=body, headers=headers, timeout=timeout)
        except httpx.ReadTimeout as error:
            raise _Silent(f"no answer within {timeout_seconds:g} s") from error
        except (httpx.TransportError, OSError) as error:
            raise _Away(f"{type(error).__name__}: {error}") from error
        if response.status_code == 200:
            return response.content
        message = f"HTTP {response.status_code} {response.text[:1000]}"
        if response.status_code in _COME_AGAIN:
            after = response.headers.get("retry-after", "")
            raise _Away(message, float(after) if after.isdigit() else 0.0)
        raise RewardServiceError(f"{url}{path}: {message}")

    def _unavailable(self, reason: str) -> RewardServiceUnavailable:
        return RewardServiceUnavailable(
            f"no reward service at {', '.join(self.urls)} for {self._max_wait_seconds:g} s ({reason}): start one with "
            "`python -m services`, or raise max_wait_seconds"
        )

    def _went_away(self, url: str, reason: _Away) -> None:
        # It may come back with other settings.
        self._about.pop(url, None)
        if url not in self._outages:
            self._outages[url] = time.monotonic()
            self._on_wait(f"reward service {url} is away ({reason}); waiting for it")

    def _came_back(self, url: str) -> None:
        since = self._outages.pop(url, None)
        if since is not None:
            self._on_wait(f"reward service {url} is back after {time.monotonic() - since:.1f} s")


async def _take(work: _Work) -> tuple[int, Sequence[ScoreItem]] | None:
    """The next batch; None once all are done. After the deadline none is begun."""
    async with work.changed:
        await work.changed.wait_for(lambda: not work.missing or (work.todo and time.monotonic() < work.expires))
        return work.todo.popleft() if work.missing else None


def _may_pass(verdict: Verdict) -> bool:
    return verdict.mask_sample and verdict.failure_kind not in LASTING_FAILURES


def _jittered(seconds: float) -> float:
    """Clients that were sent away together come back apart."""
    return seconds * random.uniform(0.5, 1.5)


def _parse(url: str, content: bytes, model: type[_Reply]) -> _Reply:
    try:
        return model.model_validate_json(content)
    except ValidationError as error:
        raise RewardServiceError(
            f"{url} answered with something that is no {model.__name__}; is it a reward service of this version? "
            f"({error.error_count()} problems, first: {error.errors(include_input=False)[0]['msg']})"
        ) from None
