"""SandboxFusion's `POST /run_code`, for Python and C++, inside our sandbox (`services.compat.programs`).

A sandbox that failed is `SandboxError`, at which its client asks again; so is a caller's own deadline (`X-Deadline-Ms`)
that passes. Within the program's limits nothing that it does makes one. A limit on memory or output is `Finished` with
the code of the signal (-9, -25), since the protocol knows no such limits.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Literal

from fastapi import APIRouter, FastAPI, Request
from pydantic import ConfigDict, Field

from services.access import caller_of, deadline_of, read_model, service_of
from services.compat.programs import Program, Ran, Runner
from services.compat.shapes import Lenient
from services.guard import Refused
from services.openapi import body_of
from services.routes import until_gone
from verifiers.sandbox.types import Limits, SandboxFailed, SandboxUnavailable

_LONGEST_SECONDS = 60.0
_DEFAULT_MEGABYTES, _LEAST_MEGABYTES, _MOST_MEGABYTES = 1024, 16, 4096
_COMPILER_BYTES = 2 << 30
# What it takes is learnt apart from that of the judges.
_COSTS_AS = "run_code"
_LANGUAGES = ("python", "cpp")
_FILE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")


@asynccontextmanager
async def _running(app: FastAPI) -> AsyncIterator[None]:
    app.state.runner = runner = Runner(app.state.service.settings.workers)
    try:
        yield
    finally:
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
    """Run a program. Hanging up ends it at once."""
    caller = await caller_of(request, "score")
    service = service_of(request)
    program = _program(await read_model(request, RunCodeRequest))
    runner: Runner = request.app.state.runner
    deadline = deadline_of(request)
    try:
        with service.admission.admitted(caller, [_COSTS_AS]):
            async with asyncio.timeout(deadline):
                ran = await until_gone(request, runner.run(program))
    except TimeoutError:
        return RunCodeResponse(status="SandboxError", message=f"it did not get its turn and end within {deadline:g} s")
    except (SandboxFailed, SandboxUnavailable) as error:
        return RunCodeResponse(status="SandboxError", message=str(error))
    service.admission.learn(_COSTS_AS, sum(each.seconds for each in (ran.compiled, ran.ran) if each is not None))
    compiled = None if ran.compiled is None else _result(ran.compiled, program.compile_limits)
    result = None if ran.ran is None else _result(ran.ran, program.limits)
    good = all(each is None or (each.status == "Finished" and not each.return_code) for each in (compiled, result))
    return RunCodeResponse(status="Success" if good else "Failed", compile_result=compiled, run_result=result)


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
        raise Refused(422, f"files: {name[:80]!r} cannot be put there; use letters, digits, _ . - and no folders")
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
