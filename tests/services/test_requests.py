"""Ids of requests, the access log, probes by HEAD, and how large headers may be."""

from __future__ import annotations

import contextlib
import json
import re
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from reward_process import Service, items

MADE = re.compile(r"[0-9a-f]{32}")
KIB = 1 << 10
KEY = "a-key-of-an-orchestrator-0123456789abcdef"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    running = Service(tmp_path_factory.mktemp("requests"), "--workers", "1")
    running.wait_ready()
    yield running
    code, errors = running.end()
    assert code == 0, errors
    assert "Traceback" not in errors
    # Nobody asked for the log.
    assert "request_id" not in errors


def ask(service: Service, method: str, path: str, given: str | None = None, **more: Any) -> httpx.Response:
    headers = {} if given is None else {"x-request-id": given}
    return httpx.request(method, service.url + path, headers=headers, trust_env=False, timeout=60, **more)


@pytest.mark.parametrize(
    "given",
    [
        *("a", "7", "019ab3c4-d5e6-7f8a-9b0c-d1e2f3a4b5c6", "step:12/rollout:7", "a.b_c~d", "QUJD+/==", "x" * 128),
        *("team@host", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
    ],
)
def test_a_sane_id_comes_back(service: Service, given: str) -> None:
    assert ask(service, "GET", "/healthz", given).headers.get_list("x-request-id") == [given]
    refused = ask(service, "POST", "/v1/score", given, json={"items": [{}]})
    assert (refused.status_code, refused.headers["x-request-id"]) == (422, given)
    assert refused.json()["request_id"] == given


@pytest.mark.parametrize(
    "given",
    [
        *("", "x" * 129, "two words", 'a"b', "a\tb", "<script>", "a;b", "a,b", "{}", "a\\b", "%0d%0a", "ü", "a'b"),
        *("a(b)", "a|b", "a&b", "a?b", "a#b", "$(id)", "`id`", "a*b"),
    ],
)
def test_another_one_is_replaced(service: Service, given: str) -> None:
    reply = httpx.get(
        service.url + "/nowhere", headers=[(b"x-request-id", given.encode("latin-1"))], trust_env=False, timeout=60
    )
    assert MADE.fullmatch(reply.headers["x-request-id"])
    assert reply.json() == {"detail": "Not Found", "request_id": reply.headers["x-request-id"]}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nowhere", 404),
        ("PUT", "/v1/score", 405),
        ("POST", "/v1/score", 415),
        ("GET", "/v1/verdicts/nothing", 404),
        ("POST", "/get_reward", 415),
        ("POST", "/slime", 415),
        ("POST", "/run_code", 415),
        ("POST", "/test_program", 415),
        ("POST", "/api/check", 415),
        ("POST", "/verify", 415),
    ],
)
def test_every_error_names_its_request(service: Service, method: str, path: str, status: int) -> None:
    first, second = ask(service, method, path), ask(service, method, path)
    for reply in (first, second):
        assert reply.status_code == status
        assert MADE.fullmatch(reply.headers["x-request-id"])
        assert reply.json()["request_id"] == reply.headers["x-request-id"]
    assert first.headers["x-request-id"] != second.headers["x-request-id"]


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_probes_may_ask_with_head(service: Service, path: str) -> None:
    reply = ask(service, "HEAD", path)
    assert (reply.status_code, reply.content) == (200, b"")
    assert int(reply.headers["content-length"]) > 0


def test_the_access_log_has_a_line_for_each_request_and_nothing_that_is_secret(tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REWARD_ACCESS_LOG", "true")
        patch.setenv("REWARD_ADMIN_KEY", KEY)
        running = Service(tmp_path, "--workers", "1", "--processes", "2", "--auth", "required")
    url = running.wait_ready()
    body = {"items": [item.model_dump() for item in items(2)]}
    headers = {"authorization": f"Bearer {KEY}", "x-request-id": "mine"}
    with httpx.Client(base_url=url, trust_env=False, timeout=60) as http:
        assert http.post("/v1/score?key=secret&answer=42", json=body, headers=headers).status_code == 200
        refused = http.post("/v1/score", json=body, headers={"authorization": "Bearer wrong-key"})
        assert refused.status_code == 401
        lost = http.get("/samples/an-id?text=secret", headers={"x-request-id": "a b"})
    code, errors = running.end()
    assert code == 0, errors
    assert not [told for told in ("secret", "an-id", "wrong-key", "answer", KEY, "a b") if told in errors]
    lines = [json.loads(line) for line in errors.splitlines() if line.startswith("{")]
    assert [set(line) for line in lines] == [{"at", "method", "route", "status", "ms", "request_id", "key"}] * 3
    assert all(line["ms"] >= 0 for line in lines)
    assert [(line["method"], line["route"], line["status"], line["request_id"], line["key"]) for line in lines] == [
        ("POST", "/v1/score", 200, "mine", "admin"),
        ("POST", "/v1/score", 401, refused.headers["x-request-id"], None),
        ("GET", "/samples/{verdict_id}", lost.status_code, lost.headers["x-request-id"], None),
    ]


def framed(size: int, *, ends: str = "", count: int = 1) -> bytes:
    """A request of a probe whose target and headers are so large, as the limit counts, in so many headers."""
    host = b"host: 127.0.0.1\r\n" + ends.encode()
    left = size - len("/healthz") - (len(host) if host else 0)
    each = left // count
    padding = b"".join(b"x: " + b"y" * (each - 5) + b"\r\n" for _ in range(count - 1))
    padding += b"x: " + b"y" * (left - each * (count - 1) - 5) + b"\r\n"
    return b"GET /healthz HTTP/1.1\r\n" + host + padding + b"\r\n"


def answers(service: Service, *parts: bytes) -> list[int]:
    """The statuses that come back for what is sent, until the connection is closed."""
    with contextlib.closing(socket.create_connection(("127.0.0.1", service.port), timeout=20)) as made:
        with contextlib.suppress(ConnectionError):
            for part in parts:
                made.sendall(part)
        got = b""
        with contextlib.suppress(ConnectionError):
            while part := made.recv(1 << 16):
                got += part
    return [int(found) for found in re.findall(rb"HTTP/1\.1 (\d{3}) ", got)]


@pytest.mark.parametrize(
    ("size", "count", "status"),
    [
        (1 * KIB, 1, 200),
        (60_000, 1, 200),
        (60_000, 100, 200),
        (64 * KIB, 1, 200),
        (64 * KIB, 50, 200),
        (64 * KIB + 1, 1, 431),
        (64 * KIB + 1, 50, 431),
        (70_000, 1, 431),
        (70_000, 1000, 431),
        (100_000, 1, 431),
        (100_000, 30, 431),
        (100_000, 5000, 431),
        (120_000, 2, 431),
    ],
)
def test_headers_are_taken_up_to_their_limit(service: Service, size: int, count: int, status: int) -> None:
    sent = framed(size, ends="connection: close\r\n", count=count)
    assert answers(service, sent) == [status]
    # However they arrive.
    assert answers(service, *(sent[start : start + 9000] for start in range(0, len(sent), 9000))) == [status]


def test_what_is_far_too_large_is_cut_off_on_the_way(service: Service) -> None:
    for size in (200_000, 1 << 20):
        # Who still sends may lose the answer with the connection.
        assert answers(service, framed(size, ends="connection: close\r\n", count=3)) in ([431], [])


def test_each_request_of_a_connection_has_the_limit_for_itself(service: Service) -> None:
    last = framed(60_000, ends="connection: close\r\n")
    assert answers(service, framed(60_000) * 3 + last) == [200] * 4
    assert answers(service, framed(60_000) + framed(100_000) + last) == [200, 431]
    assert answers(service, framed(1000) * 100 + framed(64 * KIB + 1)) == [200] * 100 + [431]


def test_a_long_target_counts(service: Service) -> None:
    for size, status in ((60_000, 200), (70_000, 431)):
        target = b"/healthz?" + b"x" * size
        sent = b"GET " + target + b" HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n"
        assert answers(service, sent) == [status]


def test_bodies_are_no_headers(service: Service) -> None:
    body = json.dumps({"items": [item.model_dump() for item in items(2)]}).encode() + b" " * (1 << 20)
    head = b"POST /v1/score HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\nconnection: close\r\n"
    assert answers(service, head + b"content-length: %d\r\n\r\n" % len(body) + body) == [200]
    pieces = b"".join(
        b"%x\r\n%b\r\n" % (len(body[n : n + 5000]), body[n : n + 5000]) for n in range(0, len(body), 5000)
    )
    assert answers(service, head + b"transfer-encoding: chunked\r\n\r\n" + pieces + b"0\r\n\r\n") == [200]
