"""NeMo-Gym's resource server: `POST /verify` (by `services.compat.verify`), `/seed_session`, `/aggregate_metrics`.

Its answer can say that the judge failed: `mask_sample`, `failure_kind`, `failure_reason`; the reward is 0.0 then, and
does not count. Expected answers do not go back: of the task's fields only the others are repeated.
"""

from __future__ import annotations

import asyncio
import math
import statistics
import time
from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from services.access import deadline_of, read_model, scorer_of, service_of
from services.compat.again import let_in
from services.compat.shapes import Label, without_special
from services.guard import Refused
from services.keys import Caller
from services.labels import BadLabel, item_of
from services.openapi import body_of
from services.routes import asked_of, shown, until_gone
from verifiers.types import FinishReason, Json, Verdict

# In this order; a task names its expected answer by one of them.
_LABELS = ("expected_answer", "answer", "ground_truth", "label")
# Where there is none of them: a code problem's tests.
_TESTS = ("verifier_metadata", "unit_tests", "test_cases", "tests")
_GOLD = frozenset({*_LABELS, *_TESTS, "reference", "solution"})

# Our kinds of failure in NeMo-Gym's words (`nemo_gym.failure_kinds`); what is not here is `verifier_error`.
_KINDS = {
    "judge_unavailable": "judge_failed",
    "user_function": "judge_failed",
    "no_lean": "provider_unavailable",
    "no_compiler": "provider_unavailable",
    "no_reasoning_gym": "provider_unavailable",
    "overload": "provider_unavailable",
    "aborted": "agent_request_failed",
    "shutdown": "shutdown",
}

router = APIRouter(tags=["NeMo-Gym"])


class _Content(BaseModel):
    model_config = ConfigDict(extra="allow")

    type: str = ""
    text: str | None = None


class _Output(BaseModel):
    model_config = ConfigDict(extra="allow")

    type: str = ""
    content: Annotated[list[_Content], Field(fail_fast=True)] | str | None = None


class _Incomplete(BaseModel):
    model_config = ConfigDict(extra="allow")

    reason: str | None = None


class _Response(BaseModel):
    model_config = ConfigDict(extra="allow")

    output: list[_Output] = Field(fail_fast=True)
    status: str | None = None
    incomplete_details: _Incomplete | None = None


class NemoGymRequest(BaseModel):
    """Body of NeMo-Gym's `POST /verify`: an OpenAI response, and the task's own fields.

    The task says what is expected by `problem_id`, by `reference` (with `verifier`), or by `expected_answer`.
    """

    model_config = ConfigDict(
        extra="allow",
        json_schema_extra={
            "examples": [
                {
                    "responses_create_params": {"input": "6*7?"},
                    "response": {
                        "output": [
                            {"type": "message", "content": [{"type": "output_text", "text": "It is \\boxed{42}"}]}
                        ]
                    },
                    "expected_answer": "42",
                }
            ]
        },
    )

    responses_create_params: dict[str, Any]
    response: _Response
    verifier: str | None = None
    problem_id: str | None = None
    reference: dict[str, Any] | None = None
    expected_answer: Label = None


class _Verified(BaseModel):
    model_config = ConfigDict(extra="ignore")

    # Whatever an agent makes of ours; sums of squares of these are finite.
    reward: float = Field(ge=-1e100, le=1e100)
    mask_sample: bool = False
    task: int = Field(default=0, alias="_ng_task_index")


class NemoGymResponse(BaseModel):
    """The body without what is expected, and the verdict. `mask_sample`: leave this sample out, the judge failed."""

    model_config = ConfigDict(extra="allow")

    responses_create_params: dict[str, Any]
    response: dict[str, Any]
    reward: float
    mask_sample: bool = False
    failure_kind: str | None = None
    failure_reason: str | None = None


@router.post("/seed_session", response_model=dict[str, Any])
async def seed_session(request: Request) -> dict[str, Any]:
    """A judge has no session; the answer is empty."""
    await scorer_of(request)
    return {}


class AggregateRequest(BaseModel):
    """Body of NeMo-Gym's `POST /aggregate_metrics`: what `/verify` answered, with its agent's own fields."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"verify_responses": [{"_ng_task_index": 0, "reward": 1.0}]}]}
    )

    verify_responses: list[_Verified] = Field(fail_fast=True)


class AggregateResponse(BaseModel):
    """Of the rewards: by task, of all, and their means; samples that are masked count as such only."""

    group_level_metrics: list[dict[str, float | int]] = Field(default_factory=list)
    agent_metrics: dict[str, float | int] = Field(default_factory=dict)
    key_metrics: dict[str, float | int] = Field(default_factory=dict)
    repeat_level_metrics: list[dict[str, float | int]] = Field(default_factory=list)


@router.post("/aggregate_metrics", response_model=AggregateResponse, openapi_extra=body_of(AggregateRequest))
async def aggregate_metrics(request: Request) -> AggregateResponse:
    """What NeMo-Gym's agents ask at the end of a run. Nothing is kept here: it is computed from the body."""
    await scorer_of(request)
    given = (await read_model(request, AggregateRequest)).verify_responses
    # A whole run's: it takes a while.
    return await asyncio.to_thread(_aggregated, given)


def _aggregated(given: list[_Verified]) -> AggregateResponse:
    if not given:
        return AggregateResponse()
    tasks: dict[int, list[float]] = {each.task: [] for each in given}
    for each in given:
        if not each.mask_sample:
            tasks[each.task].append(each.reward)
    measured = {task: rewards for task, rewards in tasks.items() if rewards}
    every = [reward for rewards in measured.values() for reward in rewards]
    coverage: dict[str, float | int] = {}
    if len(every) < len(given):
        coverage = {
            "coverage/measured_rollouts": len(every),
            "coverage/masked_rollouts": len(given) - len(every),
            "coverage/measured_tasks": len(measured),
            "coverage/fully_masked_tasks": len(tasks) - len(measured),
        }
    if not every:
        return AggregateResponse(agent_metrics=coverage, key_metrics=coverage)
    metrics = _metrics(every) | coverage
    return AggregateResponse(
        group_level_metrics=[{"_ng_task_index": task} | _metrics(measured[task]) for task in sorted(measured)],
        agent_metrics=metrics,
        key_metrics={"mean/reward": metrics["mean/reward"]} | coverage,
    )


def _metrics(rewards: list[float]) -> dict[str, float | int]:
    mean = statistics.fmean(rewards)
    metrics: dict[str, float | int] = {
        "mean/reward": mean,
        "max/reward": max(rewards),
        "min/reward": min(rewards),
        "median/reward": statistics.median(rewards),
    }
    if len(rewards) == 1:
        return metrics
    # `statistics.stdev` computes with fractions, a hundred times as long.
    return metrics | {"std/reward": math.sqrt(math.fsum((each - mean) ** 2 for each in rewards) / (len(rewards) - 1))}


async def verify(request: Request, caller: Caller, body: NemoGymRequest, verifier: str) -> NemoGymResponse:
    """The verdict on one response. Raises Refused."""
    service = service_of(request)
    text, reason = _answered(body.response)
    try:
        # It may parse tests.
        item = await asyncio.to_thread(item_of, 0, _label(body), body.verifier or verifier, text, finish_reason=reason)
    except BadLabel as error:
        verdict = Verdict.failed("no_reference", str(error))
    else:
        asked = await asked_of(service, caller, [item])
        work = let_in(service, caller, asked, time.monotonic() + deadline_of(request))
        try:
            verdict = shown((await until_gone(request, work))[0].verdict, caller, sent=asked[0].sent)
        except Refused as error:
            if error.status not in (429, 503):
                raise
            # Its agents ask once, and an error ends their rollout.
            verdict = Verdict.failed("overload", error.detail)
    repeated = body.model_dump(exclude_unset=True, exclude=set(_GOLD))
    return NemoGymResponse(
        **repeated
        | {
            "reward": float(verdict.reward or 0.0),
            "mask_sample": verdict.mask_sample,
            "failure_kind": verdict.failure_kind and _KINDS.get(verdict.failure_kind, "verifier_error"),
            "failure_reason": verdict.failure_kind and f"{verdict.failure_kind}: {verdict.failure_reason}",
        }
    )


def _label(body: NemoGymRequest) -> Label:
    if body.problem_id is not None:
        return {"problem_id": body.problem_id}
    if body.reference is not None:
        return {"reference": body.reference}
    given: Json = body.model_dump(include={*_LABELS, *_TESTS})
    for key in (*_LABELS, *_TESTS):
        value = given.get(key)
        if isinstance(value, str | int | float | dict | list) and not isinstance(value, bool):
            return value
    return None


def _joined(parts: list[_Content]) -> str:
    return "".join(part.text or "" for part in parts if part.type == "output_text")


def _answered(response: _Response) -> tuple[str, FinishReason]:
    """The text of the last message, and why it ended."""
    text = ""
    for output in response.output:
        if output.type != "message" or output.content is None:
            continue
        text = output.content if isinstance(output.content, str) else _joined(output.content)
    reason: FinishReason = "stop"
    if response.status in ("failed", "cancelled"):
        reason = "abort"
    elif response.status == "incomplete":
        cut = response.incomplete_details
        reason = "length" if cut is None or cut.reason in (None, "max_output_tokens") else "abort"
    return without_special(text), reason
