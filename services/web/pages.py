"""The routes of the explorer page: overview, samples, one sample, two versions, and the key in a cookie."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Sequence
from importlib import resources
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse

from services import listing, rollouts
from services.access import COOKIE, Service, caller_of, service_of
from services.explain import explain
from services.guard import Refused
from services.keys import READS, Caller
from services.routes import reference_of, rescored, sample_of, shown, until_gone, verifiers_of
from services.samples import Filter, Sample
from services.web import formulas, queries, reference, text
from services.web.answers import PageRoute, address, page, read_form, redirect, set_cookie, whole_number
from services.web.completions import completion
from services.web.failing import failing_test
from services.web.remembered import remembered
from verifiers.types import Status, Verdict

_PER_PAGE = 20
_MAX_STEPS = 1000
_MAX_SEARCHED_CHARS = 200
# Where a login may lead: on this site, and nowhere that a browser takes for another host.
_OWN_ADDRESS = re.compile(r"/(?![/\\])[\w/?&=%.~+-]*", re.ASCII)
_FILES = {"style.css": "text/css", "keys.js": "text/javascript", "icon.svg": "image/svg+xml"}

router = APIRouter(include_in_schema=False, route_class=PageRoute, default_response_class=HTMLResponse)


@router.get("/")
async def overview(request: Request, window: str = "1h", refresh: str = "") -> Response:
    """What comes in now, what becomes of it, what takes long."""
    caller = await caller_of(request, *READS)
    service = service_of(request)
    chosen = queries.WINDOWS.get(window, queries.WINDOWS["1h"])
    found = None
    if service.store is not None:
        found = await listing.looked_up(remembered.ask, queries.overview, service.store, caller.sees, chosen)
    return page(
        request,
        "overview.html",
        caller,
        found=found,
        window=chosen,
        windows=queries.WINDOWS.values(),
        refresh=bool(refresh),
        backlog=service.admission.backlog_seconds,
        statuses=_statuses(found),
        bins=_bins(found),
        now=time.time(),
    )


@router.get("/samples")
async def samples(
    request: Request,
    verifier: str = "",
    status: str = "",
    version: str = "",
    text: str = "",
    window: str = "",
    run: str = "",
    step: str = "",
    family: str = "",
    before: str = "",
) -> Response:
    """The newest samples that fit, a page at a time; with a run, step or family those of runs."""
    caller = await caller_of(request, *READS)
    service = service_of(request)
    store = service.stored()
    chosen = queries.WINDOWS.get(window)
    since = None if chosen is None else time.time() - chosen.seconds
    text = text[:_MAX_SEARCHED_CHARS]
    number = whole_number("step", step)
    wanted = Filter(
        tenant=caller.sees,
        verifier=verifier or None,
        status=status or None,
        version=version or None,
        since=since,
        before=before or None,
        text=text or None,
        run=run or None,
        step=number,
        family=family or None,
    )
    found = await listing.looked_up(listing.listed, store, wanted, _PER_PAGE, listing.PAGE_SECONDS)
    named = {"verifier": verifier, "status": status, "version": version, "text": text}
    labels = {"run": run, "step": step, "family": family}
    given = {**named, **labels, "window": window}
    names = verifiers_of(service.settings)
    return page(
        request,
        "samples.html",
        caller,
        rows=found.rows,
        given=given,
        is_filtered=any(given.values()),
        is_labelled=wanted.is_labelled,
        first=address("/samples", **given) if before else None,
        more=address("/samples", **given, before=found.before),
        is_last=found.before is None,
        # The list went on until then.
        until=None if found.before is None else int(found.before[:12], 16) / 1000,
        names=names if verifier in names or not verifier else [*names, verifier],
        statuses=[each.value for each in Status],
        windows=queries.WINDOWS.values(),
        export={**named, **labels, "since": since},
        per_page=_PER_PAGE,
    )


@router.get("/samples/{verdict_id}")
async def sample(request: Request, verdict_id: str, full: str = "", raw: str = "") -> Response:
    """One sample: what was asked, what was said, what became of it and why."""
    caller = await caller_of(request, *READS)
    store = service_of(request).stored()
    found = await sample_of(request, caller, verdict_id)
    before = None
    if found.rescored is not None:
        before = await asyncio.to_thread(store.sample, found.rescored, caller.sees)
    later = await listing.looked_up(queries.again, store, found.id, caller.sees)
    labelled = await listing.looked_up(rollouts.with_verdict, store, found.id, caller.sees)
    most = None if full else text.CUT_CHARS
    # A long text takes a while to be made visible.
    return await asyncio.to_thread(_sample_page, request, caller, found, before, later, labelled, most, bool(raw))


@router.post("/samples/{verdict_id}/again")
async def judge_again(request: Request, verdict_id: str) -> Response:
    """Have today's judge look at a sample once more; what came out is a sample of its own."""
    await read_form(request)
    caller = await caller_of(request, "score")
    service = service_of(request)
    found = await sample_of(request, caller, verdict_id)
    work = rescored(service, caller, [found], service.settings.max_request_seconds)
    result = (await until_gone(request, work))[0]
    return redirect(f"/samples/{result.now_id or found.id}")


@router.get("/compare")
async def compare(request: Request, verifier: str = "", a: str = "", b: str = "") -> Response:
    """The same answers under two versions of a judge, or which versions there are."""
    caller = await caller_of(request, *READS)
    store = service_of(request).stored()
    given = {"verifier": verifier, "a": a, "b": b}
    if not (verifier and a and b) or a == b:
        known = await listing.looked_up(remembered.ask, queries.versions, store, caller.sees)
        return page(request, "versions.html", caller, known=known, given=given, is_same=bool(a) and a == b)
    counts, changed = await listing.looked_up(remembered.ask, queries.compared, store, caller.sees, verifier, a, b)
    order = [each.value for each in Status]
    return page(
        request,
        "compare.html",
        caller,
        given=given,
        counts=counts,
        changed=changed,
        total=sum(counts.values()),
        moved=sum(count for (old, new), count in counts.items() if old != new),
        olds=sorted({old for old, _ in counts}, key=order.index),
        news=sorted({new for _, new in counts}, key=order.index),
        most=queries.CHANGED,
        searched=queries.COUNTED,
    )


@router.get("/docs")
async def docs(request: Request) -> Response:
    """The API with examples; needs no key."""
    return page(request, "docs.html", None, groups=reference.groups(request.app.openapi()))


@router.get("/login")
async def ask_for_key(request: Request, next: str = "/") -> Response:
    """A form for a key."""
    return page(request, "login.html", None, next=_own(next), problem="")


@router.post("/login")
async def log_in(request: Request) -> Response:
    """Keep a key in the browser, once it is known to be one."""
    fields = await read_form(request)
    key, onward = fields.get("key", "").strip(), _own(fields.get("next", "/"))
    caller = await asyncio.to_thread(service_of(request).keys.caller, key) if key else None
    if caller is None:
        problem = "This is no key of this service, or it was taken back. `python -m services keys add` makes one."
        return page(request, "login.html", None, 401, next=onward, problem=problem)
    response = redirect(onward)
    set_cookie(request, response, COOKIE, key)
    return response


@router.post("/logout")
async def log_out(request: Request) -> Response:
    """Forget the key."""
    await read_form(request)
    response = redirect("/login")
    response.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")
    return response


@router.get("/logout")
async def ask_whether_to_log_out() -> Response:
    """The button is on every page; a link alone ends nothing."""
    return redirect("/login")


@router.get("/web/{name}")
async def file(name: str) -> Response:
    """What the pages look like; needs no key."""
    if name not in _FILES:
        raise Refused(404, "there is no such file: go on from the overview")
    content = resources.files("services.web").joinpath(name).read_bytes()
    headers = {"Cache-Control": "max-age=300", "X-Content-Type-Options": "nosniff"}
    return Response(content, media_type=_FILES[name], headers=headers)


def _sample_page(
    request: Request,
    caller: Caller,
    found: Sample,
    before: Sample | None,
    later: Any,
    labelled: Sequence[Any],
    most: int | None,
    is_raw: bool,
) -> Response:
    service: Service = service_of(request)
    seen = shown(found.verdict, caller)
    raw = _raw(seen)
    expected = reference_of(found, caller)
    reference = None if expected is None else json.dumps(expected, indent=2, ensure_ascii=False)
    said = completion(found.completion, seen, most, is_raw=is_raw)
    prompt = None if found.prompt is None else found.prompt[:most]
    cuts = [each for each in (found.prompt, found.completion, raw, reference) if each and most and len(each) > most]
    return page(
        request,
        "sample.html",
        caller,
        sample=found,
        verdict=seen,
        explanation=explain(seen),
        failing=failing_test(seen, expected),
        completion=said.shown,
        is_drawn=said.is_drawn,
        raw_text=is_raw,
        full=most is None,
        steps=seen.steps[:_MAX_STEPS],
        raw=text.visible(raw[:most]),
        reference=None if reference is None else text.visible(reference[:most]),
        prompt=prompt and (text.visible(prompt) if is_raw else formulas.mathematics(prompt)),
        most=most,
        is_cut=bool(cuts),
        before=before,
        was=None if before is None else shown(before.verdict, caller),
        later=later,
        groups=list(dict.fromkeys(rollouts.group_of(row) for row in labelled)),
        may_judge=caller.may("score"),
        link=str(request.url.replace(query="", path=f"/samples/{found.id}")),
        tenant=found.tenant if caller.sees is None else None,
        can_ask_again=found.verdict.verifier in verifiers_of(service.settings),
    )


def _raw(verdict: Verdict) -> str:
    """As JSON, a field or a step in a line."""
    fields = verdict.model_dump(mode="json")
    steps = [f"\n    {json.dumps(step, ensure_ascii=False)}" for step in fields["steps"]]
    values = {name: json.dumps(value, ensure_ascii=False) for name, value in fields.items()}
    values["steps"] = f"[{','.join(steps)}\n  ]" if steps else "[]"
    return "{\n" + ",\n".join(f'  "{name}": {value}' for name, value in values.items()) + "\n}"


def _own(address: str) -> str:
    return address if _OWN_ADDRESS.fullmatch(address) else "/"


def _statuses(found: queries.Overview | None) -> list[str]:
    """Those that occur, in the order of the table of statuses."""
    return [] if found is None else [each.value for each in Status if each.value in found.all.statuses]


def _bins(found: queries.Overview | None) -> list[tuple[str, int, float]]:
    """The histogram's bars, best first: label, count, share of the longest one in percent."""
    if found is None:
        return []
    labels = {11: "1", **{n: f"{(n - 1) / 10:.1f}-{n / 10:.1f}" for n in range(10, 0, -1)}, 0: "0"}
    labels |= {queries.NO_REWARD: "none"}
    longest = max(found.all.bins.values(), default=1)
    counts = ((label, found.all.bins.get(number, 0)) for number, label in labels.items())
    return [(label, count, 100 * count / longest) for label, count in counts]
