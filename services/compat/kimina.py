"""Kimina's Lean server: `POST /api/check`, `POST /verify` (by `services.compat.verify`), `POST /one_pass_verify_batch`
and `GET /health`.

A text is the whole of a file, and every word of it is the policy's; so no part of it is taken on trust. It may hold
comments, imports (where the judge has a Lean of the user's own), `open`, `universe`, some options, and one theorem at
its end. What else it may hold is not known to be harmless, and proves nothing here. (A `variable` may be a hypothesis,
which Lean adds to the theorem.) Which theorem it is, is for the trainer to see to.

| what happened | the result |
|---|---|
| proved | `response` without messages |
| not proved, `sorry`, an axiom, any limit; a lemma before the theorem | `response` with a message of severity error |
| the judge failed | `error` |

An `error` reads as "nobody can tell" (`server_error`, `timeout_error` of its client), which no text may have for the
asking: so what a text does itself, time limits too, is always a message.
"""

from __future__ import annotations

import asyncio
import time

from fastapi import APIRouter, Request
from pydantic import ConfigDict, Field, model_validator

from services.access import deadline_of, read_model, scorer_of, service_of
from services.asked import Scored
from services.compat import lean_texts
from services.compat.again import let_in
from services.compat.lean_texts import LeanMessage
from services.compat.shapes import Lenient
from services.keys import Caller
from services.openapi import body_of
from services.routes import asked_of, check_count, until_gone

# What Lean's own limits leave a text at most, on a busy machine. A caller who waits for less would let a text choose
# not to be judged.
_LONGEST_SECONDS = 150.0

router = APIRouter(tags=["Kimina"])


class Snippet(Lenient):
    """One Lean text."""

    id: str
    code: str


class CheckRequest(Lenient):
    """Body of `POST /api/check`. `timeout` (seconds for each text) only lengthens the wait: the judge has limits."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"snippets": [{"id": "a", "code": "theorem t (p : Prop) (h : p) : p := h"}], "timeout": 30}]
        }
    )

    snippets: tuple[Snippet, ...] = Field(fail_fast=True, min_length=1)
    timeout: int = Field(default=30, ge=0)

    @model_validator(mode="after")
    def _ids_are_unique(self) -> CheckRequest:
        if len({snippet.id for snippet in self.snippets}) != len(self.snippets):
            raise ValueError("two snippets have the same id: give every one its own")
        return self


class CheckedResponse(Lenient):
    """What Lean says; no messages for a proof that is right."""

    env: int = 0
    messages: tuple[LeanMessage, ...] = ()


class CheckResult(Lenient):
    """Either `response` or `error`. `time` is in seconds."""

    id: str
    time: float = 0.0
    error: str | None = None
    response: CheckedResponse | None = None


class CheckResponse(Lenient):
    """Results in order."""

    results: list[CheckResult]


class Code(Lenient):
    """One Lean text, as `proof` or (older) as `code`."""

    custom_id: str | int
    proof: str | None = None
    code: str | None = None

    @property
    def text(self) -> str:
        """Whichever it has."""
        return self.proof if self.proof is not None else self.code or ""

    @model_validator(mode="after")
    def _has_a_text(self) -> Code:
        if self.proof is None and self.code is None:
            raise ValueError("give proof or code")
        return self


class VerifyRequest(Lenient):
    """Body of `POST /verify` and `POST /one_pass_verify_batch`. `timeout` as in `POST /api/check`."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"codes": [{"custom_id": "a", "proof": "theorem t (p : Prop) (h : p) : p := h"}]}]
        }
    )

    codes: tuple[Code, ...] = Field(fail_fast=True)
    timeout: int = Field(default=300, ge=0)


class TimedResponse(CheckedResponse):
    """As `POST /api/check` has it, with the time in seconds."""

    time: float = 0.0


class VerifyResult(Lenient):
    """Either `response` or `error`."""

    custom_id: str | int
    error: str | None = None
    response: TimedResponse | None = None


class VerifyResponse(Lenient):
    """Results in order."""

    results: list[VerifyResult]


class KiminaHealth(Lenient):
    """Answer of `GET /health`."""

    status: str


@router.get("/health", response_model=KiminaHealth)
async def health() -> KiminaHealth:
    """Whether this process lives; needs no key."""
    return KiminaHealth(status="ok")


@router.post("/api/check", response_model=CheckResponse, openapi_extra=body_of(CheckRequest))
async def check(request: Request) -> CheckResponse:
    """Lean texts for `kimina-client`."""
    caller = await scorer_of(request)
    body = await read_model(request, CheckRequest)
    judged = await _judged(request, caller, [snippet.code for snippet in body.snippets], body.timeout)
    results = []
    for snippet, one in zip(body.snippets, judged, strict=True):
        response = None if one.error is not None else CheckedResponse(messages=tuple(one.messages))
        results.append(CheckResult(id=snippet.id, time=one.seconds, error=one.error, response=response))
    return CheckResponse(results=results)


@router.post("/one_pass_verify_batch", response_model=VerifyResponse, openapi_extra=body_of(VerifyRequest))
async def one_pass_verify_batch(request: Request) -> VerifyResponse:
    """As `POST /verify`."""
    caller = await scorer_of(request)
    return await verify(request, caller, await read_model(request, VerifyRequest))


async def verify(request: Request, caller: Caller, body: VerifyRequest) -> VerifyResponse:
    """Lean texts for older clients."""
    judged = await _judged(request, caller, [code.text for code in body.codes], body.timeout)
    results = []
    for code, one in zip(body.codes, judged, strict=True):
        response = None if one.error is not None else TimedResponse(messages=tuple(one.messages), time=one.seconds)
        results.append(VerifyResult(custom_id=code.custom_id, error=one.error, response=response))
    return VerifyResponse(results=results)


async def _judged(request: Request, caller: Caller, texts: list[str], timeout: int) -> list[lean_texts.Result]:
    service = service_of(request)
    check_count(len(texts), service.settings)
    most = service.settings.max_text_chars
    read = await asyncio.to_thread(lambda: [lean_texts.read(text, most) for text in texts])
    items = [found.item(str(number)) for number, found in enumerate(read) if isinstance(found, lean_texts.Whole)]
    asked = await asked_of(service, caller, items)
    seconds = min(deadline_of(request), max(timeout, _LONGEST_SECONDS) * len(texts))
    scored: list[Scored] = []
    if asked:
        scored = await until_gone(request, let_in(service, caller, asked, time.monotonic() + seconds))
    verdicts = iter(scored)
    return [found.result(next(verdicts).verdict) if isinstance(found, lean_texts.Whole) else found for found in read]
