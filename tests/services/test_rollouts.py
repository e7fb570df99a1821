"""Samples of runs in the store, on SQLite and on PostgreSQL: what is counted of them, and when they go."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sql
from postgres import Postgres
from stored_rollouts import CORRECT, save

from services import listing, rollouts, tables
from services.samples import Filter
from services.schemas import Labels
from services.store import Store
from verifiers.types import Status, Verdict

WRONG = Verdict.of(Status.WRONG, verifier="math", verifier_version="v1")
CUT = Verdict.of(Status.TRUNCATED, verifier="math", verifier_version="v1")
HALF = Verdict.of(Status.PARTIAL, reward=0.5, verifier="math", verifier_version="v1")
FAILED = Verdict.failed("overload", "too much", verifier="math", verifier_version="v1")

# step, group, family: the verdicts of its samples
RUN: dict[tuple[int | None, str, str], tuple[Verdict, ...]] = {
    (1, "a", "sums"): (CORRECT, WRONG, WRONG, CUT),
    (1, "b", "code"): (HALF, HALF, FAILED),
    (2, "a", "sums"): (CORRECT, CORRECT),
    (2, "c", "sums"): (FAILED, FAILED),
    (None, "d", "sums"): (WRONG, CORRECT),
}


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    running = Postgres(tmp_path_factory.mktemp("postgres"))
    yield running
    running.stop()


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    running = request.getfixturevalue("postgres") if request.param == "postgresql" else None
    opened = Store(running.emptied() if running else f"sqlite:///{tmp_path}/store.db")
    yield opened
    opened.close()


def fill(store: Store, run: str = "run", tenant: str = "team") -> None:
    for (step, group, family), verdicts in RUN.items():
        for number, verdict in enumerate(verdicts):
            labels = Labels(run=run, step=step, family=family, group=group, sample=number, problem=f"problem {group}")
            save(store, labels, verdict, tenant=tenant)


def test_a_run_is_counted_by_family_and_step(store: Store) -> None:
    fill(store)
    fill(store, run="other")
    fill(store, tenant="others")
    found = {(point.family, point.step): point for point in rollouts.series(store, "team", "run")}
    assert {key: (p.samples, p.judged, p.reward, p.truncated, p.chars) for key, p in found.items()} == {
        ("sums", 1): (4, 4, 0.25, 1, 1.5),
        ("code", 1): (3, 2, 0.5, 0, 1.0),
        ("sums", 2): (4, 2, 1.0, 0, 0.5),
        ("sums", None): (2, 2, 0.5, 0, 0.5),
    }
    assert sum(point.samples for point in rollouts.series(store, None, "run")) == 26
    runs = {(each["run"], each["tenant"]): each for each in rollouts.runs(store, None)}
    assert set(runs) == {("run", "team"), ("run", "others"), ("other", "team")}
    mine = runs["run", "team"]
    assert (mine["steps"], mine["families"], mine["samples"], mine["masked"]) == (2, ["code", "sums"], 13, 3)
    assert mine["reward"] == pytest.approx(5 / 10)
    assert [each["run"] for each in rollouts.runs(store, "team")] == ["other", "run"]
    assert abs(mine["last_at"] - time.time()) < 600


ORDERS: list[tuple[rollouts.Order, list[str]]] = [
    ("newest", ["2c", "2a", "1a", "1b", "Noned"]),
    ("spread", ["Noned", "1a", "2a", "1b", "2c"]),
    ("reward", ["1a", "1b", "Noned", "2a", "2c"]),
    ("length", ["1a", "1b", "2c", "2a", "Noned"]),
]


@pytest.mark.parametrize(("order", "wanted"), ORDERS)
def test_groups_in_an_order(store: Store, order: rollouts.Order, wanted: list[str]) -> None:
    fill(store)
    found = rollouts.groups(store, "team", "run", order=order)
    assert [f"{group.step}{group.group}" for group in found] == wanted
    first = next(group for group in found if (group.step, group.group) == (1, "a"))
    assert (first.samples, first.judged, first.reward, first.chars) == (4, 4, 0.25, 1.5)
    assert first.spread == pytest.approx((3 / 16) ** 0.5)
    unjudged = next(group for group in found if group.group == "c")
    assert (unjudged.samples, unjudged.judged, unjudged.reward, unjudged.spread) == (2, 0, None, None)
    only = rollouts.groups(store, "team", "run", order=order, step=1, family="code")
    assert [(group.group, group.spread) for group in only] == [("b", 0.0)]
    assert rollouts.groups(store, "others", "run", order=order) == []


def test_the_samples_of_groups(store: Store) -> None:
    fill(store)
    found = rollouts.members(store, "team", "run", [(1, "sums", "a"), (None, "sums", "d"), (9, "sums", "a")])
    assert {key: [row["status"] for row in rows] for key, rows in found.items()} == {
        (1, "sums", "a"): ["correct", "wrong", "wrong", "truncated"],
        (None, "sums", "d"): ["wrong", "correct"],
        (9, "sums", "a"): [],
    }
    assert rollouts.labels_of(found[1, "sums", "a"][2]) == Labels(
        run="run", step=1, family="sums", group="a", sample=2, problem="problem a"
    )
    assert rollouts.members(store, "team", "run", []) == {}
    # What no label is, and PostgreSQL cannot even be asked for.
    odd = (1, "\x00", "\ud800")
    assert rollouts.members(store, "team", "run", [odd]) == {odd: []}
    assert rollouts.groups(store, "team", "\x00", family="\x00") == []
    assert rollouts.tenants(store, "\x00", None) == [] and rollouts.series(store, "team", "\x00") == []
    assert rollouts.members(store, "others", "run", [(1, "sums", "a")]) == {(1, "sums", "a"): []}


def test_a_sample_that_is_sent_again_has_its_last_verdict(store: Store) -> None:
    labels = Labels(run="run", step=1, group="g", sample=0)
    first, second = save(store, labels, FAILED), save(store, labels, CORRECT)
    (row,) = rollouts.members(store, "team", "run", [(1, "math", "g")])[1, "math", "g"]
    assert (row["verdict"], row["reward"]) == (second, 1.0)
    assert rollouts.with_verdict(store, first, "team") == []
    # Both verdicts are kept, and what another tenant calls so is his own.
    assert store.sample(first, "team") is not None
    save(store, labels, WRONG, tenant="others")
    assert len(rollouts.members(store, None, "run", [(1, "math", "g")])[1, "math", "g"]) == 2
    # Another family's group of the same name is another group.
    save(store, Labels(run="run", step=1, group="g", sample=0, family="other"), WRONG)
    assert [point.family for point in rollouts.series(store, "team", "run")] == ["math", "other"]
    # In one request, too: the last counts.
    rows = [
        rollouts.row_of("team", labels, verdict, second, chars=1, number=number, now=time.time())
        for number, verdict in enumerate((WRONG, HALF))
    ]
    store.save((), rows).result(30)
    assert {point.family: point.reward for point in rollouts.series(store, "team", "run")} == {
        "math": 0.5,
        "other": 0.0,
    }


def test_a_verdict_stays_as_long_as_a_sample_has_it(store: Store) -> None:
    now, days = time.time(), 30 * 86_400
    kept = save(store, Labels(run="old", sample=1), CORRECT, at=now - days - 60)
    unused = save(store, Labels(run="other", sample=1), CORRECT, at=now - days - 60)
    # The same answer again, from the cache: a new sample.
    again = rollouts.row_of("team", Labels(run="new", sample=2), CORRECT, kept, chars=1, number=0, now=now)
    store.save((), [again]).result(30)
    assert store.oldest == ""
    store.sweep()
    assert [each["run"] for each in rollouts.runs(store, None)] == ["new"]
    assert [row["verdict"] for row in rollouts.with_verdict(store, kept, None)] == [kept]
    assert store.sample(kept, None) is not None and store.sample(unused, None) is None
    # What this process remembers of before is asked of the store.
    assert store.oldest > unused
    store.execute(sql.delete(tables.rollouts))
    store.sweep()
    assert store.sample(kept, None) is None


def test_what_is_too_much_goes_on_both_sides(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path}/store.db", megabytes=0)
    try:
        verdicts = [save(store, Labels(run="few", sample=number), CORRECT) for number in range(5)]
        now = time.time()
        many = [
            rollouts.row_of("team", Labels(run="many"), CORRECT, verdicts[0], chars=1, number=number, now=now)
            for number in range(1000)
        ]
        store.save((), many).result(30)
        sizes = []
        for _ in range(100):
            store.sweep()
            sizes.append(sum(each["samples"] for each in rollouts.runs(store, None)))
        assert sizes[0] == 905 and sizes[10] < 400 and sizes[-1] == 0
        assert [store.sample(each, None) for each in verdicts] == [None] * 5
    finally:
        store.close()


def test_a_store_of_before_gets_the_table(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/store.db"
    Store(url).close()
    engine = sql.create_engine(url)
    with engine.begin() as connection:
        tables.rollouts.drop(connection)
    engine.dispose()
    store = Store(url)
    try:
        save(store, Labels(run="run"), CORRECT)
        assert [each["run"] for each in rollouts.runs(store, None)] == ["run"]
    finally:
        store.close()


def test_lists_follow_the_labels(store: Store) -> None:
    fill(store)
    fill(store, tenant="others")

    def count(**wanted: Any) -> int:
        return len(listing.listed(store, Filter(tenant="team", run="run", **wanted), 100).rows)

    assert [count(), count(step=1), count(family="code"), count(group="a"), count(step=3)] == [13, 7, 3, 6, 0]
    assert [count(status="error"), count(min_reward=0.5, max_reward=0.5), count(text="xxx"), count(text="sum")] == [
        3,
        2,
        1,
        13,
    ]
    # Of the same label in another place.
    assert len(listing.listed(store, Filter(tenant="team", family="code"), 100).rows) == 3
    parts = list(listing.exported(store, Filter(run="run"), 20))
    assert sum(map(len, parts)) == 20 and all(sample.id == row["id"] for part in parts for sample, row in part)
