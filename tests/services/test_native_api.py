"""The native API: streams, registered problems, why, rescoring, keys, quotas, limits, and what is never said."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from canary import GOLD, GOLD_AS_ANSWERED, may_see_gold
from processes import gone
from reward_process import Service


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("native")


@pytest.fixture(scope="module")
def service(folder: Path) -> Iterator[Service]:
    """One that wants keys, as on a network."""
    running = Service(folder, "--workers", "1", "--auth", "required", "--store", f"sqlite:///{folder}/reward.db")
    running.wait_ready()
    yield running
    code, errors = running.end()
    assert code == 0, errors


@pytest.fixture(scope="module")
def keys(folder: Path, service: Service) -> dict[str, str]:
    made = {
        "score": ("team", "score"),
        "register": ("team", "score,register"),
        "why": ("team", "score,privileged-why"),
        "other": ("another", "score"),
        "admin": ("team", "admin"),
        "small": ("small", "score"),
    }
    found = {}
    for name, (tenant, scopes) in made.items():
        more = ["--items-per-minute", "10"] if name == "small" else []
        found[name] = _keys(folder, "add", name, "--tenant", tenant, "--scopes", scopes, *more).stdout.strip()
        if name in ("why", "admin"):
            may_see_gold(found[name])
    return found


def _keys(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "services", "keys", "--store", f"sqlite:///{folder}/reward.db", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


def ask(service: Service, key: str, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
    if key:
        headers["authorization"] = f"Bearer {key}"
    return httpx.request(method, service.url + path, json=body, headers=headers, trust_env=False, timeout=60)


def item(id_: str = "a", text: str = r"\boxed{1}", answer: str = GOLD, **problem: Any) -> dict[str, Any]:
    asked = {"verifier": "math", "reference": {"answer": answer}} | problem
    return {"id": id_, "problem": asked, "completion": {"text": text}}


def score(service: Service, key: str, *items: dict[str, Any], **headers: str) -> httpx.Response:
    return ask(service, key, "POST", "/v1/score", {"items": list(items)}, **headers)


def test_without_a_key_only_the_probes_answer(service: Service, keys: dict[str, str]) -> None:
    assert score(service, "", item()).status_code == 401
    assert score(service, "rk_wrong", item()).status_code == 401
    assert ask(service, "", "GET", "/metrics").status_code == 401
    assert ask(service, "", "GET", "/v1/verifiers").status_code == 401
    for probe in ("/healthz", "/readyz"):
        assert ask(service, "", "GET", probe).json() == {"status": "ok", "workers": 1}
    assert "reward_verdicts_total" in ask(service, keys["score"], "GET", "/metrics").text


def test_scopes_and_tenants(service: Service, keys: dict[str, str]) -> None:
    problems = {"problems": [{"reference": {"answer": "1"}}]}
    refused = ask(service, keys["score"], "POST", "/v1/problems", problems)
    assert (refused.status_code, refused.json()["detail"]) == (
        403,
        "the key 'score' lacks the scope register: ask for one that has it",
    )
    made = score(service, keys["score"], item()).json()["results"][0]
    path = f"/v1/verdicts/{made['verdict_id']}"
    assert ask(service, keys["other"], "GET", path).status_code == 404
    plain, why, admin = (ask(service, keys[name], "GET", path).json() for name in ("score", "why", "admin"))
    assert plain["reference"] is None
    assert why["reference"] == admin["reference"] == {"answer": GOLD}
    assert plain["explanation"]["headline"] == "Another answer was expected."
    assert plain["completion"] == {"text": r"\boxed{1}", "finish_reason": "stop"}


def test_a_registered_problem_is_scored_by_its_id(service: Service, keys: dict[str, str]) -> None:
    problem = {"id": "sum", "prompt": "How much?", "reference": {"answer": GOLD}}
    asked = {"problems": [problem, problem, {"reference": {"answer": ""}}]}
    answer = ask(service, keys["register"], "POST", "/v1/problems", asked)
    first, second, bad = answer.json()["problems"]
    assert first == second
    assert bad["problem_id"] is None and "empty" in bad["unjudgeable"]
    by_id = {"id": "x", "problem_id": first["problem_id"], "completion": {"text": rf"\boxed{{{GOLD_AS_ANSWERED}}}"}}
    wrong = by_id | {"id": "y", "completion": {"text": r"\boxed{3}"}}
    response = score(service, keys["score"], by_id, wrong)
    assert [result["verdict"]["reward"] for result in response.json()["results"]] == [1.0, 0.0]
    assert score(service, keys["other"], by_id).status_code == 404
    assert score(service, keys["score"], by_id | {"problem": item()["problem"]}).status_code == 422


def test_a_bad_reference_of_any_judge_is_refused_when_it_is_registered(service: Service, keys: dict[str, str]) -> None:
    tests = {"kind": "asserts", "entry_point": "f", "tests": "import no_such_module"}
    refused = [
        ({"verifier": "math", "reference": {"anser": "1"}}, 'reference needs "answer"'),
        ({"verifier": "code", "reference": {"answer": "1"}}, "reference kind"),
        ({"verifier": "code", "reference": tests}, "the tests fail without the program"),
        ({"verifier": "lean", "reference": {"statement": "1 = 1"}}, "reference statement"),
    ]
    # Weak tests are the trainer's to find: they cost runs of the sandbox.
    taken = {"verifier": "code", "reference": {"kind": "stdin", "cases": [{"stdin": "1", "stdout": ""}]}}
    asked = {"problems": [*(problem for problem, _ in refused), taken]}
    *bad, good = ask(service, keys["register"], "POST", "/v1/problems", asked).json()["problems"]
    assert good["problem_id"] and good["unjudgeable"] is None
    for answer, (_, reason) in zip(bad, refused, strict=True):
        assert answer["problem_id"] is None and reason in answer["unjudgeable"]


def test_a_stream_gives_each_line_as_it_is_judged(service: Service, keys: dict[str, str]) -> None:
    slow = {
        "id": "slow",
        "problem": {
            "verifier": "code",
            "reference": {"kind": "stdin", "cases": [{"stdin": "", "stdout": "1"}]},
        },
        "completion": {"text": "```python\nimport time\ntime.sleep(1)\nprint(1)\n```"},
    }
    headers = {"accept": "application/x-ndjson", "authorization": f"Bearer {keys['score']}"}
    arrived = []
    with httpx.stream(
        "POST",
        service.url + "/v1/score",
        json={"items": [item("fast", "The answer is 5", "5"), slow]},
        headers=headers,
        trust_env=False,
        timeout=60,
    ) as response:
        assert response.headers["content-type"] == "application/x-ndjson"
        for line in response.iter_lines():
            arrived.append((time.monotonic(), json.loads(line)))
    assert [line["id"] for _, line in arrived] == ["fast", "slow"]
    assert [line["verdict"]["reward"] for _, line in arrived] == [1.0, 1.0]
    assert arrived[1][0] - arrived[0][0] > 0.5


def test_the_same_answer_is_judged_once_and_kept_apart_by_tenant(service: Service, keys: dict[str, str]) -> None:
    text = r"so it is \boxed{77}"
    first = score(service, keys["score"], item("a", text), item("b", text)).json()["results"]
    again = score(service, keys["score"], item("c", text)).json()["results"][0]
    other = score(service, keys["other"], item("a", text)).json()["results"][0]
    assert first[0]["verdict_id"] == first[1]["verdict_id"] == again["verdict_id"] != other["verdict_id"]
    assert again["verdict"] == first[0]["verdict"]


def test_rescoring_shows_the_difference(service: Service, keys: dict[str, str], folder: Path) -> None:
    made = score(service, keys["score"], item("a", r"\boxed{8}", "8")).json()["results"][0]["verdict_id"]
    # As if an older judge had said no.
    with sqlite3.connect(folder / "reward.db") as database:
        (kept,) = database.execute("SELECT verdict FROM verdicts WHERE id = ?", [made]).fetchone()
        old = json.loads(kept) | {"status": "wrong", "reward": 0.0}
        database.execute("UPDATE verdicts SET verdict = ? WHERE id = ?", [json.dumps(old), made])
    body = {"verdict_ids": [made]}
    answer = ask(service, keys["score"], "POST", "/v1/rescore", body).json()
    assert (answer["judged"], answer["changed"]) == (1, 1)
    one = answer["results"][0]
    assert (one["before"]["status"], one["now"]["status"]) == ("wrong", "correct")
    assert one["now_id"] != made
    assert ask(service, keys["score"], "GET", f"/v1/verdicts/{one['now_id']}").json()["rescored"] == made
    assert ask(service, keys["other"], "POST", "/v1/rescore", body).json()["judged"] == 0


def test_why_a_reference_is_bad_is_told_to_the_privileged_only(service: Service, keys: dict[str, str]) -> None:
    tests = f"raise ValueError('expected {GOLD}')"
    broken = {"verifier": "code", "reference": {"kind": "asserts", "entry_point": "f", "tests": tests}}
    asked = {"id": "a", "problem": broken, "completion": {"text": "```python\ndef f(): pass\n```"}}
    made = score(service, keys["score"], asked).json()["results"][0]
    assert made["verdict"]["failure_kind"] == "bad_reference"
    body = {"verdict_ids": [made["verdict_id"]]}
    path = f"/v1/verdicts/{made['verdict_id']}"
    for key, told in (("score", "a key with the scope privileged-why"), ("why", "the tests fail without the program")):
        again = ask(service, keys[key], "POST", "/v1/rescore", body)
        (result,) = again.json()["results"]
        shown = ask(service, keys[key], "GET", path)
        reasons = [each["failure_reason"] for each in (result["before"], result["now"], shown.json()["verdict"])]
        assert all(reason.startswith(told) for reason in reasons), reasons
        assert (GOLD in shown.text) == (key == "why")


def test_a_quota_is_429_with_when_to_come_again(service: Service, keys: dict[str, str]) -> None:
    assert score(service, keys["small"], *(item(str(n)) for n in range(8))).status_code == 200
    refused = score(service, keys["small"], *(item(str(n)) for n in range(8)))
    assert refused.status_code == 429
    assert 1 <= int(refused.headers["retry-after"]) <= 60


def test_limits_have_remedies(service: Service, keys: dict[str, str]) -> None:
    headers = {"authorization": f"Bearer {keys['score']}", "content-type": "application/json"}

    def post(content: Any, **more: str) -> httpx.Response:
        url = service.url + "/v1/score"
        return httpx.post(url, content=content, headers=headers | more, trust_env=False, timeout=60)

    deep = post(b'{"items": ' + b"[" * 40 + b"]" * 40 + b"}")
    assert (deep.status_code, deep.json()["detail"]) == (422, "the body is nested 41 deep: at most 32 is taken")
    assert post(b"[" * 100_000).status_code == 422
    # A string that never ends, and a million bad items: read in one pass, told in one line.
    assert post(b'{"' + b'\\"' * 2_000_000).status_code == 422
    bad = post(b'{"items": [' + b",".join([b"{}"] * 1_000_000) + b"]}")
    assert (bad.status_code, len(bad.content) < 2000) == (422, True)
    assert post(b"{}", origin="http://[").status_code == 403
    assert post(b"{}", **{"x-deadline-ms": "9" * 5000}).status_code == 422
    assert post(b"{}", **{"content-encoding": "gzip"}).status_code == 415
    assert post(b"x" * (17 << 20)).status_code == 413
    assert post(iter([b"y" * (1 << 20)] * 17)).status_code == 413
    assert post(b"{}", **{"x-deadline-ms": "soon"}).status_code == 422
    assert score(service, keys["score"], *(item(str(n)) for n in range(1025))).status_code == 413


def test_a_deadline_masks_what_is_not_judged_by_then(service: Service, keys: dict[str, str]) -> None:
    reference = {"kind": "stdin", "cases": [{"stdin": "", "stdout": "1"}]}
    text = "```python\nimport time\ntime.sleep(1.5)\nprint(1)\n```"
    slow = {"id": "s", "problem": {"verifier": "code", "reference": reference}, "completion": {"text": text}}
    response = score(service, keys["score"], item("m"), slow, **{"x-deadline-ms": "800"})
    quick, masked = (result["verdict"] for result in response.json()["results"])
    assert (masked["status"], masked["failure_kind"], masked["reward"]) == ("error", "deadline", None)
    assert masked["mask_sample"] and quick["status"] == "wrong"
    # It was a failure, so it is not remembered.
    assert score(service, keys["score"], slow).json()["results"][0]["verdict"]["reward"] == 1.0


def test_kill_nine_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    """The server process dies under load: the watchdog brings another one, and the store has all it answered for."""
    service = Service(tmp_path, "--workers", "1")
    service.wait_ready()
    acknowledged: list[tuple[str, float]] = []

    def one(number: int) -> None:
        until = time.monotonic() + 60
        while time.monotonic() < until:
            try:
                response = score(service, "", item("a", rf"\boxed{{{number}}}", GOLD if number % 2 else str(number)))
            except httpx.TransportError:
                time.sleep(0.05)
                continue
            assert response.status_code == 200
            (result,) = response.json()["results"]
            acknowledged.append((result["verdict_id"], result["verdict"]["reward"]))
            assert result["verdict"]["reward"] == 1.0 - number % 2
            return
        raise AssertionError("no answer within a minute")

    with ThreadPoolExecutor(8) as threads:
        scoring = [threads.submit(one, number) for number in range(400)]
        for _ in range(2):
            time.sleep(0.4)
            server = service.server()
            os.kill(server, signal.SIGKILL)
            assert gone(server)
        for future in scoring:
            future.result()
    assert service.end()[0] == 0
    with sqlite3.connect(tmp_path / "reward.db") as database:
        kept = dict(database.execute("SELECT id, reward FROM verdicts"))
    assert len(acknowledged) == 400
    assert all(kept[id_] == reward for id_, reward in acknowledged)


def test_keys_are_listed_and_taken_back(service: Service, keys: dict[str, str], folder: Path) -> None:
    key = _keys(folder, "add", "gone").stdout.strip()
    assert score(service, key, item()).status_code == 200
    listed = _keys(folder, "list").stdout
    assert "gone  tenant gone  score  no quota" in listed and "10 items/min" in listed
    assert not any(secret in listed for secret in keys.values())
    assert _keys(folder, "add", "gone").returncode == 2
    assert _keys(folder, "remove", "gone").returncode == 0
    until = time.monotonic() + 20
    while score(service, key, item()).status_code != 401:
        assert time.monotonic() < until
        time.sleep(0.5)
    bad = _keys(folder, "add", "x", "--scopes", "scor")
    assert (bad.returncode, bad.stderr) == (
        2,
        "services: no scope scor: there are score, register, privileged-why, admin\n",
    )
