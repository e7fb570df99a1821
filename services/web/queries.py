"""What the pages count and list. All of it in SQL, of one tenant (None: of all), and bounded."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sql

from services import tables
from services.listing import begin, readable
from services.samples import id_at, storable
from services.store import Store

COUNTED = 200_000
"""The newest verdicts that an overview looks at, however many its window has, and of each version in a comparison."""
_NAMED = 1_000_000
CHANGED = 200
"""Changed samples that a comparison lists."""
BUCKETS = 30
NO_REWARD = -1
_EDGES = [step / 10 for step in range(1, 10)]


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of time up to now, in seconds; `refresh` seconds between two looks at it."""

    name: str
    label: str
    seconds: int
    refresh: int


WINDOWS = {
    window.name: window
    for window in (
        Window("5m", "5 minutes", 300, 5),
        Window("1h", "hour", 3_600, 15),
        Window("1d", "day", 86_400, 60),
    )
}


@dataclass(slots=True)
class Tally:
    """What one verifier, or all of them, did in a window.

    Attributes:
        bins: by reward: `NO_REWARD`, 0 for 0, 1 to 10 for tenths of what lies between, 11 for 1.
        times: verdicts of each bucket of time: rewarded, at 0, without a reward.
    """

    statuses: dict[str, int] = field(default_factory=dict)
    bins: dict[int, int] = field(default_factory=dict)
    times: list[list[int]] = field(default_factory=lambda: [[0, 0, 0] for _ in range(BUCKETS)])
    total: int = 0
    rewarded: int = 0
    rewards: float = 0.0
    seconds: float = 0.0
    longest: float = 0.0

    @property
    def mean_reward(self) -> float | None:
        """Of the verdicts that have one."""
        return self.rewards / self.rewarded if self.rewarded else None

    def add(self, row: sql.RowMapping, first_bucket: int) -> None:
        """A row of `_tally`."""
        count, bin_ = int(row["count"]), int(row["bin"])
        self.total += count
        self.statuses[row["status"]] = self.statuses.get(row["status"], 0) + count
        self.bins[bin_] = self.bins.get(bin_, 0) + count
        bucket = min(max(int(row["bucket"]) - first_bucket, 0), BUCKETS - 1)
        self.times[bucket][2 if bin_ == NO_REWARD else 1 if bin_ == 0 else 0] += count
        if bin_ != NO_REWARD:
            self.rewarded += count
            self.rewards += float(row["rewards"])
        self.seconds += float(row["seconds"])
        self.longest = max(self.longest, float(row["longest"]))


@dataclass(frozen=True, slots=True)
class Overview:
    """A window, by verifier and all together; `since` is when its first bucket begins, `width` a bucket's seconds."""

    verifiers: dict[str, Tally]
    all: Tally
    slowest: Sequence[sql.RowMapping]
    since: float
    width: int

    @property
    def is_partial(self) -> bool:
        """Whether the window has more verdicts than were counted."""
        return self.all.total >= COUNTED


def overview(store: Store, tenant: str | None, window: Window) -> Overview:
    """Raises StoreAway."""
    now = time.time()
    width = window.seconds // BUCKETS
    first = int(now) // width - BUCKETS + 1
    table = tables.verdicts.c
    recent = (
        sql.select(table.id, table.at, table.verifier, table.status, table.reward, table.seconds)
        .where(*_own(tenant), table.id >= id_at(now - window.seconds))
        .order_by(table.id.desc())
        .limit(COUNTED)
        .subquery()
    )
    found = Overview({}, Tally(), store.read(_slowest(recent)), float(first * width), width)
    for row in store.read(_tally(recent, width)):
        found.all.add(row, first)
        found.verifiers.setdefault(row["verifier"], Tally()).add(row, first)
    return found


def again(store: Store, id_: str, tenant: str | None) -> Sequence[sql.RowMapping]:
    """Verdicts that judge this one again, the newest first. Raises StoreAway."""
    table = tables.verdicts.c
    query = sql.select(table.id, table.at, table.status, table.reward, table.version)
    return store.read(query.where(*_own(tenant), table.rescored == id_).order_by(table.id.desc()).limit(20))


def versions(store: Store, tenant: str | None) -> dict[str, list[sql.RowMapping]]:
    """The versions of each verifier among the newest verdicts, the latest first. Raises StoreAway."""
    table = tables.verdicts.c
    recent = (
        sql.select(table.verifier, table.version, table.at)
        .where(*_own(tenant), table.version != "")
        .order_by(table.id.desc())
        .limit(_NAMED)
        .subquery()
    )
    last = sql.func.max(recent.c.at).label("last")
    query = (
        sql.select(
            recent.c.verifier,
            recent.c.version,
            sql.func.count().label("count"),
            sql.func.min(recent.c.at).label("first"),
            last,
        )
        .group_by(recent.c.verifier, recent.c.version)
        .order_by(recent.c.verifier, last.desc())
    )
    found: dict[str, list[sql.RowMapping]] = {}
    for row in store.read(query):
        found.setdefault(row["verifier"], []).append(row)
    return found


def compared(
    store: Store, tenant: str | None, verifier: str, old: str, new: str
) -> tuple[dict[tuple[str, str], int], list[dict[str, Any]]]:
    """Answers judged by both versions, the newest verdict of each; among the newest `COUNTED` of each version.

    How often which status became which, and the newest of those whose status or reward is another. Raises StoreAway.
    """
    before, after = tables.verdicts.alias("before"), tables.verdicts.alias("after")
    newest = [_newest(tenant, verifier, version) for version in (old, new)]
    joined = (
        newest[0]
        .join(newest[1], newest[0].c.answer == newest[1].c.answer)
        .join(before, before.c.id == newest[0].c.id)
        .join(after, after.c.id == newest[1].c.id)
    )
    statuses = (before.c.status, after.c.status)
    counts = store.read(
        sql.select(statuses[0].label("old"), statuses[1].label("new"), sql.func.count().label("count"))
        .select_from(joined)
        .group_by(*statuses)
    )
    problem = tables.problems.c
    changed = store.read(
        sql.select(
            before.c.id.label("old_id"),
            after.c.id.label("new_id"),
            statuses[0].label("old"),
            statuses[1].label("new"),
            before.c.reward.label("old_reward"),
            after.c.reward.label("new_reward"),
            begin(problem.name, "name"),
            begin(after.c.completion, "excerpt"),
        )
        .select_from(joined.outerjoin(tables.problems, problem.key == after.c.problem))
        .where(sql.or_(statuses[0] != statuses[1], before.c.reward.is_distinct_from(after.c.reward)))
        .order_by(after.c.id.desc())
        .limit(CHANGED)
    )
    return {(row["old"], row["new"]): int(row["count"]) for row in counts}, [readable(row) for row in changed]


def _own(tenant: str | None) -> list[sql.ColumnElement[bool]]:
    return [] if tenant is None else [tables.verdicts.c.tenant == tenant]


def _newest(tenant: str | None, verifier: str, version: str) -> sql.Subquery:
    table = tables.verdicts.c
    query = sql.select(table.id, table.answer).where(
        *_own(tenant), table.verifier == storable(verifier), table.version == storable(version)
    )
    recent = query.order_by(table.id.desc()).limit(COUNTED).subquery()
    return sql.select(sql.func.max(recent.c.id).label("id"), recent.c.answer).group_by(recent.c.answer).subquery()


def _tally(recent: sql.Subquery, width: int) -> sql.Select[Any]:
    reward = recent.c.reward
    tenths = [(reward <= edge, number) for number, edge in enumerate(_EDGES, start=1)]
    bin_ = sql.case((reward.is_(None), NO_REWARD), (reward <= 0, 0), (reward >= 1, 11), *tenths, else_=10).label("bin")
    # Whole numbers: both databases divide those alike.
    bucket = (sql.cast(recent.c.at, sql.BigInteger) // width).label("bucket")
    return sql.select(
        recent.c.verifier,
        recent.c.status,
        bin_,
        bucket,
        sql.func.count().label("count"),
        sql.func.sum(reward).label("rewards"),
        sql.func.sum(recent.c.seconds).label("seconds"),
        sql.func.max(recent.c.seconds).label("longest"),
    ).group_by(recent.c.verifier, recent.c.status, "bin", "bucket")


def _slowest(recent: sql.Subquery) -> sql.Select[Any]:
    columns = (recent.c.id, recent.c.at, recent.c.verifier, recent.c.status, recent.c.seconds)
    return sql.select(*columns).order_by(recent.c.seconds.desc(), recent.c.id.desc()).limit(10)
