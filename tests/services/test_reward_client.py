"""The client against servers that misbehave: it waits or it raises, and it never makes up a verdict."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from services.client import RewardClient, RewardServiceError, RewardServiceUnavailable
from services.schemas import ScoreItem

ABOUT = {"verifiers": [], "user_functions": [], "workers": 2, "deadline_seconds": 5.0, "limits": {}}
RIGHT = {"status": "correct", "reward": 1.0}
Answer = Callable[[dict[str, Any]], tuple[int, Any]]


@contextmanager
def server(answer: Answer, about: dict[str, Any] | None = None) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.reply(200, about or ABOUT)

        def do_POST(self) -> None:
            self.reply(*answer(json.loads(self.rfile.read(int(self.headers["content-length"])))))

        def reply(self, status: int, reply: Any) -> None:
            content = json.dumps(reply).encode()
            self.send_response(status)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: Any) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"http://127.0.0.1:{http.server_port}"
        finally:
            http.shutdown()
            thread.join()


def items(count: int) -> list[ScoreItem]:
    return [
        ScoreItem.model_validate({"id": str(index), "problem": {"reference": {}}, "completion": {"text": ""}})
        for index in range(count)
    ]


def honest(request: dict[str, Any]) -> tuple[int, Any]:
    results = [{"id": item["id"], "verdict": RIGHT | {"detail": item["id"]}} for item in request["items"]]
    return 200, {"results": results, "verifier_versions": {}}


def test_batches_come_back_in_order() -> None:
    sizes: list[int] = []

    def answer(request: dict[str, Any]) -> tuple[int, Any]:
        sizes.append(len(request["items"]))
        return honest(request)

    with server(answer) as url, RewardClient([url], batch=10) as client:
        verdicts = client.score(items(95))
    assert [verdict.detail for verdict in verdicts] == [str(index) for index in range(95)]
    assert sorted(sizes) == [5] + [10] * 9


@pytest.mark.parametrize("status", [502, 503, 429])
def test_it_waits_through_an_outage_and_says_so_once(status: int) -> None:
    calls: list[int] = []
    said: list[str] = []

    def answer(request: dict[str, Any]) -> tuple[int, Any]:
        calls.append(1)
        return (status, {"detail": "come again"}) if len(calls) <= 3 else honest(request)

    with server(answer) as url, RewardClient([url], on_wait=said.append, requests_per_url=1) as client:
        assert client.score(items(1))[0].reward == 1.0
    assert len(calls) == 4
    assert [url in line for line in said] == [True, True]
    assert f"is away (HTTP {status}" in said[0]
    assert "come again" in said[0]
    assert "is back after" in said[1]


@pytest.mark.parametrize(("deadline", "calls"), [(0.001, 3), (1.0, 1)])
def test_its_patience_fits_the_judges_and_grows(deadline: float, calls: int) -> None:
    """Within twice the deadline per answer it does not ask again; beyond that, each time it waits twice as long."""
    begun: list[int] = []

    def answer(request: dict[str, Any]) -> tuple[int, Any]:
        begun.append(1)
        time.sleep(1.5)
        return honest(request)

    about = ABOUT | {"workers": 1, "deadline_seconds": deadline}
    with (
        server(answer, about) as url,
        RewardClient([url], timeout_seconds=0.5, requests_per_url=1, on_wait=lambda line: None) as client,
    ):
        assert client.score(items(1))[0].reward == 1.0
    assert len(begun) == calls


def test_another_service_takes_over() -> None:
    said: list[str] = []
    with server(honest) as url, RewardClient(["http://127.0.0.1:9", url], batch=5, on_wait=said.append) as client:
        assert [verdict.detail for verdict in client.score(items(50))] == [str(index) for index in range(50)]
    assert all("http://127.0.0.1:9 is away" in line for line in said)


def test_a_refusal_is_raised_with_the_servers_message() -> None:
    with (
        server(lambda request: (422, {"detail": "the remedy"})) as url,
        RewardClient([url]) as client,
        pytest.raises(RewardServiceError, match=r"HTTP 422 .*the remedy"),
    ):
        client.score(items(1))


@pytest.mark.parametrize(
    "reply",
    [
        {},
        [],
        {"results": [], "verifier_versions": {}},
        {"results": [{"id": "0", "verdict": RIGHT}], "verifier_versions": {}},
        {"results": [{"id": "1", "verdict": RIGHT}, {"id": "0", "verdict": RIGHT}], "verifier_versions": {}},
        {"results": [{"id": "0", "verdict": RIGHT}] * 2, "verifier_versions": {}},
        {
            "results": [{"id": "0", "verdict": RIGHT}, {"id": "1", "verdict": {"status": "correct", "reward": 0.0}}],
            "verifier_versions": {},
        },
        {
            "results": [{"id": "0", "verdict": RIGHT}, {"id": "1", "verdict": {"status": "error", "reward": 0.0}}],
            "verifier_versions": {},
        },
    ],
)
def test_an_answer_that_does_not_fit_is_an_error(reply: Any) -> None:
    with server(lambda request: (200, reply)) as url, RewardClient([url]) as client, pytest.raises(RewardServiceError):
        client.score(items(2))


def test_it_gives_up_only_when_told_to() -> None:
    said: list[str] = []
    with RewardClient(["http://127.0.0.1:9"], max_wait_seconds=0.5, on_wait=said.append) as client:
        with pytest.raises(RewardServiceUnavailable, match="raise max_wait_seconds"):
            client.score(items(3))
        with pytest.raises(RewardServiceUnavailable, match="python -m services"):
            client.wait_ready()
    assert len(said) == 1


def test_a_failing_listener_stops_the_call() -> None:
    def fail(message: str) -> None:
        raise RuntimeError("no log")

    with RewardClient(["http://127.0.0.1:9"], on_wait=fail) as client, pytest.raises(RuntimeError, match="no log"):
        client.score(items(1))


def test_arguments() -> None:
    with pytest.raises(ValueError, match="at least one URL"):
        RewardClient([])
    with pytest.raises(ValueError, match="list"):
        RewardClient("http://127.0.0.1:8300")
    with pytest.raises(ValueError, match="at least 1"):
        RewardClient(["http://127.0.0.1:8300"], batch=0)


@pytest.mark.parametrize(("kind", "asked"), [("worker", [["0", "1"], ["1"], ["1"]]), ("bad_reference", [["0", "1"]])])
def test_what_a_judge_failed_at_is_asked_again(kind: str, asked: list[list[str]]) -> None:
    """Only that, and only where it may help."""
    seen: list[list[str]] = []
    failed = {"status": "error", "reward": None, "mask_sample": True, "failure_kind": kind, "failure_reason": "why"}

    def answer(request: dict[str, Any]) -> tuple[int, Any]:
        seen.append([item["id"] for item in request["items"]])
        fails = len(seen) < 3
        results = [
            {"id": item["id"], "verdict": failed if fails and item["id"] == "1" else RIGHT} for item in request["items"]
        ]
        return 200, {"results": results, "verifier_versions": {}}

    with server(answer) as url, RewardClient([url]) as client:
        found = client.results(items(2), tries=5)
    assert seen == asked
    assert [result.verdict.reward for result in found] == [1.0, 1.0 if len(asked) == 3 else None]


def test_nobody_waits_for_a_service_beyond_the_deadline() -> None:
    with RewardClient(["http://127.0.0.1:9"], on_wait=lambda _: None) as client:
        began = time.monotonic()
        verdicts = client.score(items(3), deadline_seconds=0.5)
    assert [verdict.failure_kind for verdict in verdicts] == ["deadline"] * 3
    assert time.monotonic() - began < 2.5


@pytest.mark.parametrize(("slow", "rewards"), [(3.0, [1.0, None, None]), (1.3, [1.0, 1.0, 1.0])])
def test_what_is_there_by_the_deadline_counts(slow: float, rewards: list[float | None]) -> None:
    """And what a service judged in time may arrive a moment later."""

    def answer(request: dict[str, Any]) -> tuple[int, Any]:
        time.sleep(0.0 if request["items"][0]["id"] == "0" else slow)
        return honest(request)

    with server(answer) as url, RewardClient([url], batch=1, requests_per_url=3) as client:
        verdicts = client.score(items(3), deadline_seconds=1.0)
    assert [verdict.reward for verdict in verdicts] == rewards
    assert [verdict.failure_kind for verdict in verdicts] == [None if reward else "deadline" for reward in rewards]
