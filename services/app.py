"""The reward API: `POST /v1/score`, `GET /v1/verifiers`, `GET /healthz`.

Expected answers come in with a request and never go out: not in a verdict, not in an error, not in a log line.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import anyio
import anyio.to_thread
from fastapi import Depends, FastAPI, Request, Response
from fastapi.responses import JSONResponse
from pydantic import ValidationError

from services.guard import Refused, check_caller, require_json
from services.schemas import (
    Health,
    Problematic,
    ScoreItem,
    ScoreRequest,
    ScoreResponse,
    ScoreResult,
    VerifierInfo,
    VerifierList,
)
from services.settings import Settings
from verifiers import registry, user
from verifiers.pool import Call, Job, JudgePool
from verifiers.types import Status, Verdict

# Failures of this process that pass: the caller is told to come again instead of being handed a masked verdict.
_TRANSIENT = frozenset({"overload", "shutdown", "given_up"})
_LOOK_SECONDS = 0.5


def create_app(settings: Settings) -> FastAPI:
    """The app; its judge processes start and end with its lifespan."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        pool = await anyio.to_thread.run_sync(
            lambda: JudgePool(settings.workers, settings.deadline_seconds, max_queued=settings.max_queued)
        )
        app.state.pool = pool
        # Its own threads, so that waiting requests never keep a health check from getting one.
        app.state.scoring = anyio.CapacityLimiter(settings.max_requests)
        try:
            yield
        finally:
            await anyio.to_thread.run_sync(pool.close)

    async def guard(request: Request) -> None:
        check_caller(request, settings.host)

    app = FastAPI(title="Reward service", lifespan=lifespan, dependencies=[Depends(guard)])
    errors: dict[int | str, dict[str, Any]] = {code: {"model": Problematic} for code in (403, 413, 415, 422, 503)}

    @app.exception_handler(Refused)
    async def refuse(request: Request, error: Refused) -> JSONResponse:
        headers = {"Retry-After": "1"} if error.status == 503 else None
        return JSONResponse({"detail": error.detail}, status_code=error.status, headers=headers)

    @app.post("/v1/score", response_model=ScoreResponse, responses=errors, openapi_extra=_body_of(ScoreRequest))
    async def score(request: Request) -> Response:
        require_json(request)
        body = await _read_body(request, settings.max_body_bytes)
        pool, threads = request.app.state.pool, request.app.state.scoring
        items = await anyio.to_thread.run_sync(_parse, body, settings, limiter=threads)
        call = pool.submit([_job(item) for item in items if _is_judged(item, settings)])
        # A caller that left sends its request again: judging the old one too would only make it wait longer.
        watch = asyncio.create_task(_give_up_when_gone(request, pool, call))
        try:
            verdicts = await anyio.to_thread.run_sync(pool.wait, call, limiter=threads)
        finally:
            watch.cancel()
        answer = await anyio.to_thread.run_sync(_answer, items, verdicts, settings, limiter=threads)
        return Response(answer, media_type="application/json")

    @app.get("/v1/verifiers")
    def verifiers() -> VerifierList:
        known = tuple(VerifierInfo(name=name, version=registry.version(name)) for name in registry.VERIFIERS)
        return VerifierList(
            verifiers=known,
            user_functions=settings.user_functions,
            workers=settings.workers,
            deadline_seconds=settings.deadline_seconds,
        )

    @app.get("/healthz", responses={503: {"model": Problematic}})
    def healthz(request: Request) -> Health:
        if not request.app.state.pool.healthy():
            raise Refused(
                503, "a control job did not pass through the judges: look at the service's stderr, restart it"
            )
        return Health(status="ok", workers=settings.workers)

    return app


async def _give_up_when_gone(request: Request, pool: JudgePool, call: Call) -> None:
    while not await request.is_disconnected():
        await asyncio.sleep(_LOOK_SECONDS)
    pool.give_up(call)


def _is_judged(item: ScoreItem, settings: Settings) -> bool:
    return len(item.completion.text) <= settings.max_text_chars


def _job(item: ScoreItem) -> Job:
    return Job(
        verifier=item.problem.verifier,
        text=item.completion.text,
        reference=item.problem.reference,
        finish_reason=item.completion.finish_reason,
    )


def _answer(items: Sequence[ScoreItem], judged: Sequence[Verdict], settings: Settings) -> bytes:
    """The response body. Raises Refused (503) where the verdicts would be the passing fault of this process."""
    in_order = iter(judged)
    verdicts = [next(in_order) if _is_judged(item, settings) else _too_long(item, settings) for item in items]
    for verdict in verdicts:
        if verdict.failure_kind in _TRANSIENT:
            raise Refused(503, f"{verdict.failure_reason}; send the whole request again")
    results = tuple(ScoreResult(id=item.id, verdict=verdict) for item, verdict in zip(items, verdicts, strict=True))
    versions = {verdict.verifier: verdict.verifier_version for verdict in verdicts}
    return ScoreResponse(results=results, verifier_versions=versions).model_dump_json().encode()


def _parse(body: bytes, settings: Settings) -> tuple[ScoreItem, ...]:
    """The items of a body. Slow for a large one, so it runs in a thread. Raises Refused (413, 422)."""
    try:
        items = ScoreRequest.model_validate_json(body).items
    except ValidationError as error:
        raise Refused(422, _explain(error)) from None
    if len(items) > settings.max_items:
        raise Refused(413, f"{len(items)} items: send at most {settings.max_items} in one request")
    for name in {item.problem.verifier for item in items}:
        if user.is_user_spec(name) and name not in settings.user_functions:
            raise Refused(
                422,
                f"verifier {name!r}: this service runs only the user functions it was started with; start it with "
                f"--user-function {name}",
            )
        try:
            registry.resolve(name)
        except ValueError as error:
            raise Refused(422, str(error)) from None
    return items


def _explain(error: ValidationError) -> str:
    """Where and what, without the input: it may hold expected answers."""
    problems = error.errors(include_input=False, include_url=False, include_context=False)
    shown = [f"{'.'.join(str(part) for part in item['loc']) or 'body'}: {item['msg']}" for item in problems[:5]]
    more = f" (and {len(problems) - 5} more)" if len(problems) > 5 else ""
    return (
        "; ".join(shown)
        + more
        + '. The body is {"items": [{"id", "problem": {"verifier", "reference"}, '
        + ('"completion": {"text", "finish_reason"}}]}; /docs has the schema')
    )


def _too_long(item: ScoreItem, settings: Settings) -> Verdict:
    name = item.problem.verifier
    detail = f"the completion is longer than {settings.max_text_chars} characters"
    return Verdict.of(Status.REJECTED, detail=detail, verifier=name, verifier_version=registry.version(name))


async def _read_body(request: Request, limit: int) -> bytes:
    """The whole body, counted while it comes in: a chunked one announces no length."""
    remedy = f"the body is larger than {limit} bytes: send fewer items in one request"
    announced = request.headers.get("content-length", "")
    if announced.isdigit() and int(announced) > limit:
        raise Refused(413, remedy)
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > limit:
            raise Refused(413, remedy)
    return bytes(body)


def _body_of(model: type[ScoreRequest]) -> dict[str, Any]:
    """OpenAPI's description of a body that the route reads itself; references point at where the schema lies."""
    path = "#/paths/~1v1~1score/post/requestBody/content/application~1json/schema/$defs/{model}"
    schema = model.model_json_schema(ref_template=path)
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}
