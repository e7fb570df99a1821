"""Client of the reward service for code without an event loop; it is `services.async_client` on a thread of its own."""

from __future__ import annotations

import asyncio
import functools
import os
import threading
from collections.abc import AsyncGenerator, Coroutine, Sequence
from concurrent.futures import Future
from types import TracebackType
from typing import Any, Self, TypeVar

from services.async_client import AsyncRewardClient, RewardServiceError, RewardServiceUnavailable
from services.schemas import ScoreItem, ScoreProblem, ScoreResult
from verifiers.types import FinishReason, Problem, Verdict

__all__ = ["AsyncRewardClient", "RewardClient", "RewardServiceError", "RewardServiceUnavailable"]

URL_SETTING = "RLCORE_REWARD_URL"
KEY_SETTING = "RLCORE_REWARD_KEY"
DEFAULT_URL = "http://127.0.0.1:8300"

_T = TypeVar("_T")

_async_clients: dict[
    asyncio.AbstractEventLoop, dict[tuple[str, str], tuple[AsyncRewardClient, AsyncGenerator[None, None]]]
] = {}


def url_of(url: str) -> str:
    """This one, or where trainers on this machine find the service: from their environment."""
    return url or os.environ.get(URL_SETTING, DEFAULT_URL)


def key_of(key: str) -> str:
    """This one, or what opens the service: from the environment."""
    return key or os.environ.get(KEY_SETTING, "")


def shared_client(url: str, key: str) -> RewardClient:
    """One for each process (a fork does not take a client's thread along); from the environment where empty."""
    return _shared_client(os.getpid(), url_of(url), key_of(key))


async def shared_async_client(url: str, key: str) -> AsyncRewardClient:
    """One for each event loop, which closes it at its end: what it costs to make (TLS) and connections are shared."""
    loop = asyncio.get_running_loop()
    # Other threads have loops of their own, and do the same.
    for other in tuple(_async_clients):
        if other.is_closed():
            _async_clients.pop(other, None)
    clients = _async_clients.setdefault(loop, {})
    name = (url_of(url), key_of(key))
    if name not in clients:
        client = AsyncRewardClient([name[0]], key=name[1])
        open_one = _open_until_the_end(client)
        clients[name] = client, open_one
        await anext(open_one)
    return clients[name][0]


async def _open_until_the_end(client: AsyncRewardClient) -> AsyncGenerator[None, None]:
    # A loop that ends closes the generators that were begun in it (`shutdown_asyncgens`).
    try:
        yield
    finally:
        await client.close()


class RewardClient:
    """As `AsyncRewardClient`, which describes the arguments; every call waits. Thread-safe.

    `on_wait` is called on the client's own thread.
    """

    def __init__(self, urls: Sequence[str], **options: Any) -> None:
        # Before a thread is started: wrong arguments leave nothing behind.
        self._client = AsyncRewardClient(urls, **options)
        self.urls = self._client.urls
        self._loop = asyncio.new_event_loop()
        # A daemon: a client that nobody closes keeps no interpreter from ending.
        self._thread = threading.Thread(target=self._loop.run_forever, name="reward-client", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections and end the thread. May be called twice."""
        if self._loop.is_closed():
            return
        self._wait(self._client.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def judge(
        self,
        problem: Problem | ScoreProblem,
        completion: str,
        deadline: float | None = None,
        *,
        finish_reason: FinishReason = "stop",
    ) -> Verdict:
        """See `AsyncRewardClient.judge`."""
        return self._wait(self._client.judge(problem, completion, deadline, finish_reason=finish_reason))

    def score(self, items: Sequence[ScoreItem], *, deadline_seconds: float | None = None) -> list[Verdict]:
        """See `AsyncRewardClient.score`."""
        return [result.verdict for result in self.results(items, deadline_seconds=deadline_seconds)]

    def results(
        self, items: Sequence[ScoreItem], *, deadline_seconds: float | None = None, tries: int = 1
    ) -> list[ScoreResult]:
        """See `AsyncRewardClient.results`."""
        return self._wait(self._client.results(items, deadline_seconds=deadline_seconds, tries=tries))

    def submit(self, items: Sequence[ScoreItem]) -> Future[list[ScoreResult]]:
        """`results` under way; for an event loop, `asyncio.wrap_future` makes it one to wait for."""
        return asyncio.run_coroutine_threadsafe(self._client.results(items), self._loop)

    def wait_ready(self) -> None:
        """See `AsyncRewardClient.wait_ready`."""
        self._wait(self._client.wait_ready())

    def _wait(self, work: Coroutine[Any, Any, _T]) -> _T:
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result()
        except BaseException:
            # Ctrl-C: the requests end too.
            future.cancel()
            raise


@functools.cache
def _shared_client(process: int, url: str, key: str) -> RewardClient:
    return RewardClient([url], key=key)
