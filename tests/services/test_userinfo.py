"""Keys in URLs: HTTP Basic opens scoring and nothing else, and userinfo is in no message, log or manifest."""

from __future__ import annotations

import base64
import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from canary import GOLD, GOLD_AS_ANSWERED
from reward_process import Service

from services import keys
from services.adapters.no_score import NoScore
from services.adapters.verl import compute_score
from services.client import RewardClient, RewardServiceError
from services.store import Store
from services.userinfo import basic_key, taken_from


@pytest.mark.parametrize(
    ("url", "clean", "key"),
    [
        ("http://x:rk_1@h:8300", "http://h:8300", "rk_1"),
        ("http://rk_1@h:8300/path", "http://h:8300/path", "rk_1"),
        ("http://:rk_1@h", "http://h", "rk_1"),
        ("http://rk_1:@h", "http://h", "rk_1"),
        ("https://x:a%40b%2Fc@h", "https://h", "a@b/c"),
        ("http://x:a@b@h", "http://h", "a@b"),
        ("http://x:rk@[::1]:8300", "http://[::1]:8300", "rk"),
        ("http://@h", "http://h", ""),
        ("http://h:8300", "http://h:8300", ""),
        ("http://h/a@b", "http://h/a@b", ""),
    ],
)
def test_urls(url: str, clean: str, key: str) -> None:
    assert taken_from(url) == (clean, key)


@pytest.mark.parametrize(
    ("plain", "key"),
    [("x:rk_1", "rk_1"), ("rk_1:", "rk_1"), ("rk_1", "rk_1"), (":rk_1", "rk_1"), ("x:a:b", "a:b"), ("", ""), (":", "")],
)
def test_credentials(plain: str, key: str) -> None:
    assert basic_key(base64.b64encode(plain.encode()).decode()) == key


@pytest.mark.parametrize("credentials", ["", "?", "rk_1", "eA", "//8=", "\u00e9"])
def test_what_is_no_credentials(credentials: str) -> None:
    assert basic_key(credentials) == ""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("userinfo")


@pytest.fixture(scope="module")
def key(folder: Path) -> str:
    store = Store(f"sqlite:///{folder}/reward.db")
    made = keys.make(store, "all", "team", keys.SCOPES)
    store.close()
    return made


@pytest.fixture(scope="module")
def service(folder: Path, key: str) -> Iterator[Service]:
    running = Service(folder, "--workers", "1", "--auth", "required")
    running.wait_ready()
    yield running
    code, errors = running.end()
    assert code == 0, errors
    assert key not in errors


LABEL = {"expected_answer": "42"}
SAID = {"output": [{"type": "message", "content": [{"type": "output_text", "text": "\\boxed{42}"}]}]}
SCORING: dict[str, Any] = {
    "/v1/score": {"items": [{"id": "0", "problem": {"reference": {"answer": "42"}}, "completion": {"text": "42"}}]},
    "/get_reward": {"query": ["\\boxed{42}"], "prompts": [""], "labels": ["42"]},
    "/slime": {"prompt": "?", "response": "\\boxed{42}", "label": "42"},
    "/run_code": {"code": "print(1)", "language": "python"},
    "/test_program": {"program": "x = 1", "tests": [], "max_execution_time": 1},
    "/verify": {"responses_create_params": {"input": "?"}, "response": SAID, **LABEL},
    "/seed_session": {},
    "/aggregate_metrics": {"verify_responses": []},
}


@pytest.mark.parametrize("path", SCORING)
@pytest.mark.parametrize("userinfo", ["x:{}", "{}", ":{}"])
def test_basic_scores(service: Service, key: str, path: str, userinfo: str) -> None:
    url = f"http://{userinfo.format(key)}@127.0.0.1:{service.port}{path}"
    assert httpx.post(url, json=SCORING[path], trust_env=False, timeout=60).status_code == 200
    wrong = httpx.post(url.replace(key, "rk_wrong"), json=SCORING[path], trust_env=False, timeout=60)
    assert (wrong.status_code, wrong.headers["www-authenticate"]) == (401, 'Bearer realm="reward service"')


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"),
        ("GET", "/samples"),
        ("GET", "/samples/" + "0" * 28),
        ("GET", "/compare"),
        ("POST", "/samples/" + "0" * 28 + "/again"),
        ("GET", "/v1/verdicts/" + "0" * 28),
        ("GET", "/v1/verifiers"),
        ("POST", "/v1/problems"),
        ("POST", "/v1/rescore"),
        ("GET", "/metrics"),
    ],
)
def test_basic_opens_nothing_else(service: Service, key: str, method: str, path: str) -> None:
    url = f"http://x:{key}@127.0.0.1:{service.port}{path}"
    refused = httpx.request(method, url, json={} if method == "POST" else None, trust_env=False, timeout=60)
    # Pages send to their form for a key; none lets a browser ask.
    assert refused.status_code in (303, 400, 401, 403, 415), refused.text
    assert "basic" not in refused.headers.get("www-authenticate", "").lower()
    assert key not in refused.text


def test_our_clients_take_the_key_out_of_the_url(service: Service, key: str) -> None:
    url = f"http://x:{key}@127.0.0.1:{service.port}"
    assert compute_score("x", rf"\boxed{{{GOLD_AS_ANSWERED}}}", GOLD, url=url)["score"] == 1.0
    with RewardClient([url]) as client:
        assert client.urls == (service.url,)
    with pytest.raises(NoScore, match="401") as raised:
        compute_score("x", "1", "1", url=url.replace(key, "rk_secret"))
    assert "rk_secret" not in str(raised.value)


def test_no_message_of_an_outage_holds_it() -> None:
    said: list[str] = []
    url = "http://x:rk_secret@127.0.0.1:9"
    with (
        RewardClient([url], on_wait=said.append, max_wait_seconds=0.1) as client,
        pytest.raises(RewardServiceError) as raised,
    ):
        client.wait_ready()
    assert said and "rk_secret" not in f"{said}{raised.value}"


@pytest.mark.parametrize("hosts", [["127.0.0.1", "127.0.0.1"], ["127.0.0.1", "evil.example"], ["localhost", ""]])
def test_two_hosts_are_refused(service: Service, key: str, hosts: list[str]) -> None:
    body = json.dumps(SCORING["/slime"])
    lines = ["POST /slime HTTP/1.1", *(f"Host: {host}" for host in hosts), f"Authorization: Bearer {key}"]
    lines += ["Content-Type: application/json", f"Content-Length: {len(body)}", "Connection: close", "", body]
    with socket.create_connection(("127.0.0.1", service.port), timeout=30) as connection:
        connection.sendall("\r\n".join(lines).encode())
        answer = connection.makefile("rb").read()
    assert answer.startswith(b"HTTP/1.1 400")
