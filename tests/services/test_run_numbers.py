"""What lists and pages of runs count: every sample once, on both databases, and lines that say what the samples say."""

import sqlite3
import statistics
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from postgres import Postgres
from run_samples import Run, fill

from services import common_problems, listing, rollouts
from services.samples import Filter
from services.schemas import Labels
from services.store import Store
from services.web import charts, remembered, trends
from services.web.remembered import Remembered
from verifiers.types import Status, Verdict

DEMO = Run("demo", steps=4, groups=3, samples=4, tenant="team", equal=0)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """With one run of the team, and another one's of the same name."""
    folder = tmp_path_factory.mktemp("store")
    running = None
    if request.param == "postgresql":
        running = Postgres(folder)
    made = Store(running.emptied() if running else f"sqlite:///{folder}/s.db")
    fill(made, DEMO)
    fill(made, Run("demo", steps=1, groups=1, samples=2, tenant="other"))
    yield made
    made.close()
    if running:
        running.stop()


def rows_of(store: Store) -> list[dict[str, Any]]:
    return listing.listed(store, Filter(run="demo", tenant="team"), 1000).rows


def mean(rows: Sequence[dict[str, Any]]) -> float | None:
    rewards = [row["reward"] for row in rows if row["reward"] is not None]
    return statistics.fmean(rewards) if rewards else None


def test_runs_count_what_is_there(store: Store) -> None:
    rows = rows_of(store)
    (one,) = rollouts.runs(store, "team")
    assert (one["run"], one["tenant"], one["steps"], one["samples"]) == ("demo", "team", 4, 144)
    assert one["families"] == ["code", "lean", "math"]
    assert one["masked"] == sum(row["reward"] is None for row in rows)
    assert one["reward"] == pytest.approx(mean(rows))
    assert {each["tenant"] for each in rollouts.runs(store, None)} == {"team", "other"}
    assert rollouts.tenants(store, "demo", None) == ["other", "team"]
    assert rollouts.tenants(store, "demo", "team") == ["team"]
    assert rollouts.tenants(store, "none", None) == []


def test_points_count_what_is_there(store: Store) -> None:
    rows = rows_of(store)
    points = rollouts.series(store, "team", "demo")
    assert [(point.family, point.step) for point in points] == [
        (family, step) for family in ("code", "lean", "math") for step in (1, 2, 3, 4)
    ]
    for point in points:
        these = [row for row in rows if (row["family"], row["step"]) == (point.family, point.step)]
        assert point.samples == len(these) == 12
        assert point.judged == sum(row["reward"] is not None for row in these)
        assert point.reward == pytest.approx(mean(these))
        assert point.truncated == sum(row["status"] == "truncated" for row in these)


def test_groups_are_ordered_by_what_is_there(store: Store) -> None:
    rows = rows_of(store)
    groups = rollouts.groups(store, "team", "demo", order="reward")
    assert len(groups) == 36
    for group in groups:
        these = [row for row in rows if (row["step"], row["family"], row["group"]) == group.place]
        assert group.samples == len(these) == 4
        assert group.reward == pytest.approx(mean(these))
        rewards = [row["reward"] for row in these if row["reward"] is not None]
        assert group.spread == pytest.approx(statistics.pstdev(rewards), abs=1e-6)
    assert [group.reward for group in groups] == sorted(group.reward for group in groups if group.reward is not None)
    spreads = [group.spread for group in rollouts.groups(store, "team", "demo", order="spread")]
    assert spreads == sorted(spreads, key=lambda spread: -(spread or 0))
    lengths = [group.chars for group in rollouts.groups(store, "team", "demo", order="length")]
    assert lengths == sorted(lengths, reverse=True)
    steps = [group.step for group in rollouts.groups(store, "team", "demo")]
    assert steps == sorted(steps, key=lambda step: -(step or 0))
    members = rollouts.members(store, "team", "demo", [groups[0].place])[groups[0].place]
    assert [row["sample"] for row in members] == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("wanted", "count"),
    [
        (Filter(run="demo"), 150),
        (Filter(run="demo", tenant="team"), 144),
        (Filter(run="demo", tenant="nobody"), 0),
        (Filter(tenant="team", run="demo", step=2, family="lean"), 12),
        (Filter(tenant="team", run="demo", verifier="code"), 48),
        (Filter(run="demo", tenant="team", text="\\boxed"), 144),
        (Filter(run="demo", text="nowhere"), 0),
        (Filter(tenant="team", family="code"), 48),
        (Filter(step=3), 36),
        (Filter(tenant="team", status="rejected"), 0),
        (Filter(tenant="team", verifier="math", min_reward=0.0), -1),
    ],
)
def test_a_search_that_takes_long_goes_on_where_it_ended(
    store: Store, wanted: Filter, count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "_WINDOW", 20)
    monkeypatch.setattr(listing, "_READ", 20)
    whole = listing.listed(store, wanted, 1000)
    assert count in (len(whole.rows), -1) and whole.before is None
    parts, before, pages = [], None, 0
    while True:
        page = listing.listed(store, Filter(**{**_fields(wanted), "before": before}), 7, seconds=0)
        parts += page.rows
        before, pages = page.before, pages + 1
        if before is None:
            break
    assert [row["at_id"] for row in parts] == [row["at_id"] for row in whole.rows]
    assert pages >= count // 20


def _fields(wanted: Filter) -> dict[str, object]:
    return {name: getattr(wanted, name) for name in Filter.__slots__}


def test_a_store_of_before_gets_its_indexes(tmp_path: Path) -> None:
    def indexes() -> set[str]:
        with closing(sqlite3.connect(tmp_path / "s.db")) as connection:
            return {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'index'")}

    Store(f"sqlite:///{tmp_path}/s.db").close()
    made = indexes()
    with closing(sqlite3.connect(tmp_path / "s.db")) as connection:
        for name in ("verdicts_listed", "verdicts_of_all"):
            connection.execute(f"DROP INDEX {name}")
        connection.execute("CREATE INDEX verdicts_list ON verdicts (tenant, id)")
    Store(f"sqlite:///{tmp_path}/s.db").close()
    assert indexes() == made


def test_problems_of_both_by_their_difference(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path}/s.db")
    got = {"a": {"x": [1, 1], "y": [0, 1], "only": [0]}, "b": {"x": [0, 0, None], "y": [1, 1], "other": [1]}}
    rows = []
    for run, problems in got.items():
        for problem, rewards in problems.items():
            for number, reward in enumerate(rewards):
                verdict = (
                    Verdict.failed("crashed", "gone")
                    if reward is None
                    else Verdict.of(Status.CORRECT if reward else Status.WRONG)
                )
                labels = Labels(run=run, step=3, group=f"g-{problem}", sample=number, problem=problem)
                rows.append(rollouts.row_of("t", labels, verdict, "0" * 28, chars=1, number=number, now=1e9))
    store.save([], rows).result()
    found = common_problems.common_problems(store, ("a", "t"), ("b", "t"))
    assert [(name, old.reward, new.reward, new.judged) for name, old, new in found] == [
        ("x", 1, 0, 2),
        ("y", 0.5, 1, 2),
    ]
    assert found[0][1].group == "g-x" and found[0][2].step == 3
    assert common_problems.common_problems(store, ("a", "t"), ("b", "other")) == []
    store.close()


def test_lines_have_gaps_and_few_points() -> None:
    values = [charts.Value(step, None if step == 2 else 0.5, 4) for step in range(1, 5)]
    drawn = charts.chart({"one": values})
    assert drawn is not None
    assert drawn.lines[0].path == "M1.00 50.00M66.33 50.00L99.00 50.00"
    many = charts.chart({str(n): [charts.Value(step, step % 2, 1) for step in range(100_000)] for n in range(20)})
    assert many is not None and len(many.lines) == charts.LINES and many.left_out == 12
    assert all(len(line.dots) <= charts.POINTS + 1 for line in many.lines)
    assert many.lines[0].dots[5].title.startswith("0, steps 5000 to 5999: 0.500")
    assert charts.chart({"none": [charts.Value(1, None, 0)]}) is None
    (dot,) = charts.chart({"one": [charts.Value(7, 1.0, 2)]}).lines[0].dots  # type: ignore[union-attr]
    assert (dot.x, dot.y) == (50.0, 3.0)


def test_the_last_fifth_counts_by_samples() -> None:
    points = [
        rollouts.Point(step, "f", samples=4, judged=judged, reward=reward, truncated=0, chars=10)
        for step, judged, reward in (
            (1, 4, 0.0),
            (2, 4, 0.0),
            (3, 4, 0.0),
            (4, 4, 0.0),
            (5, 4, 0.0),
            (6, 1, 1.0),
            (7, 3, 0.0),
        )
    ]
    (total,) = trends.totals(points)
    assert total.last == 0.25 and total.masked == 4 and total.reward == pytest.approx(1 / 24)


def test_what_took_long_is_kept_for_a_while(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def count(_: Store, number: int) -> int:
        asked.append(number)
        return number

    store = Store(f"sqlite:///{tmp_path}/s.db")
    quick = Remembered()
    assert [quick.ask(count, store, 1), quick.ask(count, store, 1)] == [1, 1] and asked == [1, 1]
    monkeypatch.setattr(remembered, "_SECONDS", -1.0)
    monkeypatch.setattr(remembered, "_TIMES", 1e9)
    kept = Remembered()
    assert [kept.ask(count, store, each) for each in (2, 2, 3, 2)] == [2, 2, 3, 2] and asked == [1, 1, 2, 3]
    assert [kept.ask(count, store, each) for each in range(100, 200)] == list(range(100, 200))
    assert kept.ask(count, store, 199) == 199 and asked[-1] == 199 and len(asked) == 104
    store.close()
