"""Samples of runs and lists of verdicts over the native API: labels, filters, pages, exports, tenants."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import httpx
import pyarrow.parquet
import pytest
from canary import GOLD, may_see_gold
from reward_process import Service
from stored_rollouts import CORRECT, save

from services import listing
from services.samples import Filter
from services.schemas import Labels
from services.store import Store

GROUP = ("42", "41", "42", "")
ACCESS = (("reader", "score"), ("other", "score"), ("admin", "admin"))


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("lists")
    running = Service(folder, "--workers", "1", "--auth", "required", "--store", f"sqlite:///{folder}/reward.db")
    running.wait_ready()
    yield running
    code, errors = running.end()
    assert code == 0, errors


@pytest.fixture(scope="module")
def keys(service: Service) -> dict[str, str]:
    """Each of a tenant of its own, but for `why`, which shares that of `reader`."""
    return {name: _key(service, name, scopes) for name, scopes in ACCESS} | {
        "why": _key(service, "why", "score,privileged-why", tenant="reader")
    }


def _key(service: Service, name: str, scopes: str, tenant: str = "") -> str:
    store = f"sqlite:///{service.port_file.parent}/reward.db"
    command = [sys.executable, "-m", "services", "keys", "--store", store, "add", name]
    command += ["--tenant", tenant or name, "--scopes", scopes]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout.strip()


class Caller:
    """Somebody with a key."""

    def __init__(self, service: Service, key: str) -> None:
        headers = {"authorization": f"Bearer {key}"}
        self.http = httpx.Client(base_url=service.url, headers=headers, trust_env=False, timeout=60)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.http.close()

    def score(self, items: list[dict[str, Any]], **headers: str) -> list[dict[str, Any]]:
        answer = self.http.post("/v1/score", json={"items": items}, headers=headers)
        assert answer.status_code == 200, answer.text
        return [json.loads(line) for line in answer.text.splitlines()] if headers else answer.json()["results"]

    def get(self, path: str, **wanted: Any) -> Any:
        answer = self.http.get(path, params=wanted)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def lines(self, **wanted: Any) -> list[dict[str, Any]]:
        """All pages of a list."""
        found, cursor = [], None
        while True:
            page = self.get("/v1/verdicts", **wanted, **({"cursor": cursor} if cursor else {}))
            found += page["verdicts"]
            if (cursor := page["cursor"]) is None:
                return found


@pytest.fixture
def caller(service: Service, keys: dict[str, str]) -> Iterator[Caller]:
    with Caller(service, keys["reader"]) as made:
        yield made


def sample(run: str, number: int, text: str, answer: str = "42", **labels: Any) -> dict[str, Any]:
    problem = {"verifier": "math", "reference": {"answer": answer}, "id": "sum-1", "prompt": "What is 6*7?"}
    labels = {"run": run, "sample": number} | labels
    said = f"So \\boxed{{{text}}}" if text else "I do not know."
    return {"id": str(number), "problem": problem, "completion": {"text": said}, "labels": labels}


def group(run: str, step: int, family: str = "sums", name: str = "g") -> list[dict[str, Any]]:
    return [sample(run, n, text, step=step, family=family, group=name) for n, text in enumerate(GROUP)]


@pytest.mark.parametrize("accept", [{}, {"accept": "application/x-ndjson"}], ids=["whole", "streamed"])
def test_equal_answers_share_a_verdict_and_each_is_a_sample(caller: Caller, accept: dict[str, str]) -> None:
    run = f"equal {len(accept)}"
    results = sorted(caller.score(group(run, 3), **accept), key=lambda result: result["id"])
    assert [result["verdict"]["status"] for result in results] == ["correct", "wrong", "correct", "no_answer"]
    assert results[0]["verdict_id"] == results[2]["verdict_id"]
    lines = caller.lines(run=run)
    assert [line["labels"]["sample"] for line in lines] == [0, 1, 2, 3] or accept
    assert sorted(line["labels"]["sample"] for line in lines) == [0, 1, 2, 3]
    by_sample = {line["labels"]["sample"]: line for line in lines}
    assert [by_sample[n]["verdict_id"] for n in range(4)] == [result["verdict_id"] for result in results]
    assert by_sample[0] == {
        "verdict_id": results[0]["verdict_id"],
        "judged_at": by_sample[0]["judged_at"],
        "verifier": "math",
        "verifier_version": results[0]["verdict"]["verifier_version"],
        "status": "correct",
        "reward": 1.0,
        "seconds": results[0]["verdict"]["seconds"],
        "problem": "sum-1",
        "tenant": "reader",
        "excerpt": "So \\boxed{42}",
        "labels": {"run": run, "step": 3, "family": "sums", "group": "g", "sample": 0, "problem": None},
    }
    of_one = caller.get(f"/v1/verdicts/{results[0]['verdict_id']}")["labels"]
    assert {labels["sample"] for labels in of_one if labels["run"] == run} == {0, 2}


def test_one_answer_of_several_samples(caller: Caller) -> None:
    item = sample("several", 0, "42")
    item["labels"] = [{"run": "several", "step": 1, "group": "g", "sample": number} for number in range(3)]
    (result,) = caller.score([item])
    lines = caller.lines(run="several")
    assert [(line["labels"]["sample"], line["verdict_id"]) for line in lines] == [
        (number, result["verdict_id"]) for number in range(3)
    ]
    item["labels"] *= 2000
    answer = caller.http.post("/v1/score", json={"items": [item]})
    assert answer.status_code == 422 and "at most 4096" in answer.text


def test_a_sample_that_is_sent_again_is_the_same(caller: Caller) -> None:
    caller.score(group("again", 1))
    changed = group("again", 1)
    changed[3] = sample("again", 3, "42", step=1, family="sums", group="g")
    caller.score(changed)
    lines = caller.lines(run="again")
    assert sorted((line["labels"]["sample"], line["status"]) for line in lines) == [
        (0, "correct"),
        (1, "wrong"),
        (2, "correct"),
        (3, "correct"),
    ]
    # Without a number nobody knows which it was: each is a sample of its own.
    unnumbered = [{**each, "labels": {"run": "unnumbered"}} for each in group("x", 1)]
    caller.score(unnumbered)
    caller.score(unnumbered)
    assert len(caller.lines(run="unnumbered")) == 8


def test_what_is_not_labelled_is_of_no_run(caller: Caller) -> None:
    item = sample("x", 0, "42")
    del item["labels"]
    caller.score([item])
    assert all(line["labels"] is None for line in caller.lines())
    # Without a family of its own it is its judge's.
    caller.score([sample("no family", 0, "42")])
    assert [line["labels"]["family"] for line in caller.lines(run="no family")] == ["math"]


def test_runs_and_whose(service: Service, keys: dict[str, str], caller: Caller) -> None:
    for step in (1, 2):
        caller.score(group("runs", step, "sums", f"g{step}") + _renumbered(group("runs", step, "more", "h")))
    found = next(each for each in caller.get("/v1/runs")["runs"] if each["run"] == "runs")
    assert found == {
        "run": "runs",
        "tenant": "reader",
        "last_at": found["last_at"],
        "steps": 2,
        "families": ["more", "sums"],
        "samples": 16,
        "masked": 0,
        "reward": 0.5,
    }
    with Caller(service, keys["other"]) as other:
        assert other.get("/v1/runs") == {"runs": []}
        assert other.get("/v1/verdicts", run="runs") == {"verdicts": [], "cursor": None}
        assert other.get("/v1/verdicts") == {"verdicts": [], "cursor": None}
        other.score(group("runs", 1))
        assert len(other.lines(run="runs")) == 4 and len(caller.lines(run="runs")) == 16


def _renumbered(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**item, "id": f"more-{item['id']}"} for item in items]


def test_a_judge_that_failed_is_in_no_mean(caller: Caller) -> None:
    caller.score([sample("masked", 0, "42"), sample("masked", 1, "42", answer=""), sample("masked", 2, "1")])
    found = next(each for each in caller.get("/v1/runs")["runs"] if each["run"] == "masked")
    assert (found["samples"], found["masked"], found["reward"]) == (3, 1, 0.5)


FILTERS: list[tuple[dict[str, Any], int]] = [
    ({}, 16),
    ({"step": 2}, 8),
    ({"family": "more"}, 8),
    ({"family": "more", "step": 1}, 4),
    ({"group": "h"}, 8),
    ({"status": "wrong"}, 4),
    ({"status": "timeout"}, 0),
    ({"verifier": "math"}, 16),
    ({"verifier": "code"}, 0),
    ({"min_reward": 0.5}, 8),
    ({"max_reward": 0}, 8),
    ({"min_reward": 0.1, "max_reward": 0.9}, 0),
    ({"text": "boxed{41}"}, 4),
    ({"text": "%"}, 0),
    ({"text": "sum-1"}, 16),
    ({"since": 4e9}, 0),
    ({"version": "none"}, 0),
    ({"step": 7}, 0),
]


@pytest.mark.parametrize(("wanted", "count"), FILTERS)
@pytest.mark.parametrize("limit", [3, 1000])
def test_filters_and_pages(caller: Caller, wanted: dict[str, Any], count: int, limit: int) -> None:
    if not caller.get("/v1/verdicts", run="filters")["verdicts"]:
        for step in (1, 2):
            caller.score(group("filters", step, "sums", f"g{step}") + _renumbered(group("filters", step, "more", "h")))
    lines = caller.lines(run="filters", limit=limit, **wanted)
    assert len(lines) == count
    assert len({(line["labels"]["step"], line["labels"]["group"], line["labels"]["sample"]) for line in lines}) == count


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("judge=math", "query.judge: Extra inputs are not permitted"),
        ("status=right", "query.status: Input should be 'correct'"),
        ("min_reward=nan", "finite"),
        ("step=-1", "greater than or equal to 0"),
        ("cursor=x", "query.cursor"),
        ("limit=0", "query.limit"),
        ("limit=1001", "query.limit"),
        ("text=" + "x" * 201, "query.text"),
    ],
)
def test_a_filter_that_is_none_is_refused(caller: Caller, query: str, said: str) -> None:
    answer = caller.http.get(f"/v1/verdicts?{query}")
    assert answer.status_code == 422 and said in answer.json()["detail"], answer.text


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        ({}, "labels.one.run: Field required"),
        ({"run": ""}, "labels.one.run: String should have at least 1 character"),
        ({"run": "x" * 201}, "labels.one.run: String should have at most 200"),
        ({"run": "two\nlines"}, "labels.one.run: Value error, give one line of printable characters"),
        ({"run": "nul \x00"}, "printable"),
        ({"run": "x", "step": -1}, "labels.one.step"),
        ({"run": "x", "sample": 2**31}, "labels.one.sample"),
        ({"run": "x", "speed": 1}, "labels.one.speed: Extra inputs are not permitted"),
    ],
)
def test_labels_that_are_none(caller: Caller, labels: dict[str, Any], said: str) -> None:
    answer = caller.http.post("/v1/score", json={"items": [sample("x", 0, "42") | {"labels": labels}]})
    assert answer.status_code == 422 and said in answer.json()["detail"], answer.text


def test_an_export_holds_all_of_it(service: Service, keys: dict[str, str], caller: Caller) -> None:
    # More than are read at once.
    items = [sample("export", n, str(n), answer=GOLD, step=1, group="g") for n in range(150)]
    caller.score(items)
    export = "/v1/verdicts/export"
    answer = caller.http.get(export, params={"run": "export"})
    assert answer.headers["content-disposition"] == 'attachment; filename="verdicts.ndjson"'
    records = [json.loads(line) for line in answer.text.splitlines()]
    assert sorted(record["sample"] for record in records) == list(range(150))
    first = next(record for record in records if record["sample"] == 0)
    assert first | {"verdict_id": "", "judged_at": 0, "verifier_version": "", "seconds": 0} == {
        "verdict_id": "",
        "judged_at": 0,
        "run": "export",
        "step": 1,
        "family": "math",
        "group": "g",
        "sample": 0,
        "problem": "sum-1",
        "tenant": "reader",
        "verifier": "math",
        "verifier_version": "",
        "status": "wrong",
        "reward": 0.0,
        "seconds": 0,
        "finish_reason": "stop",
        "prompt": "What is 6*7?",
        "completion": "So \\boxed{0}",
        "extracted": "0",
        "detail": first["detail"],
        "failure_kind": None,
        "failure_reason": None,
        "reference": None,
    }
    assert len(caller.http.get(export, params={"run": "export", "limit": 70}).text.splitlines()) == 70
    file = caller.http.get(export, params={"run": "export", "format": "parquet"}).content
    assert pyarrow.parquet.read_table(io.BytesIO(file)).to_pylist() == records
    empty = caller.http.get(export, params={"run": "nowhere", "format": "parquet"}).content
    assert pyarrow.parquet.read_table(io.BytesIO(empty)).num_rows == 0
    may_see_gold(keys["why"])
    with Caller(service, keys["why"]) as why:
        privileged = why.http.get(export, params={"run": "export", "limit": 1})
    assert json.loads(json.loads(privileged.text)["reference"]) == {"answer": GOLD}


def test_whose_runs(service: Service, keys: dict[str, str], caller: Caller) -> None:
    """Two of one name: an admin tells them apart by their tenant, and nobody else names another one."""
    with Caller(service, keys["other"]) as other, Caller(service, keys["admin"]) as admin:
        for who in (caller, other):
            who.score(group("same name", 1))
        assert {each["tenant"] for each in admin.get("/v1/runs")["runs"] if each["run"] == "same name"} == {
            "reader",
            "other",
        }
        assert len(admin.lines(run="same name")) == 8
        assert [line["tenant"] for line in admin.lines(run="same name", tenant="other")] == ["other"] * 4
        assert len(other.lines(run="same name", tenant="other")) == 4
        refused = other.http.get("/v1/verdicts", params={"tenant": "reader"})
        assert refused.status_code == 403 and "leave it out" in refused.json()["detail"]


def test_long_texts_are_shown_from_their_beginning(caller: Caller) -> None:
    """Also one that is stored as JSON, wherever that is cut."""
    texts = ["\x00" + "\U0001f600" * 5000, "\x00" + "\\" * 5000, '\x00"' * 5000, "x" * 100_000, "\x00 é答" * 5000]
    items = []
    for number, text in enumerate(texts):
        item = sample("long", number, "1", group="g") | {"completion": {"text": text}}
        item["problem"] = item["problem"] | {"id": text[:4096]}
        items.append(item)
    caller.score(items)
    lines = caller.lines(run="long")
    assert [line["excerpt"] for line in lines] == [text[:240] for text in texts]
    assert [line["problem"] for line in lines] == [text[:240] for text in texts]
    # And whole in an export, however large it is.
    records = caller.http.get("/v1/verdicts/export", params={"run": "long"}).text.splitlines()
    assert [json.loads(record)["completion"] for record in records] == texts


def test_an_export_has_little_in_hand(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path}/store.db")
    try:
        for number in range(40):
            save(store, Labels(run="run", sample=600_000 if number % 4 else 10), CORRECT)
        parts = list(listing.exported(store, Filter(run="run"), 1000))
        assert sum(map(len, parts)) == 40 and max(map(len, parts)) <= 12
    finally:
        store.close()


def test_a_list_needs_a_key(service: Service) -> None:
    for path in ("/v1/verdicts", "/v1/verdicts/export", "/v1/runs"):
        assert httpx.get(service.url + path, trust_env=False).status_code == 401
