"""The native API below `/v1`, the probes and `/metrics`."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncGenerator, AsyncIterator, Sequence

from fastapi import APIRouter, Request, Response
from fastapi.responses import PlainTextResponse, StreamingResponse

from services import rollouts
from services.access import Service, caller_of, deadline_of, lets_in_without_key, read_model, scorer_of, service_of
from services.asked import Asked, Scored
from services.guard import Refused, check_caller
from services.keys import SCOPES, Caller
from services.openapi import body_of
from services.routes import asked_of, check_count, check_verifier, shown, until_gone, verifiers_of
from services.schemas import (
    Health,
    Registered,
    RegisterRequest,
    RegisterResponse,
    ScoredCompletion,
    ScoreItem,
    ScoreRequest,
    ScoreResponse,
    ScoreResult,
    VerifierInfo,
    VerifierList,
)
from verifiers import controls, registry

NDJSON = "application/x-ndjson"
router = APIRouter()


@router.post(
    "/v1/score",
    response_model=ScoreResponse,
    openapi_extra=body_of(ScoreRequest),
)
async def score(request: Request) -> Response:
    """Judge a batch of answers. Results come in order; with `Accept: application/x-ndjson` each as it is judged."""
    caller = await scorer_of(request)
    deadline = deadline_of(request)
    service = service_of(request)
    items = (await read_model(request, ScoreRequest)).items
    asked = await asked_of(service, caller, items)
    if NDJSON in request.headers.get("accept", ""):
        parts = _noted_parts(service, caller, items, asked, deadline)
        # Whether it is let in at all is known before the first byte goes out.
        first = await until_gone(request, anext(parts))
        return StreamingResponse(_lines(items, caller, first, parts), media_type=NDJSON)
    scored = await until_gone(request, _noted_whole(service, caller, items, asked, deadline))
    results = tuple(_result(item, one, caller) for item, one in zip(items, scored, strict=True))
    versions = {one.verdict.verifier: one.verdict.verifier_version for one in scored}
    answer = ScoreResponse(results=results, verifier_versions=versions)
    return Response(answer.model_dump_json(), media_type="application/json")


@router.post("/v1/problems", response_model=RegisterResponse, openapi_extra=body_of(RegisterRequest))
async def register(request: Request) -> RegisterResponse:
    """Keep problems, so that answers can name them by id and their references need not travel again."""
    caller = await caller_of(request, "register")
    service = service_of(request)
    store = service.stored()
    problems = (await read_model(request, RegisterRequest)).problems
    check_count(len(problems), service.settings)
    for name in {problem.verifier for problem in problems}:
        check_verifier(name, service.settings)
    # An answer that says nothing: what fails on it fails on every answer.
    probes = [
        Asked.of(caller.tenant, problem, ScoredCompletion(text=registry.control(problem.verifier, problem.reference)))
        for problem in problems
    ]
    verdicts = await service.scorer.probe(caller, probes, deadline_seconds=deadline_of(request))
    # Why the others cannot be judged against. Whether their tests are weak is not asked here: that costs runs of the
    # sandbox, which is what a trainer spends when it loads its data (`rlcore.data.screening`).
    unfit = [controls.reference_fault(verdict) for verdict in verdicts]
    good = [problem for problem, reason in zip(problems, unfit, strict=True) if reason is None]
    keys = iter(await asyncio.to_thread(store.save_problems, caller.tenant, good))
    return RegisterResponse(
        problems=tuple(
            Registered(problem_id=next(keys) if reason is None else None, id=problem.id, unjudgeable=reason)
            for problem, reason in zip(problems, unfit, strict=True)
        )
    )


@router.get("/v1/verifiers", response_model=VerifierList)
async def verifiers(request: Request) -> VerifierList:
    """The judges, their versions and limits."""
    await caller_of(request, "score")
    settings = service_of(request).settings
    names = verifiers_of(settings)
    known = await asyncio.to_thread(lambda: tuple(_info(name, settings.deadline_seconds) for name in names))
    limits = ("max_items", "max_text_chars", "max_body_bytes", "max_depth", "max_request_seconds")
    return VerifierList(
        verifiers=known,
        user_functions=settings.user_functions,
        workers=settings.workers,
        deadline_seconds=settings.deadline_seconds,
        limits={name: getattr(settings, name) for name in limits},
    )


@router.head("/healthz", include_in_schema=False)
@router.get("/healthz", response_model=Health)
async def healthz(request: Request) -> Health:
    """Whether this process lives; needs no key."""
    return Health(status="ok", workers=service_of(request).settings.workers)


@router.head("/readyz", include_in_schema=False)
@router.get("/readyz", response_model=Health)
async def readyz(request: Request) -> Health:
    """Whether a control job passes through the judges and the store answers now; needs no key."""
    service = service_of(request)
    if not await service.is_ready():
        raise Refused(503, "a control job did not pass through the judges: look at the service's stderr", 5)
    if service.store is not None and not await asyncio.to_thread(service.store.ping):
        raise Refused(503, "the store does not answer: verdicts wait for it", 5)
    return Health(status="ok", workers=service.settings.workers)


@router.head("/metrics", include_in_schema=False)
@router.get("/metrics", response_class=PlainTextResponse)
async def metrics(request: Request) -> Response:
    """For Prometheus. Where callers need a key it wants one too, of any scope."""
    service = service_of(request)
    check_caller(request, service.settings.host)
    if not lets_in_without_key(service.settings):
        await caller_of(request, *SCOPES)
    service.metrics.sample(service.pool, service.admission)
    return Response(await asyncio.to_thread(service.metrics.text), media_type="text/plain; version=0.0.4")


def _result(item: ScoreItem, one: Scored, caller: Caller) -> ScoreResult:
    return ScoreResult(id=item.id, verdict=shown(one.verdict, caller, sent=item.problem is not None), verdict_id=one.id)


async def _noted_whole(
    service: Service, caller: Caller, items: Sequence[ScoreItem], asked: Sequence[Asked], deadline_seconds: float
) -> list[Scored]:
    """All verdicts, in order; the samples of runs are noted."""
    scored = await service.scorer.score(caller, asked, deadline_seconds=deadline_seconds)
    await _note(service, caller, items, dict(enumerate(scored)))
    return scored


async def _noted_parts(
    service: Service, caller: Caller, items: Sequence[ScoreItem], asked: Sequence[Asked], deadline_seconds: float
) -> AsyncGenerator[dict[int, Scored], None]:
    """As they finish."""
    parts = service.scorer.stream(caller, asked, deadline_seconds=deadline_seconds)
    async with contextlib.aclosing(parts):
        async for part in parts:
            await _note(service, caller, items, part)
            yield part


async def _note(service: Service, caller: Caller, items: Sequence[ScoreItem], part: dict[int, Scored]) -> None:
    """Which samples of runs have these verdicts, where verdicts are kept."""
    now, number = time.time(), 0
    rows = []
    for index, one in part.items():
        if one.id is None:
            continue
        chars = len(items[index].completion.text)
        for labels in items[index].samples:
            rows.append(
                rollouts.row_of(caller.tenant, labels, one.verdict, one.id, chars=chars, number=number, now=now)
            )
            number += 1
    if rows and service.store is not None:
        await asyncio.wrap_future(service.store.save((), rows))


async def _lines(
    items: Sequence[ScoreItem],
    caller: Caller,
    first: dict[int, Scored],
    parts: AsyncGenerator[dict[int, Scored], None],
) -> AsyncIterator[bytes]:
    """One result a line; a refusal on the way is a last line `{"detail": ...}`, and what has no line has no verdict.

    What was judged is kept and the judges are free at once, however slowly the lines are read.
    """
    judged: asyncio.Queue[dict[int, Scored] | Exception | None] = asyncio.Queue()
    judged.put_nowait(first)
    judging = asyncio.create_task(_drain(parts, judged))
    try:
        while (part := await judged.get()) is not None:
            if isinstance(part, Refused):
                yield json.dumps({"detail": part.detail}).encode() + b"\n"
                return
            if isinstance(part, Exception):
                raise part
            yield b"".join(_result(items[n], one, caller).model_dump_json().encode() + b"\n" for n, one in part.items())
    finally:
        # A client that hung up frees the judges at once.
        judging.cancel()
        await asyncio.gather(judging, return_exceptions=True)


async def _drain(
    parts: AsyncGenerator[dict[int, Scored], None], into: asyncio.Queue[dict[int, Scored] | Exception | None]
) -> None:
    """All parts, then None or what ended them."""
    async with contextlib.aclosing(parts):
        try:
            async for part in parts:
                into.put_nowait(part)
        except Exception as error:
            into.put_nowait(error)
        else:
            into.put_nowait(None)


def _info(name: str, deadline_seconds: float) -> VerifierInfo:
    return VerifierInfo(
        name=name,
        version=registry.version(name),
        limit_seconds=registry.wall_seconds(name, deadline_seconds),
        options=registry.reference_schema(name),
    )
