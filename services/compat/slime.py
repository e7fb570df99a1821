"""slime's remote reward model (`--rm-type remote_rm --rm-url`): `POST /slime`, also `POST /rm`.

The body of the answer is the reward, a number. A judge that failed: judged again for 100 s at most (its client gives up
after 120 s, and asks 10 times), then an HTTP error.
"""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import ConfigDict, Field

from services.access import read_model, scorer_of
from services.compat.again import judged
from services.compat.shapes import Label, Lenient, Verifier, without_special
from services.labels import item_of
from services.openapi import body_of

_SECONDS = 100.0

router = APIRouter(tags=["slime"])


class SlimeRequest(Lenient):
    """Body of `POST /slime`: one sample. The prompt may be a text or chat messages."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"prompt": "6*7?", "response": "It is \\boxed{42}", "label": "42"}]}
    )

    prompt: str | Annotated[list[dict[str, Any]], Field(fail_fast=True)] | None = None
    response: str
    label: Label = None


@router.post("/slime", response_model=float, openapi_extra=body_of(SlimeRequest))
@router.post("/rm", response_model=float, openapi_extra=body_of(SlimeRequest))
async def reward(request: Request, verifier: Verifier = "math") -> float:
    """The reward of one sample for slime."""
    caller = await scorer_of(request)
    body = await read_model(request, SlimeRequest)
    prompt = body.prompt if isinstance(body.prompt, str) else None
    # It may parse tests.
    item = await asyncio.to_thread(item_of, 0, body.label, verifier, without_special(body.response), prompt=prompt)
    verdicts = await judged(request, caller, [item], _SECONDS)
    return float(verdicts[0].reward or 0.0)
