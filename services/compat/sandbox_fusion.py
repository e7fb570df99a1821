"""SandboxFusion's `POST /run_code`, for Python and C++, inside our sandbox (`services.compat.programs`).

A request is held rather than refused, and a sandbox that failed is tried again (`services.compat.held`); 504 comes
before verl's client gives up, which asks again at nothing else. `SandboxError` is left where that cannot help: there is
no sandbox or compiler, or a caller's own deadline (`X-Deadline-Ms`) passed. Nothing that a program does makes one. A
limit on memory or output is `Finished` with the code of the signal (-9, -25), since the protocol knows no such limits.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Literal

from fastapi import APIRouter, FastAPI, Request
from pydantic import ConfigDict, Field

from services.access import deadline_of, read_model, reserve_body, scorer_of
from services.compat.held import HeldRuns
from services.compat.programs import Program, Ran, Runner
from services.compat.shapes import Lenient
from services.guard import Refused
from services.keys import Caller
from services.openapi import body_of
from verifiers.sandbox.types import Limits, SandboxUnavailable

_LONGEST_SECONDS = 60.0
_DEFAULT_MEGABYTES, _LEAST_MEGABYTES, _MOST_MEGABYTES = 1024, 16, 4096
_COMPILER_BYTES = 2 << 30
# verl's client waits for compile_timeout + run_timeout + 10 s; an answer has to travel, and a busy loop to send it.
_CLIENT_GRACE_SECONDS, _TRAVEL_SECONDS = 10.0, 2.0
# Before the body is read its limits are not known: this is less than any of them.
_UNREAD_SECONDS = 10.0
_LANGUAGES = ("python", "cpp")
_FILE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,199}")


@asynccontextmanager
async def _running(app: FastAPI) -> AsyncIterator[None]:
    runner = Runner(app.state.service.settings.workers)
    app.state.held_runs = held = HeldRuns(app.state.service, runner)
    try:
        yield
    finally:
        held.close()
        runner.close()


router = APIRouter(tags=["SandboxFusion"], lifespan=_running)


class RunCodeRequest(Lenient):
    """Body of `POST /run_code`. Times are in seconds, 60 at most; `files` are base64 by plain names, read-only."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"code": "print(input())", "language": "python", "stdin": "42"}]}
    )

    code: str
    language: str
    compile_timeout: float = Field(default=10.0, gt=0, allow_inf_nan=False)
    run_timeout: float = Field(default=10.0, gt=0, allow_inf_nan=False)
    memory_limit_MB: int = -1
    stdin: str | None = None
    files: dict[str, str | None] = Field(default_factory=dict)
    fetch_files: tuple[str, ...] = Field(default=(), fail_fast=True)


class CommandResult(Lenient):
    """How the compiler or the program ended. No `return_code` where its time was over."""

    status: Literal["Finished", "Error", "TimeLimitExceeded"]
    execution_time: float
    return_code: int | None
    stdout: str
    stderr: str


class RunCodeResponse(Lenient):
    """`Failed`: it did not compile, ended with another code than 0, or met a limit."""

    status: Literal["Success", "Failed", "SandboxError"]
    message: str = ""
    compile_result: CommandResult | None = None
    run_result: CommandResult | None = None
    executor_pod_name: str = ""
    files: dict[str, str] = Field(default_factory=dict)


@router.post("/run_code", response_model=RunCodeResponse, openapi_extra=body_of(RunCodeRequest))
async def run_code(request: Request) -> RunCodeResponse:
    """Run a program. Hanging up ends it at once. What may pass is 504 (never 429 or 503)."""
    held: HeldRuns = request.app.state.held_runs
    began = time.monotonic()
    try:
        caller, body = await _read(request)
        program, deadline = _program(body), deadline_of(request)
        patience = max(body.compile_timeout + body.run_timeout + _CLIENT_GRACE_SECONDS - _TRAVEL_SECONDS, 1.0)
        is_own = "x-deadline-ms" in request.headers and deadline <= patience
        # The client has waited since the request came, and its deadline counts from here.
        seconds = min(patience - (time.monotonic() - began), deadline)
        try:
            ran = await held.run(request, caller, program, seconds, comes_again=not is_own)
        except TimeoutError:
            late = f"it did not get its turn and end within {seconds:g} s"
            if is_own:
                return RunCodeResponse(status="SandboxError", message=late)
            raise Refused(504, f"{late}: send it again", 1) from None
    except SandboxUnavailable as error:
        return RunCodeResponse(status="SandboxError", message=str(error))
    except Refused as error:
        if error.status in (429, 503):
            raise Refused(504, error.detail, 1) from None
        raise
    except asyncio.CancelledError:
        raise Refused(504, "the service is ending: send the request again", 1) from None
    compiled = None if ran.compiled is None else _result(ran.compiled, program.compile_limits)
    result = None if ran.ran is None else _result(ran.ran, program.limits)
    good = all(each is None or (each.status == "Finished" and not each.return_code) for each in (compiled, result))
    return RunCodeResponse(status="Success" if good else "Failed", compile_result=compiled, run_result=result)


async def _read(request: Request) -> tuple[Caller, RunCodeRequest]:
    """Who asks for what, once there is room for it. Raises Refused."""
    try:
        async with asyncio.timeout(_UNREAD_SECONDS):
            caller = await scorer_of(request)
            await reserve_body(request)
    except TimeoutError:
        raise Refused(504, "neither the store nor room for the body in time: send it again", 1) from None
    return caller, await read_model(request, RunCodeRequest)


def _program(body: RunCodeRequest) -> Program:
    """Raises Refused (422)."""
    if body.language not in _LANGUAGES:
        raise Refused(422, f"language {body.language[:40]!r}: this service runs {' and '.join(_LANGUAGES)}")
    if body.fetch_files:
        raise Refused(422, "fetch_files: this service gives no files back, print what you need")
    megabytes = _DEFAULT_MEGABYTES if body.memory_limit_MB <= 0 else body.memory_limit_MB
    megabytes = min(max(megabytes, _LEAST_MEGABYTES), _MOST_MEGABYTES)
    seconds, compiling = (min(each, _LONGEST_SECONDS) for each in (body.run_timeout, body.compile_timeout))
    return Program(
        source=body.code,
        language=body.language,
        stdin=(body.stdin or "").encode(),
        files={name: _decoded(name, text) for name, text in body.files.items() if text is not None},
        limits=Limits(cpu_seconds=seconds, wall_seconds=seconds, memory_bytes=megabytes << 20),
        compile_limits=Limits(
            cpu_seconds=compiling,
            wall_seconds=compiling,
            memory_bytes=_COMPILER_BYTES,
            file_bytes=64 << 20,
            output_bytes=64 << 10,
        ),
    )


def _decoded(name: str, text: str) -> bytes:
    if not _FILE_NAME.fullmatch(name) or name in ("main.py", "solution.cpp", "program"):
        raise Refused(
            422, f"files: {name[:80]!r} cannot be put there; use 1 to 200 of A-Z a-z 0-9 _ . - and no folders"
        )
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        raise Refused(422, f"files: {name[:80]!r} is no base64") from None


def _result(ran: Ran, limits: Limits) -> CommandResult:
    stderr = ran.stderr.decode(errors="replace")
    code = ran.code
    if ran.ending == "memory":
        stderr += f"\nended at the memory limit of {limits.memory_bytes >> 20} MiB"
    elif ran.ending == "output":
        stderr += f"\nended at the output limit of {limits.output_bytes} bytes"
    late = ran.ending in ("cpu", "wall")
    return CommandResult(
        status="TimeLimitExceeded" if late else "Finished",
        execution_time=ran.seconds,
        return_code=None if late else code,
        stdout=ran.stdout.decode(errors="replace"),
        stderr=stderr,
    )
