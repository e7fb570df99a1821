"""`POST /verify`, which two protocols have: Kimina's body has `codes`, NeMo-Gym's has a `response`."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import BaseModel, Discriminator, RootModel, Tag

from services.access import read_model, scorer_of
from services.compat import kimina, nemo_gym
from services.compat.shapes import Verifier
from services.openapi import body_of

router = APIRouter(tags=["Kimina", "NeMo-Gym"])


def _shape(body: Any) -> str:
    return "kimina" if not isinstance(body, dict) or "codes" in body else "nemo_gym"


class EitherRequest(
    RootModel[
        Annotated[
            Annotated[kimina.VerifyRequest, Tag("kimina")] | Annotated[nemo_gym.NemoGymRequest, Tag("nemo_gym")],
            Discriminator(_shape),
        ]
    ]
):
    """Body of `POST /verify`: `{"codes": [...]}` (Kimina) or `{"responses_create_params", "response"}` (NeMo-Gym)."""


@router.post(
    "/verify",
    response_model=kimina.VerifyResponse | nemo_gym.NemoGymResponse,
    openapi_extra=body_of(EitherRequest),
)
async def verify(request: Request, verifier: Verifier = "math") -> Response:
    """Lean texts for Kimina's clients, or one response for NeMo-Gym."""
    caller = await scorer_of(request)
    body = (await read_model(request, EitherRequest)).root
    if isinstance(body, nemo_gym.NemoGymRequest):
        return _json(await nemo_gym.verify(request, caller, body, verifier))
    return _json(await kimina.verify(request, caller, body))


def _json(answer: BaseModel) -> Response:
    """A number that JSON does not have, sent by the caller, goes back as null."""
    return Response(answer.model_dump_json(), media_type="application/json")
