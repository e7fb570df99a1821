"""open-instruct's code server: `POST /test_program` (asserts) and `POST /test_program_stdio` (input and output).

A judge that failed: judged again for 25 s at most (its client waits 30 s or longer), then an HTTP error. open-instruct
itself makes a zero of that, with a line in its log.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Request
from pydantic import ConfigDict, Field, ValidationError, field_validator

from services.access import read_model, scorer_of, service_of
from services.compat.again import judged
from services.compat.shapes import Lenient, fenced
from services.guard import Refused
from services.openapi import body_of
from services.routes import check_count
from services.schemas import ScoredCompletion, ScoreItem, ScoreProblem
from verifiers.expected.asserts import called_names
from verifiers.types import Json, Status

_SECONDS = 25.0
_LONGEST_SECONDS = 60.0
# Both sides of an assert start a process.
_STARTING_SECONDS = 2.0
_MAX_TEST_CHARS = 65_536

router = APIRouter(tags=["open-instruct"])


class ProgramRequest(Lenient):
    """Body of both routes: `tests` are assert statements, or `{"input", "output"}`; also as one JSON string.

    `max_execution_time` is in seconds for each test, 60 at most.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"program": "def add(a, b): return a + b", "tests": ["assert add(1, 2) == 3"], "max_execution_time": 1}
            ]
        }
    )

    program: str
    tests: list[Any]
    max_execution_time: float = Field(default=1.0, gt=0, allow_inf_nan=False)

    @field_validator("tests", mode="before")
    @classmethod
    def _decoded(cls, tests: Any) -> Any:
        """As some data sets keep them; pickles are not opened."""
        if not isinstance(tests, str):
            return tests
        try:
            return json.loads(tests)
        except (ValueError, RecursionError):
            raise ValueError("tests: send a list, or a JSON list as a string") from None


class ProgramResponse(Lenient):
    """For each test, in order: 1 where the program passes it, and the seconds that it took."""

    results: list[int]
    runtimes: list[float]


class _Case(Lenient):
    input: str
    output: str


@router.post("/test_program", response_model=ProgramResponse, openapi_extra=body_of(ProgramRequest))
async def test_program(request: Request) -> ProgramResponse:
    """A program against asserts, each on its own."""
    return await _tested(request, _asserts)


@router.post("/test_program_stdio", response_model=ProgramResponse, openapi_extra=body_of(ProgramRequest))
async def test_program_stdio(request: Request) -> ProgramResponse:
    """A program against inputs with their outputs, each on its own."""
    return await _tested(request, _stdin)


async def _tested(request: Request, reference_of: Callable[[int, Any], Json]) -> ProgramResponse:
    caller = await scorer_of(request)
    body = await read_model(request, ProgramRequest)
    if not body.tests:
        return ProgramResponse(results=[], runtimes=[])
    seconds = min(body.max_execution_time, _LONGEST_SECONDS)
    limits = {"cpu_seconds": seconds, "wall_seconds": seconds + _STARTING_SECONDS}
    completion = ScoredCompletion(text=fenced(body.program, "python"))
    check_count(len(body.tests), service_of(request).settings)
    # It parses them.
    items = await asyncio.to_thread(
        lambda: [
            ScoreItem(
                id=str(number),
                problem=ScoreProblem(verifier="code", reference=reference_of(number, test) | {"limits": limits}),
                completion=completion,
            )
            for number, test in enumerate(body.tests)
        ]
    )
    verdicts = await judged(request, caller, items, _SECONDS)
    results = [int(verdict.status is Status.CORRECT) for verdict in verdicts]
    return ProgramResponse(results=results, runtimes=[verdict.seconds for verdict in verdicts])


def _asserts(number: int, test: Any) -> Json:
    if not isinstance(test, str):
        raise Refused(422, f"tests.{number}: send an assert statement as a string")
    if len(test) > _MAX_TEST_CHARS:
        raise Refused(422, f"tests.{number}: an assert statement may have {_MAX_TEST_CHARS} characters")
    return {"kind": "asserts", "entry_point": _called(number, test), "tests": test}


def _stdin(number: int, test: Any) -> Json:
    try:
        case = _Case.model_validate(test)
    except ValidationError:
        raise Refused(422, f'tests.{number}: send {{"input": "...", "output": "..."}}, both strings') from None
    return {"kind": "stdin", "cases": [{"stdin": case.input, "stdout": case.output}]}


def _called(number: int, test: str) -> tuple[str, ...]:
    """What the program has to define. Raises Refused (422)."""
    try:
        return called_names(test)
    except ValueError as error:
        raise Refused(422, f"tests.{number}: {error}") from None
