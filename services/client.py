"""Client of the reward service. It waits for a service that is away and never makes up a verdict."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self, TypeVar

import httpx
from pydantic import ValidationError

from services.schemas import ScoreItem, ScoreRequest, ScoreResponse, VerifierList
from verifiers.types import Verdict

_FIRST_BACKOFF_SECONDS = 0.2
_LONGEST_BACKOFF_SECONDS = 5.0
_BATCH_CHARS = 8_000_000
_Reply = TypeVar("_Reply", ScoreResponse, VerifierList)


class RewardServiceError(RuntimeError):
    """The service refused a request (4xx) or gave an answer that does not fit it; waiting would not help."""


class RewardServiceUnavailable(RewardServiceError):
    """No service answered for `max_wait_seconds`."""


class _Away(Exception):
    """No answer, or 5xx or 429: worth another try."""


class _Silent(_Away):
    """Connected, but no answer in time."""


@dataclass
class _Work:
    """The batches of one `score` call, shared by its threads."""

    todo: deque[tuple[int, Sequence[ScoreItem]]]
    missing: int
    changed: threading.Condition = field(default_factory=threading.Condition)
    done: dict[int, list[Verdict]] = field(default_factory=dict)
    error: BaseException | None = None
    last_progress: float = field(default_factory=time.monotonic)

    def over(self) -> bool:
        return self.error is not None or not self.missing


class RewardClient:
    """Scores answers on one or more reward services; thread-safe.

    Args:
        urls: `http://host:port` of each service. Batches go to whichever is free; proxies of the environment are not
            used.
        batch: items per request.
        max_wait_seconds: give up when nothing has been scored for so long while services are away; 0 waits for ever.
        on_wait: told once per outage of a service and once when it is back.
        requests_per_url: requests in flight per service; 2 keep its judges busy while an answer travels.
        timeout_seconds: longest silence of a service within one request, on top of the time that its judges may take
            for it (two tries at every answer in flight). The request is then sent again, with twice the patience.
    """

    def __init__(
        self,
        urls: Sequence[str],
        *,
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
        self.urls = tuple(url.rstrip("/") for url in urls)
        self._batch = batch
        self._max_wait_seconds = max_wait_seconds
        self._on_wait = on_wait
        self._requests_per_url = requests_per_url
        self._timeout_seconds = timeout_seconds
        self._http = httpx.Client(trust_env=False, limits=httpx.Limits(max_connections=None))
        # Longest time per answer that the judges of a URL take, for the URLs that were asked.
        self._seconds_per_item: dict[str, float] = {}
        self._outages: dict[str, float] = {}
        self._outages_lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def score(self, items: Sequence[ScoreItem]) -> list[Verdict]:
        """One verdict per item, in order.

        Raises:
            ValueError: two items have the same id.
            RewardServiceError: a request was refused, or answered with something that does not fit it.
            RewardServiceUnavailable: nothing was scored for `max_wait_seconds`.
        """
        if len({item.id for item in items}) != len(items):
            raise ValueError("two items have the same id: give every item its own")
        batches = list(self._split(items))
        work = _Work(deque(enumerate(batches)), len(batches))
        threads = [
            threading.Thread(target=self._drain, args=(url, work), name=f"score-{url}", daemon=True)
            for url in self.urls
            for _ in range(min(self._requests_per_url, len(batches)))
        ]
        for thread in threads:
            thread.start()
        try:
            with work.changed:
                work.changed.wait_for(work.over)
        except BaseException as error:
            # Ctrl-C: the threads see it and end.
            work.error = error
            raise
        if work.error is not None:
            raise work.error
        return [verdict for index in range(len(batches)) for verdict in work.done[index]]

    def wait_ready(self) -> None:
        """Until every service answers its health check. Raises as `score`."""
        for url in self.urls:
            started, backoff = time.monotonic(), _FIRST_BACKOFF_SECONDS
            while True:
                try:
                    self._send("GET", f"{url}/healthz", timeout_seconds=self._timeout_seconds)
                except _Away as reason:
                    self._went_away(url, reason)
                    if self._max_wait_seconds and time.monotonic() - started > self._max_wait_seconds:
                        raise self._unavailable(str(reason)) from None
                    time.sleep(backoff)
                    backoff = min(backoff * 2, _LONGEST_BACKOFF_SECONDS)
                else:
                    self._came_back(url)
                    break

    def _split(self, items: Sequence[ScoreItem]) -> list[Sequence[ScoreItem]]:
        """Batches of at most `batch` items and, beyond one item, `_BATCH_CHARS` characters."""
        batches: list[Sequence[ScoreItem]] = []
        current: list[ScoreItem] = []
        chars = 0
        for item in items:
            size = len(item.completion.text)
            if current and (len(current) == self._batch or chars + size > _BATCH_CHARS):
                batches.append(current)
                current, chars = [], 0
            current.append(item)
            chars += size
        return [*batches, current] if current else batches

    def _drain(self, url: str, work: _Work) -> None:
        """A thread of `score`: hands its failures to the caller."""
        try:
            self._take_and_send(url, work)
        except BaseException as error:
            with work.changed:
                work.error = work.error or error
                work.changed.notify_all()

    def _take_and_send(self, url: str, work: _Work) -> None:
        """Take batches and send them to one URL until all are done; a batch that fails goes back for any URL."""
        backoff, patience = _FIRST_BACKOFF_SECONDS, 1.0
        while True:
            with work.changed:
                work.changed.wait_for(lambda: work.todo or work.over())
                if work.over():
                    return
                index, batch = work.todo.popleft()
            try:
                verdicts = self._post(url, batch, patience)
            except _Away as reason:
                # A batch that needs longer than expected, say behind those of other callers, must get through one day.
                patience *= 2 if isinstance(reason, _Silent) else 1
                with work.changed:
                    work.todo.appendleft((index, batch))
                    work.changed.notify_all()
                    silent = time.monotonic() - work.last_progress
                self._went_away(url, reason)
                if self._max_wait_seconds and silent > self._max_wait_seconds:
                    raise self._unavailable(str(reason)) from None
                with work.changed:
                    work.changed.wait_for(work.over, timeout=backoff)
                backoff = min(backoff * 2, _LONGEST_BACKOFF_SECONDS)
            else:
                backoff, patience = _FIRST_BACKOFF_SECONDS, 1.0
                self._came_back(url)
                with work.changed:
                    work.done[index] = verdicts
                    work.missing -= 1
                    work.last_progress = time.monotonic()
                    work.changed.notify_all()

    def _post(self, url: str, batch: Sequence[ScoreItem], patience: float) -> list[Verdict]:
        body = ScoreRequest(items=tuple(batch)).model_dump_json().encode()
        judging = self._item_seconds(url) * len(batch) * self._requests_per_url
        content = self._send(
            "POST", f"{url}/v1/score", body, timeout_seconds=(self._timeout_seconds + judging) * patience
        )
        results = _parse(url, content, ScoreResponse).results
        if [result.id for result in results] != [item.id for item in batch]:
            raise RewardServiceError(
                f"{url} answered {len(results)} results that are not those of the {len(batch)} items"
            )
        return [result.verdict for result in results]

    def _item_seconds(self, url: str) -> float:
        """The longest that one answer keeps the judges of a service busy: both tries, shared by its workers."""
        # Read once: another thread may forget it in between.
        seconds = self._seconds_per_item.get(url)
        if seconds is None:
            content = self._send("GET", f"{url}/v1/verifiers", timeout_seconds=self._timeout_seconds)
            about = _parse(url, content, VerifierList)
            seconds = self._seconds_per_item[url] = 2 * about.deadline_seconds / about.workers
        return seconds

    def _send(self, method: str, url: str, body: bytes | None = None, *, timeout_seconds: float) -> bytes:
        """The body of a 200. Raises _Away, or RewardServiceError with the server's message."""
        timeout = httpx.Timeout(timeout_seconds, connect=5.0, pool=None)
        headers = {"content-type": "application/json"}
        try:
            response = self._http.request(method, url, content=body, headers=headers, timeout=timeout)
        except httpx.ReadTimeout as error:
            raise _Silent(f"no answer within {timeout_seconds:g} s") from error
        except (httpx.TransportError, OSError) as error:
            raise _Away(f"{type(error).__name__}: {error}") from error
        if response.status_code == 200:
            return response.content
        message = f"HTTP {response.status_code} {response.text[:1000]}"
        if response.status_code >= 500 or response.status_code == 429:
            raise _Away(message)
        raise RewardServiceError(f"{url}: {message}")

    def _unavailable(self, reason: str) -> RewardServiceUnavailable:
        return RewardServiceUnavailable(
            f"no reward service at {', '.join(self.urls)} for {self._max_wait_seconds:g} s ({reason}): start one with "
            "`python -m services`, or raise max_wait_seconds"
        )

    def _went_away(self, url: str, reason: _Away) -> None:
        # It may come back with other settings.
        self._seconds_per_item.pop(url, None)
        with self._outages_lock:
            first = url not in self._outages
            self._outages.setdefault(url, time.monotonic())
        if first:
            self._on_wait(f"reward service {url} is away ({reason}); waiting for it")

    def _came_back(self, url: str) -> None:
        with self._outages_lock:
            since = self._outages.pop(url, None)
        if since is not None:
            self._on_wait(f"reward service {url} is back after {time.monotonic() - since:.1f} s")


def _parse(url: str, content: bytes, model: type[_Reply]) -> _Reply:
    try:
        return model.model_validate_json(content)
    except ValidationError as error:
        raise RewardServiceError(
            f"{url} answered with something that is no {model.__name__}; is it a reward service of this version? "
            f"({error.error_count()} problems, first: {error.errors(include_input=False)[0]['msg']})"
        ) from None
