"""Lists of stored verdicts: the newest that fit a filter, a page at a time, and all of them for an export."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any, TypeVar

import sqlalchemy as sql

from services import tables
from services.samples import ESCAPED, Filter, Sample, conditions, restored
from services.store import Store

SEARCHED = 200_000
"""The newest verdicts in which a text is looked for."""
_EXCERPT = 240
# Their completions may be long.
_EXPORTED_AT_ONCE = 64
_THREADS = ThreadPoolExecutor(2, "lists")
_T = TypeVar("_T")
Part = list[tuple[Sample, dict[str, Any]]]


def listed(store: Store, wanted: Filter, limit: int) -> list[dict[str, Any]]:
    """Samples as a list shows them: the newest first, of the completion the beginning. Raises StoreAway.

    `id` is the verdict's, `at_id` what `Filter.before` takes for the next page. Where labels are asked for a line is a
    rollout and has `run`, `step`, `family`, `group`, `sample` and `problem` of its own.
    """
    verdict, problem = tables.verdicts.c, tables.problems.c
    source = tables.verdicts.outerjoin(tables.problems, verdict.problem == problem.key)
    columns = [verdict[name] for name in ("id", "at", "tenant", "verifier", "version", "status", "reward", "seconds")]
    columns += [verdict.rescored, problem.name]
    order = verdict.id
    if wanted.is_labelled:
        order = tables.rollouts.c.id
        source = source.join(tables.rollouts, tables.rollouts.c.verdict == verdict.id)
        columns += [tables.rollouts.c[name] for name in ("run", "step", "family", "group", "sample", "problem")]
    query = (
        sql.select(*columns, order.label("at_id"), excerpt(verdict.completion))
        .select_from(source)
        .where(*conditions(wanted))
        .order_by(order.desc())
        .limit(limit)
    )
    if wanted.text:
        table = order.table
        ids = sql.select(order).where(*([] if wanted.tenant is None else [table.c.tenant == wanted.tenant]))
        # None where there are fewer.
        edge = ids.order_by(order.desc()).offset(SEARCHED).limit(1).scalar_subquery()
        query = query.where(order > sql.func.coalesce(edge, ""))
    return [readable(row) for row in store.read(query)]


def exported(store: Store, wanted: Filter, most: int) -> Iterator[Part]:
    """The newest `most` that fit, whole, with their lines of the list; some at a time. Raises StoreAway."""
    while most > 0:
        rows = listed(store, wanted, min(most, _EXPORTED_AT_ONCE))
        if not rows:
            return
        samples = {each.id: each for each in store.samples_by_id([row["id"] for row in rows], wanted.tenant)}
        # What the sweep took in between is not there.
        yield [(samples[row["id"]], row) for row in rows if row["id"] in samples]
        most -= len(rows)
        wanted = replace(wanted, before=rows[-1]["at_id"])


async def looked_up(query: Callable[..., _T], *arguments: Any) -> _T:
    """A query, on threads of its own: however long it takes, scoring and keys do not wait for it."""
    return await asyncio.get_running_loop().run_in_executor(_THREADS, functools.partial(query, *arguments))


def excerpt(completion: sql.ColumnElement[str]) -> sql.Label[str]:
    """The beginning of a completion, for `readable`."""
    # A text that is stored as JSON cannot be cut before it is read.
    is_escaped = sql.func.substr(completion, 1, len(ESCAPED)) == ESCAPED
    return sql.case((is_escaped, completion), else_=sql.func.substr(completion, 1, _EXCERPT)).label("excerpt")


def readable(row: sql.RowMapping) -> dict[str, Any]:
    """A line with the problem's `name` and the `excerpt` as they were said."""
    found = dict(row)
    found["name"] = None if row["name"] is None else restored(row["name"])
    found["excerpt"] = restored(row["excerpt"])[:_EXCERPT]
    return found
