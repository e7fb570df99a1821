"""Connections: too many of them, and clients that do not take their answers."""

from __future__ import annotations

import contextlib
import json
import os
import resource
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from reward_process import Service, items

JUDGE = """
import time

from verifiers.types import Status, Verdict


def slow(completion, reference):
    time.sleep(0.2)
    return 1.0


def wordy(completion, reference):
    return Verdict.of(Status.CORRECT, detail="x" * 100_000)
"""


@pytest.fixture(scope="module")
def judge(tmp_path_factory: pytest.TempPathFactory) -> str:
    file = tmp_path_factory.mktemp("judge") / "judge.py"
    file.write_text(JUDGE, encoding="ascii")
    return str(file)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, judge: str) -> Iterator[Service]:
    running = Service(
        tmp_path_factory.mktemp("connections"),
        *("--workers", "1", "--user-function", f"{judge}:slow", "--user-function", f"{judge}:wordy"),
        *("--read-seconds", "2", "--max-connections", "8"),
    )
    running.wait_ready()
    yield running
    code, errors = running.end()
    assert code == 0, errors
    assert "Traceback" not in errors


def connect(service: Service, receive_bytes: int = 0) -> socket.socket:
    made = socket.socket()
    if receive_bytes:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
    made.connect(("127.0.0.1", service.port))
    return made


def request(content: bytes, *headers: str, path: str = "/v1/score") -> bytes:
    lines = [
        f"POST {path} HTTP/1.1",
        "Host: 127.0.0.1",
        "content-type: application/json",
        f"content-length: {len(content)}",
        *headers,
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + content


def sockets(service: Service) -> int:
    """That its server has open."""
    count = 0
    for each in Path(f"/proc/{service.server()}/fd").iterdir():
        # It may close one between the two looks.
        with contextlib.suppress(FileNotFoundError):
            count += os.readlink(each).startswith("socket:")
    return count


def metrics(service: Service) -> str:
    return httpx.get(f"{service.url}/metrics", trust_env=False, timeout=30).text


def test_one_connection_too_many_is_told_when_to_come_again_and_probes_pass(service: Service) -> None:
    with contextlib.ExitStack() as stack:
        held = [stack.enter_context(contextlib.closing(connect(service))) for _ in range(8)]
        with httpx.Client(trust_env=False, base_url=service.url) as http:
            refused = http.get("/v1/verifiers")
            assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
            assert "fewer connections" in refused.json()["detail"]
            for probe in ("/healthz", "/readyz", "/metrics"):
                assert http.get(probe, timeout=30).status_code == 200
        # They sent nothing; after their two seconds the places are free again.
        assert all(each.recv(1) == b"" for each in held)
    assert httpx.get(f"{service.url}/v1/verifiers", trust_env=False).status_code == 200


def test_who_does_not_read_holds_up_nobody(service: Service, judge: str) -> None:
    """Neither judges nor memory: what was asked is judged and kept, and the connection is cut."""
    # The answer, of ten megabytes, is larger than what two sockets hold.
    asked = {"items": [item.model_dump() for item in items(100, f"{judge}:wordy")]}
    # With its judge there.
    one = {"items": asked["items"][:1]}
    assert httpx.post(f"{service.url}/v1/score", json=one, trust_env=False, timeout=60).status_code == 200
    before = sockets(service)
    with contextlib.closing(connect(service, receive_bytes=4096)) as silent:
        silent.sendall(request(json.dumps(asked).encode(), "accept: application/x-ndjson"))
        deadline = time.monotonic() + 60
        while 'reward_verdicts_total{status="correct",verifier="user"} 101.0' not in (listed := metrics(service)):
            assert time.monotonic() < deadline, listed
            time.sleep(0.1)
        assert "reward_backlog_seconds 0.0" in listed
        time.sleep(5)
        assert sockets(service) <= before


def test_who_reads_slowly_gets_all_of_it(service: Service) -> None:
    """Longer than the two seconds in which something has to be taken."""
    # This protocol repeats whatever id it is given.
    asked = {"snippets": [{"id": "x" * 8_000_000, "code": "theorem t (p : Prop) (h : p) : p := h"}]}
    with contextlib.closing(connect(service, receive_bytes=1 << 16)) as slow:
        slow.sendall(request(json.dumps(asked).encode(), "connection: close", path="/api/check"))
        began, got = time.monotonic(), 0
        while part := slow.recv(1 << 18):
            got += len(part)
            time.sleep(0.05)
    assert got > 8_000_000
    assert time.monotonic() - began > 3


def test_headers_and_trailers_without_end_are_refused(service: Service) -> None:
    trailers = request(b"", "transfer-encoding: chunked").replace(b"content-length: 0\r\n", b"") + b"0\r\n"
    for head in (b"GET /healthz HTTP/1.1\r\nx: ", b"GET /healthz HTTP/1.1\r\n" + b"a: b\r\n" * 10_000, trailers):
        with contextlib.closing(connect(service)) as endless:
            sent = 0
            with contextlib.suppress(ConnectionError):
                endless.sendall(head)
                while sent < 64 << 20:
                    sent += endless.send(b"x: yyyyyyyyyyyyyyyyyyyyyyyyyy\r\n" * 1000)
            assert sent < 16 << 20
    with contextlib.closing(connect(service)) as large:
        large.sendall(b"GET /healthz HTTP/1.1\r\nhost: 127.0.0.1\r\nx: " + b"y" * (400 << 10))
        assert large.recv(4096).startswith(b"HTTP/1.1 431 ")


def test_whoever_has_said_nothing_for_longest_makes_room(service: Service) -> None:
    """So that a probe gets through among any number of idle connections."""
    with contextlib.ExitStack() as stack:
        for _ in range(300):
            stack.enter_context(contextlib.closing(connect(service)))
        assert httpx.get(f"{service.url}/healthz", trust_env=False, timeout=10).status_code == 200
        assert sockets(service) < 200
    with contextlib.ExitStack() as stack:
        # Those that asked something once, and keep the connection.
        for _ in range(100):
            stack.enter_context(contextlib.closing(kept := connect(service)))
            kept.sendall(b"GET /healthz HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n")
            assert kept.recv(4096).startswith(b"HTTP/1.1 200")


def test_uploads_that_are_broken_off_leave_no_trace(service: Service) -> None:
    """The service's log is looked at when it has ended."""
    for _ in range(50):
        with contextlib.closing(connect(service)) as broken:
            broken.sendall(request(b"x" * 100)[:-50])
    one = {"items": [items(1)[0].model_dump()]}
    deadline = time.monotonic() + 30
    while (answer := httpx.post(f"{service.url}/v1/score", json=one, trust_env=False, timeout=30)).status_code != 200:
        # Some of them are open still.
        assert answer.status_code == 503 and time.monotonic() < deadline
        time.sleep(0.1)


def test_what_a_shutdown_breaks_off_may_come_again(judge: str, tmp_path: Path) -> None:
    running = Service(tmp_path, "--workers", "1", "--user-function", f"{judge}:slow")
    url = running.wait_ready()
    asked = {"items": [item.model_dump() for item in items(300, f"{judge}:slow")]}
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(httpx.post, f"{url}/v1/score", json=asked, trust_env=False, timeout=120)
        while "reward_backlog_seconds 0.0" in metrics(running):
            time.sleep(0.05)
        # Its patience is 20 s; the work takes a minute.
        running.process.terminate()
        answer = waiting.result()
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    code, errors = running.ended()
    assert code == 0 and "Traceback" not in errors, errors


def test_hanging_up_in_a_stream_frees_the_judges(service: Service, judge: str) -> None:
    asked = {"items": [item.model_dump() for item in items(200, f"{judge}:slow")]}
    headers = {"accept": "application/x-ndjson"}
    with httpx.stream("POST", f"{service.url}/v1/score", json=asked, headers=headers, trust_env=False) as response:
        assert next(response.iter_lines())
    began = time.monotonic()
    one = {"items": [items(1)[0].model_dump()]}
    assert httpx.post(f"{service.url}/v1/score", json=one, trust_env=False, timeout=30).status_code == 200
    # All of it would have taken 40 s.
    assert time.monotonic() - began < 10


def test_fewer_connections_than_open_files_allow(tmp_path: Path) -> None:
    """It starts all the same, and says what to raise."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    arguments = ("--workers", "1", "--max-connections", "1000000")
    running = Service(tmp_path, *arguments)
    # Read by its server, which it starts later.
    resource.prlimit(running.process.pid, resource.RLIMIT_NOFILE, (min(soft, 1000), 1000))
    running.wait_ready()
    with httpx.Client(base_url=running.url, trust_env=False) as client:
        assert client.get("/healthz").status_code == 200
    code, errors = running.end()
    assert code == 0
    assert "1000 files open, enough for 424 connections of a process: raise the limit (ulimit -Hn 1000576)" in errors
    assert resource.getrlimit(resource.RLIMIT_NOFILE) == (soft, hard)
