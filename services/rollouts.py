"""Samples of training runs: which labels belong to which verdict, and what a run's page counts.

Equal answers share a verdict (they are judged once); every one of them is a rollout of its own. It goes when it is old,
and its verdict not before.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import sqlalchemy as sql

from services import tables
from services.samples import id_at, storable
from services.schemas import Labels
from services.store import Store
from verifiers.types import Verdict

POINTS = 20_000
"""Steps of families that a run's page draws."""
GROUPS = 1000
"""Groups that a run's page can page through, in whichever order."""
MEMBERS = 64
"""Samples of one group, and samples with one verdict, that are looked at."""
# Of all runs together, the newest.
_FAMILIES = 5000
# As many runs of one name are told apart by tenant.
_TENANTS = 20
Place = tuple[int | None, str, str]
"""Step, family and name of a group."""
Order = Literal["newest", "spread", "reward", "length"]


@dataclass(frozen=True, slots=True)
class Point:
    """One family at one step of a run: `samples` in all, `judged` of them with a reward, whose mean is `reward`."""

    step: int | None
    family: str
    samples: int
    judged: int
    reward: float | None
    truncated: int
    chars: float


@dataclass(frozen=True, slots=True)
class Group:
    """The samples of one prompt at one step. `spread` is the standard deviation of the rewards, `chars` a mean."""

    step: int | None
    family: str
    group: str
    samples: int
    judged: int
    reward: float | None
    spread: float | None
    chars: float

    @property
    def place(self) -> Place:
        """What tells it from other groups of its run."""
        return self.step, self.family, self.group


def row_of(
    tenant: str, labels: Labels, verdict: Verdict, verdict_id: str, *, chars: int, number: int, now: float
) -> dict[str, Any]:
    """A row of the table, for the sample of this number in its request."""
    return {
        # The newest stand first in a list, and of a request the first.
        "id": f"{id_at(now)}{0xFFFF - min(number, 0xFFFF):04x}{secrets.token_hex(6)}",
        "tenant": tenant,
        "run": labels.run,
        "step": labels.step,
        # Of a user's own `path/to/file.py:function`, the function's name.
        "family": labels.family or verdict.verifier.rpartition(":")[-1][:100],
        "group": labels.group,
        "sample": labels.sample,
        "problem": labels.problem,
        "verdict": verdict_id,
        "status": verdict.status.value,
        "reward": verdict.reward,
        "chars": chars,
    }


def labels_of(row: Mapping[Any, Any]) -> Labels:
    """From a row of the table."""
    return Labels(**{name: row[name] for name in ("run", "step", "family", "group", "sample", "problem")})


def group_of(row: Mapping[Any, Any]) -> tuple[str, str, int | None, str, str | None]:
    """Run, tenant, step, family and group of a row."""
    return row["run"], row["tenant"], row["step"], row["family"], row["group"]


def with_verdict(store: Store, verdict_id: str, tenant: str | None) -> list[sql.RowMapping]:
    """Rollouts that have this verdict, the newest first. Raises StoreAway."""
    table = tables.rollouts
    query = sql.select(table).where(table.c.verdict == verdict_id, *_own(tenant))
    return list(store.read(query.order_by(table.c.id.desc()).limit(MEMBERS)))


def runs(store: Store, tenant: str | None, limit: int = 1000) -> list[dict[str, Any]]:
    """Runs with what `services.stored.RunInfo` says of them, the latest first. Raises StoreAway."""
    table = tables.rollouts.c
    found: dict[tuple[str, str], dict[str, Any]] = {}
    # In the order of an index: first by step, then all steps together.
    steps = (
        sql.select(
            table.tenant,
            table.run,
            table.step,
            table.family,
            sql.func.max(table.id).label("last"),
            sql.func.count().label("samples"),
            sql.func.count(table.reward).label("judged"),
            sql.func.sum(table.reward).label("rewards"),
        )
        .where(*_own(tenant))
        .group_by(table.tenant, table.run, table.step, table.family)
        .subquery()
        .c
    )
    last = sql.func.max(steps.last).label("last")
    query = (
        sql.select(
            steps.tenant,
            steps.run,
            steps.family,
            last,
            sql.func.max(steps.step).label("steps"),
            sql.func.sum(steps.samples).label("samples"),
            sql.func.sum(steps.judged).label("judged"),
            sql.func.sum(steps.rewards).label("rewards"),
        )
        .group_by(steps.tenant, steps.run, steps.family)
        .order_by(last.desc())
        .limit(_FAMILIES)
    )
    for row in store.read(query):
        one = found.setdefault(
            (row["run"], row["tenant"]),
            {"last": "", "steps": None, "families": [], "samples": 0, "judged": 0, "rewards": 0.0},
        )
        one["last"] = max(one["last"], row["last"])
        one["steps"] = max((each for each in (one["steps"], row["steps"]) if each is not None), default=None)
        one["families"].append(row["family"])
        # Sums are decimals in PostgreSQL.
        one["samples"] += int(row["samples"])
        one["judged"] += int(row["judged"])
        one["rewards"] += float(row["rewards"] or 0.0)
    latest = sorted(found.items(), key=lambda item: item[1]["last"], reverse=True)[:limit]
    return [
        {
            "run": run,
            "tenant": owner,
            # An id begins with its time.
            "last_at": int(one["last"][:12], 16) / 1000,
            "steps": one["steps"],
            "families": sorted(one["families"]),
            "samples": one["samples"],
            "masked": one["samples"] - one["judged"],
            "reward": one["rewards"] / one["judged"] if one["judged"] else None,
        }
        for (run, owner), one in latest
    ]


def tenants(store: Store, run: str, tenant: str | None) -> list[str]:
    """Whose runs have this name, of those that this caller may see; a few at most. Raises StoreAway."""
    table = tables.rollouts.c
    found: list[str] = []
    while len(found) < _TENANTS:
        # A step in the index each, where DISTINCT would go through the run.
        query = sql.select(sql.func.min(table.tenant).label("tenant")).where(table.run == storable(run), *_own(tenant))
        (row,) = store.read(query.where(table.tenant > found[-1]) if found else query)
        if row["tenant"] is None:
            break
        found.append(row["tenant"])
    return found


def series(store: Store, tenant: str | None, run: str) -> list[Point]:
    """What each family got at each step, by family and step; the newest `POINTS` of them. Raises StoreAway."""
    table = tables.rollouts.c
    query = (
        sql.select(
            table.step,
            table.family,
            sql.func.count().label("samples"),
            sql.func.count(table.reward).label("judged"),
            sql.func.avg(table.reward).label("reward"),
            sql.func.sum(sql.case((table.status == "truncated", 1), else_=0)).label("truncated"),
            sql.func.avg(table.chars).label("chars"),
        )
        .where(table.run == storable(run), *_own(tenant))
        .group_by(table.step, table.family)
        .order_by(table.step.desc().nulls_last(), table.family.desc())
        .limit(POINTS)
    )
    points = [
        Point(
            step=row["step"],
            family=row["family"],
            samples=row["samples"],
            judged=row["judged"],
            reward=None if row["reward"] is None else float(row["reward"]),
            truncated=int(row["truncated"]),
            chars=float(row["chars"]),
        )
        for row in store.read(query)
    ]
    return sorted(points, key=lambda point: (point.family, -1 if point.step is None else point.step))


def groups(
    store: Store,
    tenant: str | None,
    run: str,
    step: int | None = None,
    family: str = "",
    order: Order = "newest",
) -> list[Group]:
    """The first `GROUPS` groups of a run in this order: largest spread, lowest reward, longest first. Raises StoreAway.

    Equal ones stand by step and name, so that the order is always the same.
    """
    table = tables.rollouts.c
    mean = sql.func.avg(table.reward)
    variance = sql.func.avg(table.reward * table.reward) - mean * mean
    chars = sql.func.avg(table.chars)
    newest = (table.step.desc().nulls_last(), table.family.desc(), table.group.desc())
    first: dict[Order, tuple[Any, ...]] = {
        "newest": (),
        "spread": (variance.desc().nulls_last(),),
        "reward": (mean.asc().nulls_last(),),
        "length": (chars.desc(),),
    }
    query = (
        sql.select(
            table.step,
            table.family,
            table.group,
            sql.func.count().label("samples"),
            sql.func.count(table.reward).label("judged"),
            mean.label("reward"),
            variance.label("variance"),
            chars.label("chars"),
        )
        .where(table.run == storable(run), *_own(tenant), table.group.is_not(None))
        .group_by(table.step, table.family, table.group)
        .order_by(*first[order], *newest)
        .limit(GROUPS)
    )
    if step is not None:
        query = query.where(table.step == step)
    if family:
        query = query.where(table.family == storable(family))
    return [_group_of(row) for row in store.read(query)]


def members(store: Store, tenant: str | None, run: str, wanted: Sequence[Place]) -> dict[Place, list[sql.RowMapping]]:
    """The rollouts of groups, by their number, of each `MEMBERS` at most. Raises StoreAway."""
    table = tables.rollouts
    found: dict[Place, list[sql.RowMapping]] = {}
    for step, family, group in wanted:
        these = (
            table.c.run == storable(run),
            *_own(tenant),
            _at(step),
            table.c.family == storable(family),
            table.c.group == storable(group),
        )
        # In the order of an index: a group may be as large as whoever labels it likes.
        of_group = sql.select(table).where(*these).order_by(table.c.sample).limit(MEMBERS)
        found[step, family, group] = list(store.read(of_group))
    return found


def _at(step: int | None) -> sql.ColumnElement[bool]:
    column = tables.rollouts.c.step
    return column.is_(None) if step is None else column == step


def _group_of(row: sql.RowMapping) -> Group:
    # What rounding leaves below zero is zero.
    spread = None if row["variance"] is None else max(float(row["variance"]), 0.0) ** 0.5
    return Group(
        step=row["step"],
        family=row["family"],
        group=row["group"],
        samples=row["samples"],
        judged=row["judged"],
        reward=None if row["reward"] is None else float(row["reward"]),
        spread=spread,
        chars=float(row["chars"]),
    )


def _own(tenant: str | None) -> Sequence[sql.ColumnElement[bool]]:
    return [] if tenant is None else [tables.rollouts.c.tenant == tenant]
