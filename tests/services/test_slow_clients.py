"""A thousand clients that say little or nothing: the others are served, and the service lets each of them go."""

from __future__ import annotations

import contextlib
import json
import os
import resource
import selectors
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from canary import GOLD
from reward_process import Service

CLIENTS, DEAF = 1000, 8
READ_SECONDS = 4
HEAD = b"POST /v1/score HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n"
# What each kind of client sends at first; the last two go on with a byte now and then.
KINDS = {
    "silent": b"",
    "half a header": HEAD[:-10],
    "half a body": HEAD + b"content-length: 100\r\n\r\n" + b"{" + b" " * 49,
    "a trickling header": HEAD + b"x-more: ",
    "a trickling body": HEAD + b"content-length: 100000\r\n\r\n{",
}


def item(number: int, text: str = r"\boxed{1}") -> dict[str, Any]:
    return {"id": str(number), "problem": {"reference": {"answer": GOLD}}, "completion": {"text": text}}


@pytest.fixture
def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    """It has little patience, and may have a file open for every client, as this process may."""
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 3 * CLIENTS
    if limits[0] < wanted:
        if limits[1] < wanted:
            pytest.skip(f"needs {wanted} open files, and the hard limit is {limits[1]}: raise it (ulimit -Hn)")
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, limits[1]))
    monkeypatch.setenv("REWARD_READ_SECONDS", str(READ_SECONDS))
    running = Service(tmp_path, "--workers", "1")
    running.wait_ready()
    yield running
    code, errors = running.end()
    resource.setrlimit(resource.RLIMIT_NOFILE, limits)
    assert code == 0, errors
    assert "Traceback" not in errors


def test_slow_and_half_open_clients_do_not_stop_the_others(service: Service) -> None:
    def ask(number: int) -> float:
        began = time.monotonic()
        # A connection of its own each time.
        response = httpx.post(f"{service.url}/v1/score", json={"items": [item(number)]}, trust_env=False, timeout=60)
        assert response.json()["results"][0]["verdict"]["status"] == "wrong"
        return time.monotonic() - began

    # What the service opens once and keeps is open from now on.
    with ThreadPoolExecutor(16) as threads:
        usual = max(threads.map(ask, range(200)))
    files = Path(f"/proc/{service.server()}/fd")
    before = _settled(files)
    with contextlib.ExitStack() as stack:
        for _ in range(DEAF):
            stack.enter_context(_deaf(service.port))
        slow: dict[socket.socket, tuple[str, float]] = {}
        for number in range(CLIENTS):
            kind = list(KINDS)[number % len(KINDS)]
            client = stack.enter_context(socket.create_connection(("127.0.0.1", service.port), timeout=30))
            client.sendall(KINDS[kind])
            slow[client] = kind, time.monotonic()
        connected = 0
        stop = threading.Event()
        with ThreadPoolExecutor(2) as threads:
            threads.submit(_trickle, [client for client, (kind, _) in slow.items() if "trickling" in kind], stop)
            watching = threads.submit(_until_let_go, dict(slow))
            try:
                taken: list[float] = []
                while not watching.done():
                    taken.append(ask(len(taken)))
                    connected = max(connected, len(os.listdir(files)) - before)
                    time.sleep(0.02)
            finally:
                stop.set()
        left = watching.result()
    assert connected >= CLIENTS, "it refused some of them at once"
    # It lasts for as long as the slow ones are let in.
    assert len(taken) > 20 and max(taken) < max(2.0, 10 * usual), (len(taken), max(taken), usual)
    assert not left, f"not let go within {READ_SECONDS} s and some more: {left}"
    deadline = time.monotonic() + 15
    while (opened := len(os.listdir(files))) > before:
        assert time.monotonic() < deadline, f"{opened} files are open, {before} were"
        time.sleep(0.1)


@contextlib.contextmanager
def _deaf(port: int) -> Iterator[socket.socket]:
    """A client that sends a whole request for a stream, and reads nothing of it."""
    body = json.dumps({"items": [item(number) for number in range(1024)]}).encode()
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect(("127.0.0.1", port))
        client.sendall(HEAD + b"accept: application/x-ndjson\r\ncontent-length: %d\r\n\r\n" % len(body) + body)
        yield client


def _trickle(clients: list[socket.socket], stop: threading.Event) -> None:
    """A byte now and then."""
    while not stop.wait(0.5):
        for client in clients:
            with contextlib.suppress(OSError):
                client.send(b" ")


def _until_let_go(clients: dict[socket.socket, tuple[str, float]]) -> dict[str, int]:
    """Until the service has closed each, or told it that it was too slow (408); how many of each kind are left."""
    told = dict.fromkeys(clients, b"")
    with selectors.DefaultSelector() as selector:
        for each in clients:
            selector.register(each, selectors.EVENT_READ)
        while clients and time.monotonic() < min(began for _, began in clients.values()) + 2 * READ_SECONDS + 4:
            for client in [key.fileobj for key, _ in selector.select(1)]:
                assert isinstance(client, socket.socket)
                try:
                    reply = client.recv(4096)
                except ConnectionResetError:
                    reply = b""
                told[client] += reply
                assert not told[client] or told[client].startswith(b"HTTP/1.1 408 "), told[client]
                if not reply or told[client].endswith(b"}"):
                    selector.unregister(client)
                    del clients[client]
    kinds = [kind for kind, _ in clients.values()]
    return {kind: kinds.count(kind) for kind in set(kinds)}


def _settled(files: Path) -> int:
    """How many files are open, once that has not changed for a second."""
    seen = [len(os.listdir(files))]
    while len(seen) < 10 or len(set(seen[-10:])) > 1:
        assert len(seen) < 200, seen
        time.sleep(0.1)
        seen.append(len(os.listdir(files)))
    return seen[-1]
