"""The native API below `/v1`."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from typing import Any, TypeVar

from fastapi import APIRouter, Request, Response
from fastapi.responses import PlainTextResponse, StreamingResponse

from services.access import Service, caller_of, check_verifier, deadline_of, is_local, read_model, service_of
from services.explain import explain
from services.guard import Refused
from services.keys import Caller
from services.openapi import body_of
from services.samples import Filter, Sample
from services.schemas import (
    Health,
    Problematic,
    Registered,
    RegisterRequest,
    RegisterResponse,
    Rescored,
    RescoreRequest,
    RescoreResponse,
    ScoredCompletion,
    ScoreItem,
    ScoreProblem,
    ScoreRequest,
    ScoreResponse,
    ScoreResult,
    StoredVerdict,
    VerifierInfo,
    VerifierList,
)
from services.scoring import Asked, Scored
from services.settings import Settings
from services.store import StoreAway
from verifiers import registry, user
from verifiers.types import Verdict

NDJSON = "application/x-ndjson"
ERRORS: dict[int | str, dict[str, Any]] = {
    code: {"model": Problematic} for code in (401, 403, 404, 408, 413, 415, 422, 429, 503)
}
_T = TypeVar("_T")

router = APIRouter(responses=ERRORS)


@router.post(
    "/v1/score",
    response_model=ScoreResponse,
    openapi_extra=body_of(ScoreRequest),
    summary="Judge answers; results come in order, or as they finish with `Accept: application/x-ndjson`",
)
async def score(request: Request) -> Response:
    """A batch of answers."""
    caller = await caller_of(request, "score")
    deadline = deadline_of(request)
    service = service_of(request)
    items = (await read_model(request, ScoreRequest)).items
    asked = await asked_of(service, caller, items)
    if NDJSON in request.headers.get("accept", ""):
        parts = service.scorer.stream(caller, asked, deadline_seconds=deadline)
        # Whether it is let in at all is known before the first byte goes out.
        first = await until_gone(request, anext(parts))
        return StreamingResponse(_lines(items, caller, first, parts), media_type=NDJSON)
    scored = await until_gone(request, service.scorer.score(caller, asked, deadline_seconds=deadline))
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
    if len(problems) > service.settings.max_items:
        raise Refused(413, f"{len(problems)} problems: send at most {service.settings.max_items} in one request")
    for name in {problem.verifier for problem in problems}:
        check_verifier(name, service.settings)
    # An answer that says nothing: what fails on it fails on every answer.
    probes = [
        Asked.of(caller.tenant, problem, ScoredCompletion(text=registry.control(problem.verifier, problem.reference)))
        for problem in problems
    ]
    done = []
    verdicts = await service.scorer.probe(caller, probes, deadline_seconds=deadline_of(request))
    for problem, verdict in zip(problems, verdicts, strict=True):
        if verdict.failure_kind == "bad_reference":
            reason = verdict.failure_reason or "bad reference"
            done.append(Registered(problem_id=None, id=problem.id, unjudgeable=reason))
            continue
        key = await in_thread(store.save_problem, caller.tenant, problem)
        done.append(Registered(problem_id=key, id=problem.id))
    return RegisterResponse(problems=tuple(done))


@router.get("/v1/verdicts/{verdict_id}", response_model=StoredVerdict)
async def verdict(request: Request, verdict_id: str) -> StoredVerdict:
    """Why: what was read as the answer, how it was compared, which test or line of Lean failed, limits, versions."""
    caller = await caller_of(request, "score", "privileged-why")
    sample = await in_thread(service_of(request).stored().sample, verdict_id, caller.sees)
    if sample is None:
        raise Refused(404, f"no verdict {verdict_id[:40]!r} of yours: it may be older than the store keeps them")
    seen = shown(sample.verdict, caller)
    return StoredVerdict(
        verdict_id=sample.id,
        judged_at=sample.at,
        verdict=seen,
        explanation=explain(seen),
        problem_id=sample.problem,
        prompt=sample.prompt,
        completion=ScoredCompletion(text=sample.completion, finish_reason=sample.finish_reason),
        reference=sample.reference if caller.may("privileged-why") else None,
        rescored=sample.rescored,
    )


@router.post("/v1/rescore", response_model=RescoreResponse, openapi_extra=body_of(RescoreRequest))
async def rescore(request: Request) -> RescoreResponse:
    """Stored samples under today's judges, with the difference. The old verdicts stay."""
    caller = await caller_of(request, "score")
    service = service_of(request)
    asked = await read_model(request, RescoreRequest)
    store = service.stored()
    if asked.verdict_ids:
        samples = await in_thread(store.samples_by_id, asked.verdict_ids, caller.sees)
    else:
        wanted = Filter(tenant=caller.sees, verifier=asked.verifier, status=asked.status)
        found = await in_thread(store.list, wanted, asked.limit)
        # A team's own judge that is mounted no more cannot be asked again.
        samples = [each for each in found if _is_mounted(each.verdict.verifier, service.settings)]
    results = await until_gone(request, rescored(service, caller, samples, deadline_of(request)))
    return RescoreResponse(results=results, judged=len(results), changed=sum(each.changed for each in results))


@router.get("/v1/verifiers", response_model=VerifierList)
async def verifiers(request: Request) -> VerifierList:
    """The judges, their versions and limits."""
    await caller_of(request, "score")
    settings = service_of(request).settings
    names = [*sorted(registry.VERIFIERS), *settings.user_functions]
    known = await in_thread(lambda: tuple(_info(name, settings.deadline_seconds) for name in names))
    limits = ("max_items", "max_text_chars", "max_body_bytes", "max_depth", "max_request_seconds")
    return VerifierList(
        verifiers=known,
        user_functions=settings.user_functions,
        workers=settings.workers,
        deadline_seconds=settings.deadline_seconds,
        limits={name: getattr(settings, name) for name in limits},
    )


@router.get("/healthz", response_model=Health)
async def healthz(request: Request) -> Health:
    """Whether this process lives; needs no key."""
    return Health(status="ok", workers=service_of(request).settings.workers)


@router.get("/readyz", response_model=Health)
async def readyz(request: Request) -> Health:
    """Whether a control job passes through the judges and the store answers now; needs no key."""
    service = service_of(request)
    if not await service.is_ready():
        raise Refused(503, "a control job did not pass through the judges: look at the service's stderr", 5)
    if service.store is not None and not await in_thread(service.store.ping):
        raise Refused(503, "the store does not answer: verdicts wait for it", 5)
    return Health(status="ok", workers=service.settings.workers)


@router.get("/metrics", response_class=PlainTextResponse)
async def metrics(request: Request) -> Response:
    """For Prometheus. On another address than loopback it wants a key, of any scope."""
    service = service_of(request)
    if not is_local(service.settings):
        await caller_of(request, "score", "register", "privileged-why")
    service.metrics.backlog.set(service.admission.backlog_seconds)
    return Response(service.metrics.text(), media_type="text/plain; version=0.0.4")


async def asked_of(service: Service, caller: Caller, items: Sequence[ScoreItem]) -> list[Asked]:
    """Items with their problems. Raises Refused (404, 413, 422)."""
    settings = service.settings
    if len(items) > settings.max_items:
        raise Refused(413, f"{len(items)} items: send at most {settings.max_items} in one request")
    registered: dict[str, ScoreProblem] = {}
    for key in {item.problem_id for item in items if item.problem_id is not None}:
        found = await in_thread(service.stored().problem, caller.tenant, key)
        if found is None:
            raise Refused(404, f"no problem {key[:40]!r}: register it first (POST /v1/problems)")
        registered[key] = found
    problems = [item.problem or registered[item.problem_id or ""] for item in items]
    for name in {problem.verifier for problem in problems}:
        check_verifier(name, settings)
    return [
        Asked.of(caller.tenant, problem, item.completion, sent=item.problem is not None)
        for problem, item in zip(problems, items, strict=True)
    ]


async def rescored(
    service: Service, caller: Caller, samples: Sequence[Sample], deadline_seconds: float
) -> tuple[Rescored, ...]:
    """Stored samples, judged again; both verdicts of each."""
    asked = []
    for each in samples:
        check_verifier(each.verdict.verifier, service.settings)
        problem = ScoreProblem(
            verifier=each.verdict.verifier, reference=each.reference, id=each.name, prompt=each.prompt
        )
        completion = ScoredCompletion(text=each.completion, finish_reason=each.finish_reason)
        asked.append(Asked.of(each.tenant, problem, completion, rescored=each.id))
    scored = await service.scorer.score(caller, asked, deadline_seconds=deadline_seconds) if asked else []
    return tuple(
        Rescored(
            verdict_id=each.id,
            before=shown(each.verdict, caller),
            now=shown(one.verdict, caller),
            now_id=one.id,
            changed=(each.verdict.status, each.verdict.reward) != (one.verdict.status, one.verdict.reward),
        )
        for each, one in zip(samples, scored, strict=True)
    )


async def until_gone(request: Request, work: Awaitable[_T]) -> _T:
    """The result of some work, which is cancelled as soon as the client hangs up. Raises Refused (499) then."""
    working = asyncio.ensure_future(work)
    leaving = asyncio.ensure_future(_gone(request))
    try:
        await asyncio.wait((working, leaving), return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            return working.result()
        raise Refused(499, "the client hung up")
    finally:
        working.cancel()
        leaving.cancel()


async def _gone(request: Request) -> None:
    # The body was read: what still comes is the end of the connection.
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def in_thread(work: Callable[..., _T], *arguments: Any) -> _T:
    """Something that waits for the store or for files. Raises Refused (503) where the store is away."""
    try:
        return await asyncio.to_thread(work, *arguments)
    except StoreAway as error:
        raise Refused(503, f"{error}: come again", 5) from None


def shown(verdict: Verdict, caller: Caller, *, sent: bool = False) -> Verdict:
    """A verdict as this caller may see it.

    Why a reference is bad may quote it: that is for who sent it himself, and for the scope privileged-why. Why a team's
    own judge fails may quote what that judge knows: for privileged-why only.
    """
    hidden = verdict.failure_kind == "user_function" or (verdict.failure_kind == "bad_reference" and not sent)
    if not hidden or caller.may("privileged-why"):
        return verdict
    return verdict.model_copy(update={"failure_reason": "a key with the scope privileged-why sees why"})


def _is_mounted(verifier: str, settings: Settings) -> bool:
    return not user.is_user_spec(verifier) or verifier in settings.user_functions


def _result(item: ScoreItem, one: Scored, caller: Caller) -> ScoreResult:
    return ScoreResult(id=item.id, verdict=shown(one.verdict, caller, sent=item.problem is not None), verdict_id=one.id)


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
