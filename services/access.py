"""What every route needs: the parts of the service, who asks, and the body, each with its limits."""

from __future__ import annotations

import asyncio
import json
import re
import time
from dataclasses import dataclass, field
from typing import Any, TypeVar

import anyio
from fastapi import Request
from pydantic import BaseModel, ValidationError
from starlette.requests import ClientDisconnect

from services import surrogates
from services.admission import Admission
from services.guard import Refused, check_caller, is_loopback, require_json
from services.keys import LOCAL, Caller, Keys
from services.metrics import Metrics
from services.schemas import faults
from services.scoring import Scorer
from services.settings import Settings
from services.store import Store
from services.userinfo import basic_key
from verifiers.pool import JudgePool

COOKIE = "reward_key"
_QUOTED = re.compile(rb'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)
_LARGE_BYTES = 1 << 16
# A proxy on this machine makes everyone look like a caller from this machine.
_PROXIED = ("forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip")
# A probe waits so long for its control job; its answer counts for a while.
_READY_SECONDS, _PROBE_SECONDS = 8.0, 2.0
_LOOK_SECONDS = 0.05
_Model = TypeVar("_Model", bound=BaseModel)


@dataclass(slots=True)
class Service:
    """The parts of one server process; in `app.state.service`.

    Attributes:
        open_bytes: of request bodies that are being read or served, and of answers that are on their way, by caller.
    """

    settings: Settings
    pool: JudgePool
    store: Store | None
    keys: Keys
    admission: Admission
    scorer: Scorer
    metrics: Metrics
    open_bytes: dict[str, int] = field(default_factory=dict)
    # Parsing a large body takes a while: its own threads, and never many at once.
    parsing: anyio.CapacityLimiter = field(default_factory=lambda: anyio.CapacityLimiter(4))
    # For room, by caller.
    waiting: dict[str, asyncio.Lock] = field(default_factory=dict)
    _probing: asyncio.Lock = field(default_factory=asyncio.Lock)
    _probed: float = float("-inf")
    _is_ready: bool = False

    async def is_ready(self) -> bool:
        """Whether a control job passed through the judges just now; many who ask cost one job."""
        async with self._probing:
            if time.monotonic() - self._probed > _PROBE_SECONDS:
                self._is_ready = await asyncio.to_thread(self.pool.healthy, _READY_SECONDS)
                self._probed = time.monotonic()
        return self._is_ready

    def take_room(self, owner: str, count: int) -> None:
        """Note so many bytes of a caller; to be given back by `give_room`."""
        self.open_bytes[owner] = self.open_bytes.get(owner, 0) + count

    def give_room(self, owner: str, count: int) -> None:
        """They are gone."""
        self.open_bytes[owner] -= count
        if not self.open_bytes[owner]:
            del self.open_bytes[owner]

    def has_room(self, owner: str, count: int) -> bool:
        """Whether so many bytes more of a caller would fit."""
        try:
            check_room(self, owner, count)
        except Refused:
            return False
        return True

    def stored(self) -> Store:
        """The store. Raises Refused where there is none."""
        if self.store is None:
            raise Refused(404, "this service keeps no verdicts: start it with a --store")
        return self.store


def service_of(request: Request) -> Service:
    """The service that a request came to."""
    service: Service = request.app.state.service
    return service


def lets_in_without_key(settings: Settings) -> bool:
    """Whether callers without a key are let in."""
    return settings.auth == "auto" and is_loopback(settings.host)


async def scorer_of(request: Request) -> Caller:
    """Who asks for a score: as `caller_of`, and by HTTP Basic too, which trainers' clients send for `http://x:KEY@host`.

    Nowhere else, and no 401 asks for it: a browser would keep it and send it along by itself.

    Raises Refused as `caller_of`.
    """
    kind, _, credentials = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "basic":
        return await caller_of(request, "score")
    return await _known(request, basic_key(credentials) or "?", ("score",))


async def caller_of(request: Request, *scopes: str) -> Caller:
    """Who asks, by `Authorization: Bearer KEY` or the page's cookie; it has one of these scopes.

    Raises Refused (400, 401, 403, 503).
    """
    kind, _, key = request.headers.get("authorization", "").partition(" ")
    return await _known(request, key.strip() if kind.lower() == "bearer" else request.cookies.get(COOKIE, ""), scopes)


async def _known(request: Request, key: str, scopes: tuple[str, ...]) -> Caller:
    service = service_of(request)
    check_caller(request, service.settings.host)
    if key:
        caller = await asyncio.to_thread(service.keys.caller, key)
        if caller is None:
            raise Refused(401, "no such key, or it was taken back: `python -m services keys list` names all")
    elif lets_in_without_key(service.settings):
        if any(header in request.headers for header in _PROXIED):
            raise Refused(401, "it came through a proxy, so from anywhere: send a key (`python -m services keys add`)")
        caller = LOCAL
    else:
        raise Refused(401, "this service wants a key: send it as `Authorization: Bearer KEY`")
    if not any(caller.may(scope) for scope in scopes):
        raise Refused(403, f"the key {caller.name!r} lacks the scope {' or '.join(scopes)}: ask for one that has it")
    request.state.owner = caller.name
    return caller


def deadline_of(request: Request) -> float:
    """Seconds that the caller waits, by `X-Deadline-Ms`. Raises Refused (422)."""
    longest = service_of(request).settings.max_request_seconds
    given = request.headers.get("x-deadline-ms")
    if given is None:
        return longest
    if not given.isascii() or not given.isdigit() or len(given) > 12 or not int(given):
        raise Refused(422, f"X-Deadline-Ms is {given[:40]!r}: give whole milliseconds from now, at least 1")
    return min(int(given) / 1000, longest)


async def read_model(request: Request, model: type[_Model]) -> _Model:
    """The body as this model. Raises Refused as `read_body`, and 422."""
    require_json(request)
    service = service_of(request)
    most = service.settings.max_body_bytes
    body = await read_body(request, most, f"the body is larger than {most} bytes: send fewer items in one request")
    if len(body) < _LARGE_BYTES:
        return _parsed(body, model, service.settings.max_depth)
    return await anyio.to_thread.run_sync(_parsed, body, model, service.settings.max_depth, limiter=service.parsing)


async def read_body(request: Request, most_bytes: int, remedy: str) -> bytes:
    """The whole body, counted while it comes in: a chunked one announces no length. It counts until the answer.

    Raises Refused (408, 413 with this remedy, 415, 429, 499, 503).
    """
    service = service_of(request)
    settings = service.settings
    announced = request.headers.get("content-length", "")
    if announced.isdigit() and int(announced) > most_bytes:
        raise Refused(413, remedy)
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise Refused(415, "the body is compressed: send it as it is")
    body = bytearray()
    owner: str = getattr(request.state, "owner", "")
    if not hasattr(request.state, "body_bytes"):
        # Who asks may be known better later on.
        request.state.body_owner, request.state.body_bytes = owner, 0
    try:
        async with asyncio.timeout(settings.read_seconds):
            async for part in request.stream():
                if not part:
                    continue
                body += part
                if len(body) > most_bytes:
                    raise Refused(413, remedy)
                # Beyond what was reserved.
                if (more := len(body) - request.state.body_bytes) > 0:
                    check_room(service, owner, more)
                    service.take_room(owner, more)
                    request.state.body_bytes += more
    except ClientDisconnect:
        raise Refused(499, "the client hung up") from None
    except TimeoutError:
        raise Refused(408, f"the body did not come within {settings.read_seconds:g} s: send it faster") from None
    return bytes(body)


async def reserve_body(request: Request) -> None:
    """Wait for room for the announced body; of one caller, first come first served."""
    service = service_of(request)
    announced = request.headers.get("content-length", "")
    size = int(announced) if announced.isdigit() else 0
    if not 0 < size <= service.settings.max_body_bytes:
        return
    owner: str = getattr(request.state, "owner", "")
    async with service.waiting.setdefault(owner, asyncio.Lock()):
        while not service.has_room(owner, size):
            await asyncio.sleep(_LOOK_SECONDS)
        service.take_room(owner, size)
        request.state.body_owner, request.state.body_bytes = owner, size


def check_room(service: Service, owner: str, count: int) -> None:
    """Raises Refused (429 where one caller has half of all there may be, 503)."""
    most = service.settings.max_bodies_bytes
    if service.open_bytes.get(owner, 0) + count > most // 2:
        raise Refused(429, "your open requests are as large as they may be together: send less at once", 1)
    # What one caller does not take of his answers is his own loss only.
    if sum(min(taken, most // 2) for taken in service.open_bytes.values()) + count > most:
        raise Refused(503, "the bodies of all requests together are as large as they may be: come again", 1)


def _parsed(body: bytes, model: type[_Model], max_depth: int) -> _Model:
    if (depth := _depth(body)) > max_depth:
        raise Refused(422, f"the body is nested {depth} deep: at most {max_depth} is taken")
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        # To list many takes time; what is no JSON is one.
        if error.error_count() > 1 or error.errors(include_input=False)[0]["type"] != "json_invalid":
            raise Refused(422, _explain(error, model)) from None
    try:
        return model.model_validate_json(surrogates.replaced_in_json(body))
    except ValidationError as error:
        raise Refused(422, _explain(error, model)) from None


def _depth(body: bytes) -> int:
    """Of the JSON's brackets; what stands in strings does not count."""
    depth = deepest = 0
    for bracket in _QUOTED.sub(b"", body).translate(None, _NO_BRACKETS):
        depth += 1 if bracket in b"[{" else -1
        deepest = max(deepest, depth)
    return deepest


_NO_BRACKETS = bytes(byte for byte in range(256) if byte not in b"[]{}")


def _explain(error: ValidationError, model: type[BaseModel]) -> str:
    """With an example of such a body."""
    examples: Any = model.model_config.get("json_schema_extra")
    example = f". Such a body is {json.dumps(examples['examples'][0])}" if isinstance(examples, dict) else ""
    return f"{faults(error)}{example}; /docs has the schema"
