"""The reward service as an ASGI app: its parts, its routes, its errors.

Expected answers come in with a request or a registered problem, and go out to keys with the scope `privileged-why`
only: not in a verdict, not in an error, not in a log line.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import anyio.to_thread
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services import compat, native
from services.access import Service
from services.admission import Admission
from services.guard import Refused
from services.keys import Keys
from services.labels import BadLabel
from services.metrics import Metrics
from services.openapi import describe_bodies
from services.schemas import Problematic
from services.scoring import Scorer
from services.settings import Settings
from services.store import Store
from services.web import pages
from verifiers.pool import JudgePool

_DESCRIPTION = "Judges of math, code and Lean over HTTP: why a sample got zero, and never a zero for a judge's failure."


_ERRORS: dict[int | str, dict[str, Any]] = {
    code: {"model": Problematic} for code in (400, 401, 403, 404, 408, 413, 415, 422, 429, 503, 504)
}

_LARGE_ANSWER_BYTES = 64 << 10


def create_app(service: Service, ready: Callable[[], None]) -> FastAPI:
    """The app of a started service, which it ends with itself. `ready` is called once it would answer."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.service = service
        ready()
        try:
            yield
        finally:
            await anyio.to_thread.run_sync(_end, service)

    app = FastAPI(
        title="Reward service",
        description=_DESCRIPTION,
        lifespan=lifespan,
        responses=_ERRORS,
        # FastAPI's load programs from elsewhere; ours is a page.
        docs_url=None,
        redoc_url=None,
    )
    app.include_router(native.router)
    app.include_router(pages.router)
    for router in compat.routers:
        app.include_router(router)
    app.add_exception_handler(Refused, _refuse)
    app.add_exception_handler(BadLabel, _refuse_label)
    app.add_exception_handler(RequestValidationError, _refuse_parameters)
    app.add_middleware(_Account)
    describe_bodies(app)
    return app


def start(settings: Settings, judges: Callable[[], JudgePool]) -> Service:
    """The parts of a service.

    Args:
        judges: gives the judge pool, once it is warm.

    Raises StoreUnfit, StoreAway, and what `judges` does; the messages name the remedy.
    """
    store = None
    if settings.store != "off":
        store = Store(
            settings.store,
            days=settings.store_days,
            megabytes=settings.store_megabytes,
            problem_megabytes=settings.store_problem_megabytes,
            patience_seconds=settings.store_wait_seconds,
        )
    try:
        keys = Keys(store, settings.admin_key)
        if (first := keys.make_first()) is not None:
            print(f"services: a first key, with all scopes; it is shown only now: {first}", file=sys.stderr, flush=True)
        pool = judges()
    except BaseException:
        if store is not None:
            store.close()
        raise
    metrics = Metrics()
    admission = Admission(settings.workers, settings.max_backlog_seconds)
    scorer = Scorer(pool, store, admission, metrics, settings.max_text_chars)
    return Service(settings, pool, store, keys, admission, scorer, metrics)


def _end(service: Service) -> None:
    service.pool.close()
    if service.store is not None:
        service.store.close()


async def _refuse(_: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)
    return JSONResponse({"detail": error.detail}, status_code=error.status, headers=error.headers)


async def _refuse_label(_: Request, error: Exception) -> Response:
    return JSONResponse({"detail": str(error)}, status_code=422)


async def _refuse_parameters(_: Request, error: Exception) -> Response:
    """As every error of ours; FastAPI's own would repeat the input."""
    assert isinstance(error, RequestValidationError)
    shown = [f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors()[:5]]
    return JSONResponse({"detail": "; ".join(shown)}, status_code=422)


class _Account:
    """Counts requests, and what their bodies and answers take up. What a shutdown breaks off is told to come again."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        service: Service = scope["app"].state.service
        state = scope.setdefault("state", {})
        has_begun = False

        async def watched(message: Message) -> None:
            nonlocal has_begun
            if message["type"] == "http.response.start":
                has_begun = True
                service.metrics.requests.labels(str(message["status"])).inc()
            size = len(message.get("body", b""))
            if size < _LARGE_ANSWER_BYTES:
                await send(message)
                return
            owner = state.get("owner", "")
            # In requests without a body nothing else asks for room.
            service.take_room(owner, size)
            try:
                await send({**message, "more_body": True})
                # uvicorn takes the next one only once the client has taken this one.
                await send({"type": message["type"], "body": b"", "more_body": message.get("more_body", False)})
            finally:
                service.give_room(owner, size)

        try:
            await self._app(scope, receive, watched)
        except asyncio.CancelledError:
            # uvicorn's patience with open requests is over. It would answer 500, at which no client tries again.
            if has_begun:
                raise
            refusal = Refused(503, "the service is ending: send the request again", 1)
            await (await _refuse(Request(scope), refusal))(scope, receive, watched)
        finally:
            if count := state.get("body_bytes", 0):
                service.give_room(state["body_owner"], count)
