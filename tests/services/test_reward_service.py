"""The reward service as people run it: a real process on a free port, over HTTP."""

import json
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from canary import GOLD
from reward_process import Service, check, items

from services.client import RewardClient, RewardServiceError
from verifiers import registry
from verifiers.types import Problem

OURS = {"ScoreRequest", "ScoreItem", "ScoreResponse", "Problematic", "Health", "VerifierList", "StoredVerdict"}
JSON = {"content-type": "application/json"}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service that takes no user functions, as others would run it."""
    running = Service(tmp_path_factory.mktemp("service"), "--workers", "1", "--deadline", "2")
    running.wait_ready()
    yield running
    code, errors = running.end()
    assert code == 0, errors


def body(**changes: Any) -> dict[str, Any]:
    item = {"id": "a", "problem": {"reference": {"answer": GOLD}}, "completion": {"text": r"\boxed{1}"}}
    return {"items": [item | changes]}


def test_score(service: Service) -> None:
    problem = Problem(id="p", prompt="6*7?", reference={"answer": "42"}, tags=("x",))
    request = {
        "items": [
            {"id": "right", "problem": problem.model_dump(), "completion": {"text": "The answer is 42"}},
            {
                "id": "cut",
                "problem": {"reference": {"answer": "42"}},
                "completion": {"text": "4", "finish_reason": "length"},
            },
            {"id": "bad", "problem": {"reference": {}}, "completion": {"text": "The answer is 42"}},
        ]
    }
    response = httpx.post(f"{service.url}/v1/score", json=request, trust_env=False)
    assert response.status_code == 200
    results = response.json()["results"]
    assert [result["id"] for result in results] == ["right", "cut", "bad"]
    assert [result["verdict"]["status"] for result in results] == ["correct", "truncated", "error"]
    assert [result["verdict"]["reward"] for result in results] == [1.0, 0.0, None]
    assert [result["verdict"]["mask_sample"] for result in results] == [False, False, True]
    assert response.json()["verifier_versions"] == {"math": registry.version("math")}
    versions = httpx.get(f"{service.url}/v1/verifiers", trust_env=False).json()
    known = {info["name"]: info for info in versions["verifiers"]}
    assert {name: info["version"] for name, info in known.items()} == {
        name: registry.version(name) for name in registry.VERIFIERS
    }
    assert {name: info["limit_seconds"] for name, info in known.items()} == {
        "code": 600,
        "gym": 2,
        "lean": 600,
        "math": 2,
    }
    assert known["math"]["options"]["required"] == ["answer"]
    assert (versions["user_functions"], versions["workers"], versions["deadline_seconds"]) == ([], 1, 2.0)
    assert versions["limits"]["max_items"] == 1024
    assert httpx.get(f"{service.url}/healthz", trust_env=False).json() == {"status": "ok", "workers": 1}


@pytest.mark.parametrize(
    ("content", "remedy"),
    [
        ("not json", "/docs has the schema"),
        ("[]", "/docs has the schema"),
        ("{}", "items: Field required"),
        ('{"items": []}', "at least 1 item"),
        (json.dumps({"items": body()["items"] * 2}), "give every item its own"),
        (json.dumps(body(extra=1)), "items.0.extra"),
        (json.dumps(body(completion={"text": 5})), "items.0.completion.text"),
        (json.dumps(body(completion={"text": "x", "finish_reason": "eos"})), "'stop', 'length' or 'abort'"),
        (json.dumps(body(problem={"verifier": "maths", "reference": {}})), "did you mean 'math'"),
        (json.dumps(body(problem={"verifier": "j.py:f", "reference": {}})), "--user-function j.py:f"),
        (json.dumps(body(problem={"ref": {"answer": GOLD}})), "items.0.problem.ref"),
    ],
)
def test_wrong_requests_say_how_to_do_better(service: Service, content: str, remedy: str) -> None:
    response = httpx.post(f"{service.url}/v1/score", content=content.encode(), headers=JSON, trust_env=False)
    assert response.status_code == 422
    assert remedy in response.json()["detail"]


@pytest.mark.parametrize(
    ("headers", "status", "remedy"),
    [
        ({"content-type": "text/plain"}, 415, "content-type: application/json"),
        ({"content-type": ""}, 415, "content-type: application/json"),
        (JSON | {"origin": "https://page.example"}, 403, "without Origin"),
        (JSON | {"origin": "null"}, 403, "without Origin"),
        (JSON | {"origin": "http://127.0.0.1:1"}, 403, "without Origin"),
        (JSON | {"host": "page.example"}, 403, "127.0.0.1"),
        (JSON | {"host": "page.example", "origin": "http://page.example"}, 403, "127.0.0.1"),
        (JSON | {"host": "127.0.0.1.page.example"}, 403, "127.0.0.1"),
        (JSON | {"x-forwarded-for": "192.0.2.1"}, 401, "through a proxy"),
        (JSON | {"via": "1.1 proxy"}, 401, "through a proxy"),
        (JSON | {"host": "localhost:8300"}, 200, ""),
        (JSON | {"host": "[::1]:8300", "origin": "http://[::1]:8300"}, 200, ""),
        ({"content-type": "Application/JSON; charset=utf-8"}, 200, ""),
    ],
)
def test_web_pages_are_refused(service: Service, headers: dict[str, str], status: int, remedy: str) -> None:
    content = json.dumps(body()).encode()
    response = httpx.post(f"{service.url}/v1/score", content=content, headers=headers, trust_env=False)
    assert response.status_code == status
    assert remedy in response.text
    if status == 403:
        for path in ("/v1/verifiers", "/metrics"):
            assert httpx.get(service.url + path, headers=headers, trust_env=False).status_code == 403


def test_too_much_is_413(service: Service) -> None:
    too_many = {"items": [item.model_dump() for item in items(1025)]}
    response = httpx.post(f"{service.url}/v1/score", json=too_many, trust_env=False)
    assert (response.status_code, response.json()["detail"]) == (413, "1025 items: send at most 1024 in one request")

    def endless() -> Iterator[bytes]:
        for _ in range(80):
            yield b" " * (1 << 20)

    response = httpx.post(f"{service.url}/v1/score", content=endless(), headers=JSON, trust_env=False, timeout=60)
    assert response.status_code == 413
    assert "send fewer items" in response.json()["detail"]


def test_a_long_completion_is_the_answers_fault(service: Service) -> None:
    response = httpx.post(f"{service.url}/v1/score", json=body(completion={"text": "x" * 400_001}), trust_env=False)
    verdict = response.json()["results"][0]["verdict"]
    assert (verdict["status"], verdict["reward"]) == ("rejected", 0.0)


def test_expected_answers_are_not_echoed(service: Service) -> None:
    """Every response of every test here is searched (tests/support/canary.py); these go deepest into the judge."""
    for text in (r"\boxed{1}", r"\boxed{x}", "none", r"\boxed{1e999999999}", r"\boxed{9^{9^{9^9}}+x}"):
        response = httpx.post(
            f"{service.url}/v1/score", json=body(completion={"text": text}), trust_env=False, timeout=60
        )
        assert response.json()["results"][0]["verdict"]["reward"] == 0.0


def test_the_schema_of_the_body_is_published(service: Service) -> None:
    schema = httpx.get(f"{service.url}/openapi.json", trust_env=False).json()
    content = schema["paths"]["/v1/score"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    target: Any = schema
    for part in content["$ref"].removeprefix("#/").split("/"):
        target = target[part]
    reference = target["properties"]["items"]["items"]["$ref"]
    item = schema["components"]["schemas"][reference.removeprefix("#/components/schemas/")]
    assert set(item["properties"]) == {"id", "problem", "problem_id", "completion", "labels"}
    assert all("examples" in each for name, each in schema["components"]["schemas"].items() if name in OURS)


def test_the_client_scores_in_batches_over_services(service: Service) -> None:
    with RewardClient([service.url, service.url + "/"], batch=64) as client:
        client.wait_ready()
        check(client.score(items(1000)))
        assert client.score([]) == []
        with pytest.raises(RewardServiceError, match="did you mean 'math'"):
            client.score(items(3, verifier="maths"))
        with pytest.raises(ValueError, match="same id"):
            client.score(items(1) * 2)


def test_a_health_check_passes_while_requests_wait(service: Service) -> None:
    def sleeps(number: int) -> dict[str, Any]:
        text = f"```python\nimport time\ntime.sleep(0.5)\nprint({number})\n```"
        reference = {"kind": "stdin", "cases": [{"stdin": "", "stdout": str(number)}]}
        problem = {"verifier": "code", "reference": reference}
        return {"items": [{"id": "a", "problem": problem, "completion": {"text": text}}]}

    with httpx.Client(base_url=service.url, trust_env=False, timeout=60) as http, ThreadPoolExecutor(8) as threads:
        scoring = [threads.submit(http.post, "/v1/score", json=sleeps(number)) for number in range(8)]
        deadline = time.monotonic() + 30
        while "reward_backlog_seconds 0.0" in http.get("/metrics").text:
            assert time.monotonic() < deadline
        assert http.get("/healthz", timeout=2).status_code == 200
        assert not any(future.done() for future in scoring)
        assert all(future.result().json()["results"][0]["verdict"]["reward"] == 1.0 for future in scoring)


def test_a_port_in_use_is_one_line(service: Service, tmp_path: Path) -> None:
    second = Service(tmp_path, port=service.port)
    code, errors = second.ended()
    assert code == 2
    assert errors == f"services: port {service.port} on 127.0.0.1 is in use: give another --port, or 0 for a free one\n"


def test_sockets_listen_on_loopback_only(service: Service) -> None:
    with socket.socket() as probe:
        probe.settimeout(5)
        assert probe.connect_ex(("127.0.0.1", service.port)) == 0
    listening = [
        line.split()[1]
        for line in Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]
        if line.split()[3] == "0A"
    ]
    assert [address for address in listening if address.endswith(f":{service.port:04X}")] == [
        f"0100007F:{service.port:04X}"
    ]
