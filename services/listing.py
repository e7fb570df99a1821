"""Lists of stored verdicts: the newest that fit a filter, a page at a time, and all of them for an export."""

from __future__ import annotations

import asyncio
import functools
import json
import math
import re
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import sqlalchemy as sql

from services import surrogates, tables
from services.guard import Refused
from services.samples import ESCAPED, Filter, Sample, conditions
from services.store import Store

PAGE_SECONDS = 0.15
"""So long a page looks for what fits."""
# Of those that may fit, so many are looked at before the time is; fewer where it is not an index that says it.
_WINDOW, _READ = 50_000, 5_000
_EXCERPT = 240
_EXPORTED_AT_ONCE = 200
# Of texts: what an export has in hand at once.
_EXPORTED_CHARS = 4 << 20
_MOST_WAITING = 64
# Of a JSON text that is cut off somewhere, up to where it is whole.
_WHOLE_ESCAPES = re.compile(r'"(?:[^"\\]|\\u[0-9a-f]{4}|\\[^u])*')
_THREADS = ThreadPoolExecutor(2, "lists")
_waiting: set[asyncio.Future[Any]] = set()
_T = TypeVar("_T")
Part = list[tuple[Sample, dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class Page:
    """Lines of a list. `before` is the `Filter.before` of the next page; None: nothing older is left to look at."""

    rows: list[dict[str, Any]]
    before: str | None


def listed(store: Store, wanted: Filter, limit: int, seconds: float = math.inf) -> Page:
    """Samples as a list shows them: the newest first, of the completion the beginning. Raises StoreAway.

    `id` is the verdict's, `at_id` the line's own. Where labels are asked for a line is a rollout and has `run`, `step`,
    `family`, `group`, `sample` and `problem` of its own. After so many seconds the page ends with what was found by
    then, and `before` says from where on nothing was looked at.
    """
    ends = time.monotonic() + seconds
    rows: list[dict[str, Any]] = []
    while True:
        edge = _edge(store, wanted)
        rows += [readable(row) for row in store.read(_lines(wanted, edge, limit + 1 - len(rows)))]
        if len(rows) > limit:
            return Page(rows[:limit], rows[limit - 1]["at_id"])
        if edge is None or time.monotonic() > ends:
            return Page(rows, edge)
        wanted = replace(wanted, before=edge)


def _edge(store: Store, wanted: Filter) -> str | None:
    """The oldest of the next `_WINDOW` that may fit, where there are more."""
    table = tables.rollouts.c if wanted.is_labelled else tables.verdicts.c
    anywhere = Filter(tenant=wanted.tenant, before=wanted.before, since=wanted.since, run=wanted.run)
    found = sql.select(table.id).where(*conditions(anywhere, is_labelled=wanted.is_labelled))
    reads = wanted.text or (wanted.is_labelled and (wanted.run is None or wanted.verifier or wanted.version))
    rows = store.read(found.order_by(table.id.desc()).offset((_READ if reads else _WINDOW) - 1).limit(1))
    return rows[0]["id"] if rows else None


def _lines(wanted: Filter, edge: str | None, limit: int) -> sql.Select[Any]:
    verdict, problem, rollout = tables.verdicts.c, tables.problems.c, tables.rollouts.c
    columns: list[sql.ColumnElement[Any]] = [
        verdict[name] for name in ("id", "at", "tenant", "verifier", "version", "status", "reward", "seconds")
    ]
    columns += [verdict.rescored, begin(problem.name, "name")]
    order = verdict.id
    if wanted.is_labelled:
        order = rollout.id
        columns += [rollout[name] for name in ("run", "step", "family", "group", "sample", "problem")]
    # First which: an index has all that most filters ask of a line, and of the others nothing is read.
    fitting = sql.select(order).select_from(_source(wanted)).where(*conditions(wanted))
    if edge is not None:
        fitting = fitting.where(order >= edge)
    fitting = fitting.order_by(order.desc()).limit(limit)
    whole = tables.verdicts.outerjoin(tables.problems, verdict.problem == problem.key)
    if wanted.is_labelled:
        whole = whole.join(tables.rollouts, rollout.verdict == verdict.id)
    query = sql.select(*columns, order.label("at_id"), begin(verdict.completion, "excerpt")).select_from(whole)
    return query.where(order.in_(fitting)).order_by(order.desc())


def _source(wanted: Filter) -> sql.FromClause:
    """What the conditions of a filter need, and no more."""
    verdict = tables.verdicts.c
    found: sql.FromClause = tables.verdicts
    if wanted.is_labelled:
        found = tables.rollouts
        if wanted.verifier is not None or wanted.version is not None or wanted.text:
            found = found.join(tables.verdicts, tables.rollouts.c.verdict == verdict.id)
    if wanted.text:
        found = found.outerjoin(tables.problems, verdict.problem == tables.problems.c.key)
    return found


def exported(store: Store, wanted: Filter, most: int) -> Iterator[Part]:
    """The newest `most` that fit, whole, with their lines of the list; some at a time. Raises StoreAway."""
    while most > 0:
        page = listed(store, wanted, min(most, _EXPORTED_AT_ONCE))
        rows = page.rows
        if not rows:
            return
        for part in _by_size(store, rows):
            samples = {each.id: each for each in store.samples_by_id([row["id"] for row in part], wanted.tenant)}
            # What the sweep took in between is not there.
            yield [(samples[row["id"]], row) for row in part if row["id"] in samples]
        if page.before is None:
            return
        most -= len(rows)
        wanted = replace(wanted, before=page.before)


def _by_size(store: Store, rows: list[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """The lines in parts of about `_EXPORTED_CHARS` of what belongs to them, one line at least."""
    verdict, problem = tables.verdicts.c, tables.problems.c
    texts = (verdict.completion, verdict.verdict, problem.prompt, problem.reference)
    size = sum((sql.func.coalesce(sql.func.length(text), 0) for text in texts), sql.literal(0))
    query = sql.select(verdict.id, size.label("chars")).select_from(
        tables.verdicts.outerjoin(tables.problems, verdict.problem == problem.key)
    )
    found = store.read(query.where(verdict.id.in_({row["id"] for row in rows})))
    chars = {row["id"]: int(row["chars"]) for row in found}
    part: list[dict[str, Any]] = []
    taken = 0
    for row in rows:
        own = chars.get(row["id"], 0)
        if part and taken + own > _EXPORTED_CHARS:
            yield part
            part, taken = [], 0
        part.append(row)
        taken += own
    if part:
        yield part


async def looked_up(query: Callable[..., _T], *arguments: Any) -> _T:
    """A query, on threads of its own: however long it takes, scoring and keys do not wait for it.

    One that nobody waits for any more is not begun. Raises Refused (503) where many wait.
    """
    if len(_waiting) >= _MOST_WAITING:
        raise Refused(503, "many lists are being looked up: come again", 1)
    found = asyncio.get_running_loop().run_in_executor(_THREADS, functools.partial(query, *arguments))
    _waiting.add(found)
    found.add_done_callback(_waiting.discard)
    return await found


def begin(text: sql.ColumnElement[str], name: str) -> sql.Label[str]:
    """The beginning of a text, for `readable`."""
    # As JSON a character takes up to twelve.
    return sql.func.substr(text, 1, len(ESCAPED) + 12 * _EXCERPT + 1).label(name)


def readable(row: sql.RowMapping) -> dict[str, Any]:
    """A line with the beginnings of the problem's `name` and of the completion (`excerpt`) as they were said."""
    found = dict(row)
    found["name"] = None if row["name"] is None else _said(row["name"])
    found["excerpt"] = _said(row["excerpt"])
    return found


def _said(text: str) -> str:
    """The beginning of a text from the beginning of what is stored of it."""
    if text.startswith(ESCAPED) and (whole := _WHOLE_ESCAPES.match(text, len(ESCAPED))):
        text = str(json.loads(whole.group() + '"'))
    # Cut off in the midst of a pair, or stored so.
    return surrogates.replaced(text[:_EXCERPT])
