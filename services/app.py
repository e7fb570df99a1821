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
from starlette.exceptions import HTTPException

from services import compat, native, verdicts
from services.access import Service
from services.account import Account, error_of
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
from services.web import pages, run_pages
from verifiers.pool import JudgePool

_DESCRIPTION = "Judges of math, code and Lean over HTTP: why a sample got zero, and never a zero for a judge's failure."


_ERRORS: dict[int | str, dict[str, Any]] = {
    code: {"model": Problematic} for code in (400, 401, 403, 404, 408, 413, 415, 422, 429, 503, 504)
}

_SAMPLE_SECONDS = 1.0


def create_app(service: Service, ready: Callable[[], None]) -> FastAPI:
    """The app of a started service, which it ends with itself. `ready` is called once it would answer."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.service = service
        sampling = asyncio.create_task(_sample(service))
        ready()
        try:
            yield
        finally:
            sampling.cancel()
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
    app.include_router(verdicts.router)
    app.include_router(pages.router)
    app.include_router(run_pages.router)
    for router in compat.routers:
        app.include_router(router)
    app.add_exception_handler(Refused, _refuse)
    app.add_exception_handler(BadLabel, _refuse_label)
    app.add_exception_handler(RequestValidationError, _refuse_parameters)
    app.add_exception_handler(HTTPException, _refuse_path)
    app.add_middleware(Account, logs=service.settings.access_log)
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


async def _sample(service: Service) -> None:
    while True:
        service.metrics.sample(service.pool, service.admission)
        await asyncio.sleep(_SAMPLE_SECONDS)


async def _refuse(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)
    return error_of(request, error.status, error.detail, error.headers)


async def _refuse_label(request: Request, error: Exception) -> Response:
    return error_of(request, 422, str(error))


async def _refuse_path(request: Request, error: Exception) -> Response:
    """Of a path or method that there is not."""
    assert isinstance(error, HTTPException)
    return error_of(request, error.status_code, error.detail, dict(error.headers or {}))


async def _refuse_parameters(request: Request, error: Exception) -> Response:
    """As every error of ours; FastAPI's own would repeat the input."""
    assert isinstance(error, RequestValidationError)
    shown = [f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors()[:5]]
    return error_of(request, 422, "; ".join(shown))
