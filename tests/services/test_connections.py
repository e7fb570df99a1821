"""Connections: too many of them, and clients that do not take their answers."""

from __future__ import annotations

import contextlib
import json
import socket
import time
from collections.abc import Iterator

import httpx
import pytest
from reward_process import Service, items

JUDGE = """
import time


def slow(completion, reference):
    time.sleep(0.2)
    return 1.0
"""


@pytest.fixture(scope="module")
def judge(tmp_path_factory: pytest.TempPathFactory) -> str:
    file = tmp_path_factory.mktemp("judge") / "judge.py"
    file.write_text(JUDGE, encoding="ascii")
    return f"{file}:slow"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, judge: str) -> Iterator[Service]:
    running = Service(
        tmp_path_factory.mktemp("connections"),
        *("--workers", "1", "--user-function", judge),
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


def request(content: bytes, *headers: str) -> bytes:
    lines = [
        "POST /v1/score HTTP/1.1",
        "Host: 127.0.0.1",
        "content-type: application/json",
        f"content-length: {len(content)}",
        *headers,
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + content


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
    asked = {"items": [item.model_dump() for item in items(4, judge)]}
    # The answer is larger than what two sockets hold.
    asked["items"][0]["id"] = "x" * 8_000_000
    with contextlib.closing(connect(service, receive_bytes=4096)) as silent:
        silent.sendall(request(json.dumps(asked).encode(), "accept: application/x-ndjson"))
        deadline = time.monotonic() + 30
        while 'reward_verdicts_total{status="correct",verifier="user"} 4.0' not in (listed := metrics(service)):
            assert time.monotonic() < deadline, listed
            time.sleep(0.1)
        assert "reward_backlog_seconds 0.0" in listed
        # Cut off: of the answer there is what the two sockets held.
        time.sleep(5)
        got = 0
        while part := silent.recv(1 << 20):
            got += len(part)
    assert got < 8_000_000


def test_who_reads_slowly_gets_all_of_it(service: Service) -> None:
    """Longer than the two seconds in which something has to be taken."""
    asked = {"items": [item.model_dump() for item in items(2)]}
    asked["items"][0]["id"] = "x" * 8_000_000
    with contextlib.closing(connect(service, receive_bytes=1 << 16)) as slow:
        slow.sendall(request(json.dumps(asked).encode(), "connection: close"))
        began, got = time.monotonic(), 0
        while part := slow.recv(1 << 18):
            got += len(part)
            time.sleep(0.05)
    assert got > 8_000_000
    assert time.monotonic() - began > 3


def test_hanging_up_in_a_stream_frees_the_judges(service: Service, judge: str) -> None:
    asked = {"items": [item.model_dump() for item in items(200, judge)]}
    headers = {"accept": "application/x-ndjson"}
    with httpx.stream("POST", f"{service.url}/v1/score", json=asked, headers=headers, trust_env=False) as response:
        assert next(response.iter_lines())
    began = time.monotonic()
    one = {"items": [items(1)[0].model_dump()]}
    assert httpx.post(f"{service.url}/v1/score", json=one, trust_env=False, timeout=30).status_code == 200
    # All of it would have taken 40 s.
    assert time.monotonic() - began < 10
