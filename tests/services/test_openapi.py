"""The OpenAPI document holds what the service does: schemathesis asks it thousands of things, fuzzed bodies more."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import canary
import httpx
import pytest
from canary import GOLD
from reward_process import Service

from services import compat, native, openapi

SEED = 7


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    running = Service(tmp_path_factory.mktemp("openapi"), "--workers", "2")
    running.wait_ready()
    yield running
    assert httpx.get(running.url + "/readyz", trust_env=False, timeout=60).status_code == 200
    code, errors = running.end()
    assert code == 0, errors
    assert "Traceback" not in errors, errors


def test_schemathesis_finds_no_5xx_and_no_schema_violation(service: Service, tmp_path: Path) -> None:
    # Something to be found: a problem that is registered, and a verdict on a wrong answer to it.
    asked = {"reference": {"answer": GOLD}}
    item = {"id": "a", "problem": asked, "completion": {"text": "The answer is 1"}}
    for path, sent in (("problems", {"problems": [asked]}), ("score", {"items": [item]})):
        assert httpx.post(f"{service.url}/v1/{path}", json=sent, trust_env=False, timeout=60).status_code == 200
    everything = tmp_path / "everything.yaml"
    checks = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
    done = subprocess.run(
        [
            *(str(Path(sys.executable).with_name("schemathesis")), "run", f"{service.url}/openapi.json"),
            *("--checks", checks, "--max-examples", "60", "--seed", str(SEED), "--mode", "all"),
            *("--phases", "examples,coverage,fuzzing", "--request-timeout", "60", "--no-color"),
            *("--report-vcr-path", str(everything), "--output-sanitize", "false"),
        ],
        capture_output=True,
        text=True,
        timeout=500,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    told = everything.read_bytes()
    assert told.count(b"verdict_id") > 50
    canary.check("schemathesis", told)


def test_ten_thousand_fuzzed_bodies(service: Service) -> None:
    """Mutations of a valid body: an answer of the documented kind every time."""
    rng = Random(SEED)
    reference = {"answer": GOLD}
    item = {
        "id": "a",
        "problem": {"reference": reference},
        "completion": {"text": "\\boxed{1}", "finish_reason": "stop"},
    }
    seen: dict[int, int] = {}
    headers = {"content-type": "application/json"}
    with httpx.Client(trust_env=False, timeout=60, headers=headers) as http:
        for number in range(10_000):
            path = ("/v1/score", "/v1/score", "/v1/problems", "/v1/rescore")[number % 4]
            body = {"items": [item], "problems": [item["problem"]], "verdict_ids": ["x"]}
            key = {"/v1/score": "items", "/v1/problems": "problems", "/v1/rescore": "verdict_ids"}[path]
            content = _mutated(json.dumps({key: body[key]}).encode(), rng)
            response = http.post(service.url + path, content=content)
            seen[response.status_code] = seen.get(response.status_code, 0) + 1
            assert response.status_code in (200, 404, 413, 415, 422), (content, response.text)
            assert "detail" in response.json() or response.status_code == 200
    assert seen[200] > 50 and seen[422] > 5_000


def _mutated(body: bytes, rng: Random) -> bytes:
    made = bytearray(body)
    for _ in range(rng.randint(0, 3)):
        at, length = rng.randrange(len(made) + 1), rng.randint(1, 8)
        kind = rng.randrange(5)
        if kind == 0:
            made[at : at + length] = rng.randbytes(length)
        elif kind == 1:
            del made[at : at + length]
        elif kind == 2:
            made[at:at] = rng.choice(
                [b"[", b"{", b'"', b"null", b"1e999", b"\\ud800", b"\\u0000", b"-0", b"NaN", b"\xff"]
            )
        elif kind == 3:
            made[at:at] = made[at : at + length] * rng.randint(2, 50)
        else:
            made = bytearray(_swapped(bytes(made), rng))
    return bytes(made)


def _swapped(body: bytes, rng: Random) -> bytes:
    """A value of another type somewhere, where it is still JSON."""
    try:
        value = json.loads(body)
    except ValueError:
        return body
    strange: list[Any] = [None, 0, -1, 1e300, True, "", [], {}, [[]], "x" * 1000, {"a": {"b": []}}]
    holder = value
    while isinstance(holder, dict | list) and holder:
        key = rng.choice(list(holder)) if isinstance(holder, dict) else rng.randrange(len(holder))
        if not isinstance(holder[key], dict | list) or rng.random() < 0.3:
            holder[key] = rng.choice(strange)
            break
        holder = holder[key]
    return json.dumps(value).encode()


def test_the_first_fault_of_a_list_ends_it(service: Service) -> None:
    """Or a body of two megabytes has a million faults, each of a kilobyte; of fields there may be many all the same."""
    assert native.router.routes and compat.routers, "the routes are there, which name the bodies"
    for body in openapi._bodies.values():
        assert list(_listed(body.__pydantic_core_schema__)) == []
    fields = ",".join(f'"x{number}":1' for number in range(200_000))
    began = time.monotonic()
    headers = {"content-type": "application/json"}
    answer = httpx.post(
        f"{service.url}/v1/score", content=f'{{"items":[],{fields}}}', headers=headers, trust_env=False, timeout=60
    )
    assert answer.status_code == 422 and "200001 faults" in answer.json()["detail"]
    assert time.monotonic() - began < 10


def _listed(schema: Any) -> Iterator[str]:
    """Kinds of list in a schema that collect the faults of their items."""
    if isinstance(schema, dict):
        is_list = schema.get("type") in ("list", "tuple", "set", "frozenset")
        if is_list and not schema.get("fail_fast") and schema.get("items_schema") != {"type": "any"}:
            yield str(schema)[:200]
        for inner in schema.values():
            yield from _listed(inner)
    elif isinstance(schema, list | tuple):
        for inner in schema:
            yield from _listed(inner)
