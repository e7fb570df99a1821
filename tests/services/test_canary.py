"""The search for expected answers and keys does find them, wherever a service could let one out."""

from __future__ import annotations

import asyncio
import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import canary
import httpx
import pytest

KEY = "rk_" + secrets.token_urlsafe(32)
WHY = canary.may_see_gold("rk_" + secrets.token_urlsafe(32))
GOLD = canary.GOLD.encode()


@contextmanager
def server(*pieces: bytes, **headers: str) -> Iterator[str]:
    """Tells everybody the same."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("transfer-encoding", "chunked")
            for name, value in headers.items():
                self.send_header(name.replace("_", "-"), value)
            self.end_headers()
            for piece in pieces:
                self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            self.wfile.write(b"0\r\n\r\n")

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            self.do_GET()

        def log_message(self, format: str, *args: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        # Connections that a client keeps open end nobody's test.
        http.daemon_threads = True
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"http://127.0.0.1:{http.server_port}"
        finally:
            http.shutdown()
            thread.join()


def get(url: str, key: str = "", cookie: str = "") -> str:
    headers = {"authorization": f"Bearer {key}"} if key else {}
    if cookie:
        headers["cookie"] = f"other=1; reward_key={cookie}"
    return httpx.get(url, headers=headers, trust_env=False).text


def get_async(url: str) -> str:
    async def ask() -> str:
        async with httpx.AsyncClient(trust_env=False) as http:
            return (await http.get(url)).text

    return asyncio.run(ask())


def get_lines(url: str) -> str:
    with httpx.stream("GET", url, trust_env=False) as response:
        return "".join(response.iter_lines())


def get_by_requests(url: str) -> str:
    requests = pytest.importorskip("requests")
    return str(requests.get(url, proxies={"http": ""}, timeout=30).text)


@pytest.mark.parametrize("ask", [get, get_async, get_lines, get_by_requests])
@pytest.mark.parametrize(
    "pieces", [(b'{"detail": "expected ' + GOLD + b'"}',), (b"in two 3141", b"5926 pieces"), (KEY.encode(),)]
)
def test_what_is_told_is_found_and_not_forgotten(ask: Callable[[str], str], pieces: tuple[bytes, ...]) -> None:
    with server(*pieces) as url, pytest.raises(canary.Leak, match=r"the response to GET / holds (gold|a key)"):
        ask(url)
    assert len(canary.taken()) == 1
    with server(b"3141592", b"-6", KEY[:-1].encode()) as url:
        assert ask(url).startswith("3141592-6rk_")


def test_a_header_is_searched_too() -> None:
    with server(x_answer=canary.GOLD) as url, pytest.raises(canary.Leak, match="header x-answer holds gold"):
        get(url)
    with server(set_cookie=f"reward_key={KEY}") as url:
        with pytest.raises(canary.Leak, match="header set-cookie holds a key"):
            get(url)
        assert httpx.post(f"{url}/login", data={"key": KEY}, trust_env=False).status_code == 200
    with server(content_encoding="gzip") as url, pytest.raises(canary.Leak, match="is compressed"):
        get(url)
    assert len(canary.taken()) == 2


def test_gold_is_for_privileged_keys_and_keys_are_for_nobody() -> None:
    with server(GOLD) as url:
        assert get(url, key=WHY) == get(url, cookie=WHY) == canary.GOLD
        for key, cookie in ((KEY, ""), ("", KEY), (KEY, WHY)):
            with pytest.raises(canary.Leak, match="holds gold"):
                get(url, key, cookie)
    with server(WHY.encode()) as url, pytest.raises(canary.Leak, match="holds a key"):
        get(url, key=WHY)
    assert len(canary.taken()) == 4


def test_a_log_shows_a_first_key_once_and_nothing_else() -> None:
    first = f"services: a first key, with all scopes; it is shown only now: {KEY}\n"
    canary.check_log(first + "services: ready on http://127.0.0.1:1\n")
    for bad in (first + first, f"GET / with {KEY}\n", first.replace("now: ", f"now: {WHY} "), f"{first}{canary.GOLD}"):
        with pytest.raises(canary.Leak):
            canary.check_log(bad)
