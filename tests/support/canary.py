"""What no answer and no log line of the service may hold: expected answers, hidden tests, and API keys.

`watch` searches the headers and the body of every response of httpx and requests, also of a stream as it is read. Gold
may be told to a key that was named by `may_see_gold`; an API key to nobody.
"""

from __future__ import annotations

import importlib.util
import re
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from http.cookies import SimpleCookie
from typing import Any

import httpx
import pytest

from services.access import COOKIE

GOLD = "31415926"
"""The expected answer, or a part of the hidden tests, wherever nobody may be told."""
GOLD_AS_ANSWERED = "31{,}415{,}926"
"""The same number in a right answer: a verdict repeats what it read there, which is no leak."""

_GOLD = re.compile(GOLD.encode())
_KEY = re.compile(rb"rk_[A-Za-z0-9_-]{43}")
# Shown once by design, when a new store has no keys yet.
_FIRST_KEY = re.compile(rb"^services: a first key, [^:\n]*: rk_[A-Za-z0-9_-]{43}$", re.MULTILINE)
# Longer than whatever is searched for: it may begin in one piece of a body and end in the next.
_OVERLAP = 64

_privileged: set[str] = set()
_hits: list[str] = []


class Leak(AssertionError):
    """Something was told that must not be."""


def may_see_gold(key: str) -> str:
    """The same key, which has the scope `privileged-why` or `admin`."""
    assert _KEY.fullmatch(key.encode()), "no API key"
    _privileged.add(key)
    return key


def taken() -> list[str]:
    """What was found since it was last asked."""
    found = list(_hits)
    _hits.clear()
    return found


def check_log(text: str) -> None:
    """Raises Leak for gold or a key in what the service wrote; the line of a first key may stand there once."""
    content = _FIRST_KEY.sub(b"", text.encode("utf-8", "surrogatepass"), count=1)
    if told := _told(content):
        raise Leak(f"a log holds {', '.join(told)}")


def check(where: str, content: bytes, key: str = "") -> None:
    """Raises Leak, and remembers it, when this must not be shown to who has this key."""
    if told := _told(content, gold=key not in _privileged):
        _hits.append(f"{where} holds {', '.join(told)}")
        raise Leak(_hits[-1])


def _told(content: bytes, *, gold: bool = True) -> list[str]:
    """Each thing in a text that must not be told, with what stands around it; `gold`: whether that is one of them."""
    found = [("a key", match) for match in _KEY.finditer(content)]
    if gold:
        found += [("gold", match) for match in _GOLD.finditer(content)]
    return [f"{what}: {content[max(match.start() - 60, 0) : match.end() + 20]!r}" for what, match in found[:3]]


def key_of(headers: Mapping[str, str]) -> str:
    """The key of a request, as the service reads it."""
    kind, _, key = headers.get("authorization", "").partition(" ")
    if kind.lower() == "bearer":
        return key.strip()
    cookie = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
    return cookie.value if cookie else ""


class _Search:
    """Through one response: its headers now, its body as the pieces come."""

    def __init__(self, method: str, path: str, asked: Mapping[str, str], told: Iterable[tuple[str, str]]) -> None:
        self._where, self._key, self._end = f"the response to {method} {path}", key_of(asked), b""
        for name, value in told:
            # A login gives the browser the key that it sent, as a cookie.
            if (method, path, name.lower()) != ("POST", "/login", "set-cookie"):
                check(f"{self._where}: header {name}", value.encode(), self._key)
            if name.lower() == "content-encoding":
                raise Leak(f"{self._where} is compressed, so it was not searched")

    def look(self, piece: bytes) -> bytes:
        check(self._where, self._end + piece, self._key)
        self._end = (self._end + piece)[-_OVERLAP:]
        return piece


class _Stream(httpx.SyncByteStream):
    def __init__(self, stream: Any, search: _Search) -> None:
        self._stream, self._search = stream, search

    def __iter__(self) -> Iterator[bytes]:
        yield from map(self._search.look, self._stream)

    def close(self) -> None:
        self._stream.close()


class _AsyncStream(httpx.AsyncByteStream):
    def __init__(self, stream: Any, search: _Search) -> None:
        self._stream, self._search = stream, search

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for piece in self._stream:
            yield self._search.look(piece)

    async def aclose(self) -> None:
        await self._stream.aclose()


@contextmanager
def watch() -> Iterator[None]:
    """Until it ends, every response is searched."""
    handle, handle_async = httpx.HTTPTransport.handle_request, httpx.AsyncHTTPTransport.handle_async_request

    def search(request: httpx.Request, response: httpx.Response) -> _Search:
        return _Search(request.method, request.url.path, request.headers, response.headers.multi_items())

    def watched(self: httpx.HTTPTransport, request: httpx.Request) -> httpx.Response:
        response = handle(self, request)
        response.stream = _Stream(response.stream, search(request, response))
        return response

    async def watched_async(self: httpx.AsyncHTTPTransport, request: httpx.Request) -> httpx.Response:
        response = await handle_async(self, request)
        response.stream = _AsyncStream(response.stream, search(request, response))
        return response

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(httpx.HTTPTransport, "handle_request", watched)
        patch.setattr(httpx.AsyncHTTPTransport, "handle_async_request", watched_async)
        if importlib.util.find_spec("requests"):
            _watch_requests(patch)
        yield


def _watch_requests(patch: pytest.MonkeyPatch) -> None:
    """Some clients of others use requests."""
    from requests import PreparedRequest, Response
    from requests.adapters import HTTPAdapter

    send = HTTPAdapter.send

    def watched(self: HTTPAdapter, request: PreparedRequest, *arguments: Any, **options: Any) -> Response:
        response = send(self, request, *arguments, **options)
        path = request.path_url.partition("?")[0]
        asked = {name.lower(): str(value) for name, value in request.headers.items()}
        _Search(str(request.method), path, asked, response.headers.items()).look(response.content)
        return response

    patch.setattr(HTTPAdapter, "send", watched)
