"""The store, on SQLite and on a real PostgreSQL: what goes in comes out, and nothing acknowledged is lost."""

from __future__ import annotations

import re
import secrets
import sqlite3
import stat
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sql
from canary import GOLD
from postgres import Postgres
from reward_process import Service
from sqlalchemy.exc import OperationalError
from stored import stored

from services import keys
from services.database import StoreUnfit
from services.guard import Refused
from services.samples import Filter, Sample, digest_of, new_id
from services.schemas import ScoreProblem
from services.store import Store, StoreAway
from verifiers.types import Status, Verdict

ODD = "NUL \x00, a lone \ud800, \ue000json: and \u202e right to left"


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    running = Postgres(tmp_path_factory.mktemp("postgres"))
    yield running
    running.stop()


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/store.db"
    running: Postgres = request.getfixturevalue("postgres")
    return running.emptied()


def sample(number: int = 0, at: float | None = None, **changes: Any) -> Sample:
    at = time.time() if at is None else at
    verdict = Verdict.of(Status.WRONG, detail=f"no {number}", verifier="math", verifier_version="v1", seconds=0.5)
    made = Sample(
        id=new_id(at),
        at=at,
        tenant="team",
        answer=f"answer-{number}",
        problem="problem",
        reference={"answer": "42"},
        prompt="how much?",
        name="sum",
        completion=f"text {number}",
        finish_reason="stop",
        verdict=verdict,
    )
    return replace(made, **changes)


def test_servers_that_start_at_once_share_one_store(url: str) -> None:
    start = threading.Barrier(6)

    def opened(_: int) -> Store:
        start.wait()
        return Store(url)

    with ThreadPoolExecutor(6) as threads:
        stores = list(threads.map(opened, range(6)))
    assert len({store._secret for store in stores}) == 1
    for store in stores:
        store.close()


def test_what_goes_in_comes_out(url: str) -> None:
    store = Store(url)
    try:
        odd = sample(1, completion=ODD, prompt=ODD, name=ODD, problem="odd")
        plain = [sample(number) for number in range(1000)]
        store.save([odd, *plain]).result(30)
        assert store.sample(odd.id, "team") == odd
        assert store.sample(odd.id, "others") is None
        assert store.samples_by_id([each.id for each in plain[:50]], None) == plain[:50]
        newest = stored(store, Filter(tenant="team", status="wrong", verifier="math"), 10)
        assert [each.id for each in newest] == sorted((each.id for each in [odd, *plain]), reverse=True)[:10]
        rest = stored(store, Filter(before=newest[-1].id), 10)
        assert not {each.id for each in rest} & {each.id for each in newest}
        assert [each.completion for each in stored(store, Filter(text="text 77"), 100)][-1:] == ["text 77"]
        assert stored(store, Filter(text="%"), 10) == []
        assert store.cached({"answer-5": "v1", "answer-6": "v2", "none": "v1"}).keys() == {"answer-5"}
    finally:
        store.close()


def test_who_waits_no_more_does_not_stop_the_writer(url: str) -> None:
    store = Store(url)
    try:
        first, second = sample(1), sample(2)
        assert not store.save([first]).cancel()
        store.save([second]).result(30)
        assert store.sample(first.id, None) == first
    finally:
        store.close()


def test_an_id_that_no_database_takes_is_not_there(url: str) -> None:
    store = Store(url, patience_seconds=30)
    try:
        began = time.monotonic()
        assert store.sample("\x00", None) is None
        assert store.problem("team", "p\x00") is None
        assert stored(store, Filter(verifier="\x00"), 10) == []
        assert time.monotonic() - began < 20
    finally:
        store.close()


def test_a_second_process_finds_the_same_store(url: str) -> None:
    first = Store(url)
    first.save([kept := sample()]).result(30)
    key = first.save_problems("team", [asked := ScoreProblem(reference={"answer": "\x00"}, id="n", prompt="q")])[0]
    second = Store(url)
    try:
        assert second.sample(kept.id, None) == kept
        assert second.problem("team", key) == asked
        assert second.problem("others", key) is None
        digest = digest_of(asked.reference)
        assert second.problem_key("team", asked, digest) == key
        assert second.problem_key("others", asked, digest) != key
    finally:
        first.close()
        second.close()


def test_the_id_of_a_problem_says_nothing_about_its_reference(tmp_path: Path) -> None:
    """Or one could try out references until one fits: each store has a secret of its own."""
    stores = [Store(f"sqlite:///{tmp_path}/{name}.db") for name in ("one", "two")]
    asked = ScoreProblem(reference={"answer": "7"})
    try:
        keys = [store.problem_key("team", asked, digest_of(asked.reference)) for store in stores]
        assert len(set(keys)) == 2 and all(re.fullmatch("p[0-9a-f]{32}", key) for key in keys)
    finally:
        for store in stores:
            store.close()


def test_what_is_old_or_too_much_goes(url: str) -> None:
    store = Store(url, days=1)
    try:
        old = [sample(number, at=time.time() - 90_000) for number in range(20)]
        new = [sample(number) for number in range(20)]
        store.save([*old, *new]).result(30)
        store.sweep()
        assert len(stored(store)) == 20
        assert 0 < store.megabytes() < 50
    finally:
        store.close()
    small = Store(url, megabytes=0)
    try:
        small.sweep()
        left = stored(small)
        assert [each.id for each in left] == sorted((each.id for each in new), reverse=True)[:18]
    finally:
        small.close()


def test_what_is_too_much_is_cut_back_to_the_limit_and_no_further(url: str) -> None:
    """Although the file of a table does not shrink; and what is registered neither counts nor goes."""
    store = Store(url, megabytes=4, problem_megabytes=3)
    try:
        (key,) = store.save_problems("team", [ScoreProblem(reference={"answer": GOLD, "unit": "x" * 2_500_000})])
        # Hard to compress.
        texts = [secrets.token_hex(1024) for _ in range(4000)]
        for start in range(0, 4000, 500):
            made = [sample(number, completion=texts[number]) for number in range(start, start + 500)]
            store.save(made).result(30)
        assert store.megabytes() > 4
        for _ in range(30):
            store.sweep()
        left = len(stored(store))
        assert 700 < left < 2000 and store.megabytes() < 4
        assert store.problem("team", key) is not None
        more = ScoreProblem(reference={"answer": GOLD, "unit": "y" * 1_000_000})
        with pytest.raises(Refused, match="more than 3 MiB") as raised:
            store.save_problems("team", [more])
        assert raised.value.status == 413 and GOLD not in str(raised.value)
        assert len(store.save_problems("another", [more])) == 1
    finally:
        store.close()


def test_a_commit_that_fails_loses_no_problem(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store(url)
    failed = []

    def fail_once(connection: sql.Connection) -> None:
        if not failed:
            failed.append(connection)
            raise OperationalError("commit", {}, sqlite3.OperationalError("database is locked"))

    sql.event.listen(store._engine, "commit", fail_once)
    try:
        store.save([kept := sample()]).result(30)
        assert failed and store.sample(kept.id, None) == kept
        # Not either where it was forgotten in between that the problem is known.
        monkeypatch.setattr("services.store._REMEMBERED_SECONDS", 0.0)
        store.save([again := sample(1)]).result(30)
        assert store.sample(again.id, None) == again
    finally:
        store.close()


def test_keys(url: str) -> None:
    store = Store(url)
    try:
        known = keys.Keys(store, "")
        first = known.make_first()
        assert first is not None and known.make_first() is None
        caller = known.caller(first)
        assert caller is not None and caller.may("privileged-why") and caller.sees is None
        with pytest.raises(ValueError, match="there is a key 'first' already"):
            keys.make(store, "first", "x", ["score"])
        assert known.caller("rk_nothing") is None
    finally:
        store.close()


def test_a_store_of_ours_is_closed_to_other_users(tmp_path: Path) -> None:
    Store(f"sqlite:///{tmp_path}/new/store.db").close()
    assert stat.S_IMODE((tmp_path / "new/store.db").stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("url", "remedy"),
    [
        ("nonsense", "sqlite:///FILE"),
        ("mysql://x/y", "use sqlite:///FILE or postgresql"),
        ("sqlite:////proc/none/store.db", "sqlite:///FILE"),
    ],
)
def test_a_bad_url_names_the_remedy(url: str, remedy: str) -> None:
    with pytest.raises(StoreUnfit, match=remedy):
        Store(url)


def test_a_database_that_is_away_says_so(tmp_path: Path) -> None:
    with pytest.raises(StoreAway, match="does not answer"):
        Store("postgresql+psycopg://nobody@127.0.0.1:9/none", patience_seconds=0.5)


def test_kill_nine_of_postgresql_under_load(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> None:
    """Requests wait for it or are refused; every verdict that was answered is there afterwards."""
    database = Postgres(tmp_path_factory.mktemp("killed"))
    service = Service(tmp_path, "--workers", "1", "--store", database.url)
    acknowledged: list[tuple[str, float]] = []
    refused: list[int] = []
    stop = threading.Event()

    def ask(start: int) -> None:
        number = start
        with httpx.Client(trust_env=False, timeout=120) as http:
            while not stop.is_set():
                number += 4
                text = rf"\boxed{{{number}}}"
                problem = {"reference": {"answer": GOLD if number % 2 else str(number)}}
                body = {"items": [{"id": "a", "problem": problem, "completion": {"text": text}}]}
                response = http.post(service.url + "/v1/score", json=body)
                if response.status_code == 503:
                    refused.append(int(response.headers["retry-after"]))
                    continue
                (result,) = response.json()["results"]
                assert result["verdict"]["reward"] == 1.0 - number % 2
                acknowledged.append((result["verdict_id"], result["verdict"]["reward"]))

    try:
        service.wait_ready()
        threads = [threading.Thread(target=ask, args=(start,)) for start in range(4)]
        for thread in threads:
            thread.start()
        time.sleep(1.5)
        database.kill()
        time.sleep(1.0)
        before = len(acknowledged)
        database.start()
        deadline = time.monotonic() + 30
        while len(acknowledged) < before + 50:
            assert time.monotonic() < deadline, "not back in service"
            time.sleep(0.1)
        stop.set()
        for thread in threads:
            thread.join()
        assert service.end()[0] == 0
        store = Store(database.url)
        kept = {each.id: each.verdict.reward for each in stored(store)}
        store.close()
        assert len(acknowledged) > 100
        assert all(kept[id_] == reward for id_, reward in acknowledged)
    finally:
        stop.set()
        database.stop()
