"""OpenRLHF's remote reward model: `POST /get_reward`.

A judge that failed: judged again for 150 s at most (its client gives up after 180 s, and asks 5 times), then an HTTP
error; the whole request fails, since a list of rewards has no place for "none". OpenRLHF sends one sample per request.
"""

from __future__ import annotations

import asyncio

from fastapi import APIRouter, Request
from pydantic import ConfigDict, Field, model_validator

from services.access import read_model, scorer_of
from services.compat.again import judged
from services.compat.shapes import Label, Lenient, Verifier, answer_in
from services.guard import Refused
from services.labels import item_of
from services.openapi import body_of
from services.schemas import ScoreItem
from verifiers.types import Status, Verdict

_SECONDS = 150.0
_LOGGED = (Status.NO_ANSWER, Status.TRUNCATED, Status.TIMEOUT, Status.REJECTED)

router = APIRouter(tags=["OpenRLHF"])


class OpenRLHFRequest(Lenient):
    """Body of `POST /get_reward`: `query` is prompt and response with special tokens. The lists may be empty."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"query": ["6*7? It is \\boxed{42}</s>"], "prompts": ["6*7?"], "labels": ["42"]}]
        }
    )

    query: tuple[str, ...] = Field(fail_fast=True)
    prompts: tuple[str, ...] = Field(default=(), fail_fast=True)
    labels: tuple[Label, ...] = Field(default=(), fail_fast=True)

    @model_validator(mode="after")
    def _are_of_one_length(self) -> OpenRLHFRequest:
        if len(self.labels) != len(self.query):
            raise ValueError(f"{len(self.query)} queries and {len(self.labels)} labels: send one label for each query")
        if self.prompts and len(self.prompts) != len(self.query):
            raise ValueError(f"{len(self.query)} queries and {len(self.prompts)} prompts: send as many, or none")
        return self


class OpenRLHFResponse(Lenient):
    """Rewards, scores (0 to 1) for dynamic filtering, and numbers to log, all in the order of the queries."""

    rewards: list[float]
    scores: list[float]
    extra_logs: dict[str, list[float]]


@router.post("/get_reward", response_model=OpenRLHFResponse, openapi_extra=body_of(OpenRLHFRequest))
async def get_reward(request: Request, verifier: Verifier = "math") -> OpenRLHFResponse:
    """Rewards for OpenRLHF."""
    caller = await scorer_of(request)
    body = await read_model(request, OpenRLHFRequest)
    if not body.query:
        return OpenRLHFResponse(rewards=[], scores=[], extra_logs={})
    items = await asyncio.to_thread(_items, body, verifier)
    verdicts = await judged(request, caller, items, _SECONDS)
    rewards = [float(verdict.reward or 0.0) for verdict in verdicts]
    return OpenRLHFResponse(rewards=rewards, scores=rewards, extra_logs=_logs(verdicts))


def _items(body: OpenRLHFRequest, verifier: str) -> list[ScoreItem]:
    items = []
    for number, (query, label) in enumerate(zip(body.query, body.labels, strict=True)):
        prompt = body.prompts[number] if body.prompts else None
        completion = answer_in(query, prompt)
        if completion is None:
            raise Refused(
                422,
                f"query {number} does not begin with its prompt, so it is not known what the answer is: send both as "
                "the tokenizer decodes them, or no prompts at all to have the whole query judged",
            )
        items.append(item_of(number, label, verifier, completion, prompt=prompt))
    return items


def _logs(verdicts: list[Verdict]) -> dict[str, list[float]]:
    """Why a reward is zero, the same names for every sample."""
    logs = {status.value: [float(verdict.status is status) for verdict in verdicts] for status in _LOGGED}
    return logs | {"judge_seconds": [verdict.seconds for verdict in verdicts]}
