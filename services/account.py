"""What every request passes: its id, its meters, its line in the access log, and the room of its body and answer."""

from __future__ import annotations

import asyncio
import json
import re
import sys
import time
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime

from fastapi import Request
from fastapi.responses import JSONResponse
from starlette.routing import Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.access import Service
from services.guard import Refused

_LARGE_ANSWER_BYTES = 64 << 10
# What a caller sends as an id stands in logs and headers: nothing else does, and nothing long.
_SANE_ID = re.compile(r"[A-Za-z0-9._~:/+=@-]{1,128}")
_METHODS = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})
# Of a request whose client hung up before there was an answer.
_HUNG_UP = 499


@dataclass(slots=True)
class _Sent:
    """What of the answer went out."""

    status: int = 0


class Account:
    """Middleware around all routes. What a shutdown breaks off is told to come again.

    Args:
        logs: write a line for each request to stderr.
    """

    def __init__(self, app: ASGIApp, *, logs: bool) -> None:
        self._app = app
        self._logs = logs

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        metrics = scope["app"].state.service.metrics
        state = scope.setdefault("state", {})
        state["request_id"] = request_id_of(scope)
        route, sent, began = _route_of(scope), _Sent(), time.perf_counter()
        in_flight = metrics.in_flight.labels(route)
        in_flight.inc()
        try:
            await self._serve(scope, receive, _identified(state["request_id"], sent, send), sent)
        finally:
            seconds = time.perf_counter() - began
            in_flight.dec()
            method = scope["method"] if scope["method"] in _METHODS else "other"
            metrics.requests.labels(method, route, str(sent.status or _HUNG_UP)).inc()
            metrics.request_seconds.labels(route).observe(seconds)
            if self._logs:
                _log(scope, method, route, sent.status or _HUNG_UP, seconds)

    async def _serve(self, scope: Scope, receive: Receive, send: Send, sent: _Sent) -> None:
        service: Service = scope["app"].state.service
        state = scope["state"]

        async def measured(message: Message) -> None:
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
            await self._app(scope, receive, measured)
        except asyncio.CancelledError:
            # uvicorn's patience with open requests is over. It would answer 500, at which no client tries again.
            if sent.status:
                raise
            refusal = Refused(503, "the service is ending: send the request again", 1)
            await error_of(Request(scope), refusal.status, refusal.detail, refusal.headers)(scope, receive, send)
        except Exception:
            # A fault of ours: its caller has an id to name, and uvicorn writes down where it was.
            if not sent.status:
                await error_of(Request(scope), 500, "a fault of the service: its log says more")(scope, receive, send)
            raise
        finally:
            if count := state.get("body_bytes", 0):
                service.give_room(state["body_owner"], count)


def request_id_of(scope: Scope) -> str:
    """The caller's `X-Request-ID` where it is one, else a new one."""
    given = next((value for name, value in scope["headers"] if name == b"x-request-id"), b"").decode("latin-1")
    return given if _SANE_ID.fullmatch(given) else uuid.uuid4().hex


def error_of(request: Request, status: int, detail: str, headers: dict[str, str] | None = None) -> JSONResponse:
    """The body of every error."""
    content = {"detail": detail, "request_id": request.state.request_id}
    return JSONResponse(content, status_code=status, headers=headers)


def _identified(request_id: str, sent: _Sent, send: Send) -> Send:
    async def send_identified(message: Message) -> None:
        if message["type"] == "http.response.start":
            sent.status = message["status"]
            message = {**message, "headers": [*message.get("headers", ()), (b"x-request-id", request_id.encode())]}
        await send(message)

    return send_identified


def _route_of(scope: Scope) -> str:
    """The template of the route that a request is for: paths hold ids, and there is no end of them."""
    other_method = ""
    for route in scope["app"].router.routes:
        match, _ = route.matches(scope)
        if match is Match.FULL:
            return str(route.path)
        if match is Match.PARTIAL:
            other_method = str(route.path)
    return other_method or "unmatched"


def _log(scope: Scope, method: str, route: str, status: int, seconds: float) -> None:
    """One JSON object in one write: several processes share stderr. No path, no query: they hold ids and texts."""
    line = {
        "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "method": method,
        "route": route,
        "status": status,
        "ms": round(seconds * 1000, 1),
        "request_id": scope["state"]["request_id"],
        "key": scope["state"].get("owner") or None,
    }
    sys.stderr.write(json.dumps(line) + "\n")
    sys.stderr.flush()
