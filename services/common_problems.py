"""Problems that two runs were both asked, and what each run got for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sql

from services import tables
from services.store import Store

LISTED = 30
"""Of the problems with the largest difference."""
COMPARED = 50_000
"""Problems of each run that are looked at, by their names."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a run got for a problem: the mean of `judged` rewards, and the last group in which it was asked."""

    reward: float
    judged: int
    step: int | None
    family: str
    group: str | None


def common_problems(store: Store, first: tuple[str, str], second: tuple[str, str]) -> list[tuple[str, Asked, Asked]]:
    """Of two runs (name and tenant), those whose mean rewards differ most. Raises StoreAway."""
    old, new = _asked(*first), _asked(*second)
    query = (
        sql.select(
            old.c.problem,
            *(column.label(f"old_{column.name}") for column in (old.c.mean, old.c.judged, old.c.last)),
            *(column.label(f"new_{column.name}") for column in (new.c.mean, new.c.judged, new.c.last)),
        )
        .select_from(old.join(new, old.c.problem == new.c.problem))
        .order_by(sql.func.abs(new.c.mean - old.c.mean).desc(), old.c.problem)
        .limit(LISTED)
    )
    rows = store.read(query)
    groups = [
        _last_groups(store, *run, [(row["problem"], row[f"{side}_last"]) for row in rows])
        for run, side in ((first, "old"), (second, "new"))
    ]
    return [(row["problem"], _side(row, "old", groups[0]), _side(row, "new", groups[1])) for row in rows]


def _side(row: sql.RowMapping, side: str, groups: dict[str, tuple[str, str | None]]) -> Asked:
    family, group = groups[row["problem"]]
    return Asked(float(row[f"{side}_mean"]), row[f"{side}_judged"], row[f"{side}_last"], family, group)


def _asked(run: str, tenant: str) -> sql.Subquery:
    table = tables.rollouts.c
    return (
        sql.select(
            table.problem,
            sql.func.avg(table.reward).label("mean"),
            sql.func.count().label("judged"),
            sql.func.max(table.step).label("last"),
        )
        .where(table.run == run, table.tenant == tenant, table.problem.is_not(None), table.reward.is_not(None))
        .group_by(table.problem)
        .order_by(table.problem)
        .limit(COMPARED)
        .subquery()
    )


def _last_groups(
    store: Store, run: str, tenant: str, asked: Sequence[tuple[str, int | None]]
) -> dict[str, tuple[str, str | None]]:
    """Family and name of a group of each problem at this step."""
    table = tables.rollouts.c
    found = {}
    for problem, step in asked:
        # A step in an index each, where one query for all of them would go through the run.
        query = sql.select(table.family, table.group).where(
            table.run == run,
            table.tenant == tenant,
            table.problem == problem,
            table.step.is_(None) if step is None else table.step == step,
        )
        rows = store.read(query.order_by(table.group).limit(1))
        # The sweep may have been there in between.
        found[problem] = (rows[0]["family"], rows[0]["group"]) if rows else ("", None)
    return found
