"""`POST /verify`, which two protocols have: Kimina's body has `codes`, NeMo-Gym's has a `response`."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from pydantic import Discriminator, RootModel, Tag

from services.access import caller_of, read_model
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
    caller = await caller_of(request, "score")
    body = (await read_model(request, EitherRequest)).root
    if isinstance(body, nemo_gym.NemoGymRequest):
        return JSONResponse((await nemo_gym.verify(request, caller, body, verifier)).model_dump())
    return JSONResponse((await kimina.verify(request, caller, body)).model_dump())
