"""The routes of runs: which there are, one over its steps, one group side by side, and two runs beside each other."""

from __future__ import annotations

import asyncio
import json
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, get_args

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse
from markupsafe import Markup

from services import common_problems, listing, rollouts
from services.access import caller_of, service_of
from services.explain import explain
from services.guard import Refused
from services.keys import READS, Caller
from services.routes import reference_of, shown
from services.samples import Sample
from services.store import Store
from services.stored import Explanation
from services.web import trends
from services.web.answers import PageRoute, address, page, whole_number
from services.web.completions import completion
from services.web.remembered import remembered
from verifiers.types import Verdict

ORDERS: tuple[rollouts.Order, ...] = get_args(rollouts.Order)
_RUNS = 20
_SPARKED = 150_000
_PER_PAGE = 15
_ANSWERS = 8
_CUT_CHARS, _CUT_PROMPT, _CUT_ANSWER = 1500, 1200, 200
_SHAPES = {
    "math": "one answer: a number, a formula, a set, a choice",
    "code": "tests that a program must pass",
    "lean": "a proof of the problem's theorem, which Lean checks",
    "gym": "what reasoning-gym's own scorer gives the full score",
}

router = APIRouter(include_in_schema=False, route_class=PageRoute, default_response_class=HTMLResponse)


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer of a group, and which of its samples gave it."""

    sample: Sample
    verdict: Verdict
    why: Explanation
    numbers: tuple[int | None, ...]
    advantage: str
    # Its beginning.
    said: Markup


@router.get("/runs")
async def runs(request: Request) -> Response:
    """The runs that there are, the one that was judged last first."""
    caller = await caller_of(request, *READS)
    store = service_of(request).stored()
    found = await listing.looked_up(remembered.ask, rollouts.runs, store, caller.sees)
    sparks = await listing.looked_up(_sparks, store, found[:_RUNS])
    return page(request, "runs.html", caller, runs=found[:_RUNS], others=found[_RUNS:], sparks=sparks)


@router.get("/run")
async def run(
    request: Request,
    run: str = "",
    tenant: str = "",
    order: str = "",
    step: str = "",
    family: str = "",
    number: str = "",
) -> Response:
    """One run: its reward over steps, and its groups, a page at a time."""
    caller = await caller_of(request, *READS)
    store = service_of(request).stored()
    owner, others = await _owner(store, caller, run, tenant)
    chosen = _order(order)
    at = whole_number("step", step)
    points = await listing.looked_up(remembered.ask, rollouts.series, store, owner, run)
    groups = await listing.looked_up(remembered.ask, rollouts.groups, store, owner, run, at, family, chosen)
    pages = max(-(-len(groups) // _PER_PAGE), 1)
    place = min(max(whole_number("number", number) or 1, 1), pages)
    part = groups[(place - 1) * _PER_PAGE : place * _PER_PAGE]
    members = await listing.looked_up(rollouts.members, store, owner, run, [each.place for each in part])
    whose = {"run": run, "tenant": owner if caller.sees is None else ""}
    given = {"order": "" if chosen == "newest" else chosen, "step": step, "family": family}

    def to_step(name: str, at: int) -> str:
        return address("/run", **whose, step=at, family=name) + "#groups"

    def to_any(name: str, at: int) -> str:
        return address("/run", **whose, step=at) + "#groups"

    return page(
        request,
        "run.html",
        caller,
        run=run,
        whose=whose,
        others=others,
        given=given,
        listed={**whose, **given},
        order=chosen,
        orders=ORDERS,
        families=sorted({point.family for point in points})[: trends.FAMILIES],
        steps=sorted({point.step for point in points if point.step is not None}),
        totals=trends.totals(points),
        chart=trends.rewards(points, to_step),
        losses=trends.losses(points, to_any),
        groups=part,
        members=members,
        count=len(groups),
        most=rollouts.GROUPS,
        place=place,
        pages=pages,
        is_partial=len(points) == rollouts.POINTS,
        points_most=rollouts.POINTS,
    )


@router.get("/group")
async def group(
    request: Request,
    run: str = "",
    tenant: str = "",
    step: str = "",
    group: str = "",
    order: str = "",
    at: str = "",
    of: str = "",
    family: str = "",
    full: str = "",
) -> Response:
    """One group: its problem, and its answers side by side. `order`, `at` and `of` say which list it is from."""
    caller = await caller_of(request, *READS)
    store = service_of(request).stored()
    owner, _ = await _owner(store, caller, run, tenant)
    key = (whole_number("step", step), family, group)
    members = (await listing.looked_up(rollouts.members, store, owner, run, [key]))[key]
    if not members:
        raise Refused(404, f"run {run[:60]!r} has no group {group[:60]!r} at this step: open the run and choose one")
    chosen = _order(order)
    listed = await listing.looked_up(
        remembered.ask, rollouts.groups, store, owner, run, whole_number("at", at), of, chosen
    )
    places = [number for number, each in enumerate(listed) if each.place == key]
    whose = {"run": run, "tenant": owner if caller.sees is None else ""}
    given = {"order": "" if chosen == "newest" else chosen, "at": at, "of": of}

    def to(number: int) -> str | None:
        if not places or not 0 <= number < len(listed):
            return None
        at_step, its_family, name = listed[number].place
        return address("/group", **whose, step=at_step, family=its_family, group=name, **given)

    ids = list(dict.fromkeys(row["verdict"] for row in members))
    most = len(ids) if full else _ANSWERS
    samples = await asyncio.to_thread(store.samples_by_id, ids[:most], owner)
    # Formulas take a while to draw.
    answers = await asyncio.to_thread(_answers, caller, samples, members)
    rewards = [row["reward"] for row in members if row["reward"] is not None]
    place = places[0] if places else -1
    return page(
        request,
        "group.html",
        caller,
        run=run,
        whose=whose,
        step=key[0],
        group=group,
        family=family,
        problem=members[0]["problem"],
        members=members,
        answers=answers,
        hidden=max(len(ids) - most, 0),
        gone=len(ids[:most]) - len(answers),
        all_of_it=address("/group", **whose, step=step, family=family, group=group, **given, full="1"),
        mean=statistics.fmean(rewards) if rewards else None,
        spread=statistics.pstdev(rewards) if rewards else None,
        judged=len(rewards),
        first=samples[0] if samples else None,
        expected=_expected(caller, samples[0]) if samples else None,
        shape=_SHAPES.get(samples[0].verdict.verifier, "what the team's own judge looks for") if samples else "",
        before=to(place - 1),
        after=to(place + 1),
        place=place + 1,
        count=len(listed),
        order=chosen,
        back=address("/run", **whose, order=given["order"], family=of, step=at, number=max(place // _PER_PAGE + 1, 1))
        + "#groups",
        cut=_CUT_CHARS,
        cut_prompt=_CUT_PROMPT,
        cut_answer=_CUT_ANSWER,
    )


@router.get("/runs/compare")
async def compare(request: Request, a: str = "", b: str = "") -> Response:
    """Two runs beside each other. `a` and `b` are their names, or `tenant/name` where a name alone does not do."""
    caller = await caller_of(request, *READS)
    store = service_of(request).stored()
    found = []
    for name in (a, b):
        owner, run = await _named(store, caller, name)
        points = await listing.looked_up(remembered.ask, rollouts.series, store, owner, run)
        found.append((run, owner, points))
    (old, old_owner, first), (new, new_owner, second) = found
    if (old, old_owner) == (new, new_owner):
        raise Refused(422, "that is one run, twice: choose two on /runs")
    whose = [{"run": run, "tenant": owner if caller.sees is None else ""} for run, owner, _ in found]

    def to(side: int, family: str, step: int) -> str:
        return address("/run", **whose[side], step=step, family=family) + "#groups"

    query = common_problems.common_problems
    problems = await listing.looked_up(remembered.ask, query, store, (old, old_owner), (new, new_owner))
    totals = [{total.family: total for total in trends.totals(points)} for points in (first, second)]
    names = list(dict.fromkeys([*totals[0], *totals[1]]))
    return page(
        request,
        "runs_compare.html",
        caller,
        a=a,
        b=b,
        whose=whose,
        charts_of=trends.both(first, second, to),
        families=[(name, totals[0].get(name), totals[1].get(name)) for name in names],
        problems=problems,
        listed=common_problems.LISTED,
    )


def _sparks(store: Store, runs: Sequence[Any]) -> list[str]:
    """A small line for each run, as long as there are not too many samples to count."""
    left = _SPARKED
    found = []
    for one in runs:
        left -= one["samples"]
        points = remembered.ask(rollouts.series, store, one["tenant"], one["run"]) if left >= 0 else []
        found.append(trends.spark(points))
    return found


async def _owner(store: Store, caller: Caller, run: str, tenant: str) -> tuple[str, list[str]]:
    """Whose run it is that is meant, and whose else there are of this name. Raises Refused (404)."""
    # A tenant that asks for another's is told what it would be told of none.
    found = await listing.looked_up(rollouts.tenants, store, run, caller.sees)
    owner = tenant if tenant in found else found[0] if found and not tenant else None
    if owner is None:
        raise Refused(404, f"no run {run[:60]!r} of yours: /runs lists them all, for as long as the store keeps them")
    return owner, [each for each in found if each != owner]


async def _named(store: Store, caller: Caller, name: str) -> tuple[str, str]:
    """Tenant and name of a run. Raises Refused (404, 422)."""
    if not name:
        raise Refused(422, "choose two runs to compare on /runs")
    tenant, slash, run = name.partition("/")
    if caller.sees is None and slash and tenant in await listing.looked_up(rollouts.tenants, store, run, None):
        return tenant, run
    return (await _owner(store, caller, name, ""))[0], name


def _order(name: str) -> rollouts.Order:
    for order in ORDERS:
        if name == order:
            return order
    if name:
        raise Refused(422, f"no order {name[:40]!r}: there are {', '.join(ORDERS)}")
    return "newest"


def _answers(caller: Caller, samples: Sequence[Sample], members: Sequence[Any]) -> list[Answer]:
    rewards = [row["reward"] for row in members if row["reward"] is not None]
    found = []
    for sample in samples:
        verdict = shown(sample.verdict, caller)
        numbers = tuple(row["sample"] for row in members if row["verdict"] == sample.id)
        said = completion(sample.completion, verdict, _CUT_CHARS, anchors=False).shown
        found.append(Answer(sample, verdict, explain(verdict), numbers, _advantage(verdict.reward, rewards), said))
    return found


def _advantage(reward: float | None, rewards: Sequence[float]) -> str:
    """Of one sample within its group: its reward less the mean, over the deviation; in words."""
    if reward is None:
        return "none: masked"
    deviation = _deviation(rewards)
    if not deviation:
        return "0: all rewards are the same" if len(rewards) > 1 else "0: nothing to compare it with"
    return f"{(reward - statistics.fmean(rewards)) / deviation:+.2f}"


def _deviation(rewards: Sequence[float]) -> float | None:
    return statistics.stdev(rewards) if len(rewards) > 1 else None


def _expected(caller: Caller, sample: Sample) -> str | None:
    """What was expected, for those who may see it."""
    reference = reference_of(sample, caller)
    return None if reference is None else json.dumps(reference, indent=2, ensure_ascii=False)
