"""The wire types of the reward API, shared by the app and the client."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from verifiers.types import FinishReason, Frozen, Json, Message, Verdict


class ScoreProblem(Frozen):
    """What a judge needs of a problem. A whole `verifiers.types.Problem` is valid here; the rest is ignored."""

    verifier: str = "math"
    reference: Json
    id: str | None = None
    prompt: str | tuple[Message, ...] | None = None
    tags: tuple[str, ...] = ()


class ScoredCompletion(Frozen):
    """The text to judge and why it ended: `stop`, `length` (cut off) or `abort` (masked, not judged)."""

    text: str
    finish_reason: FinishReason = "stop"


class ScoreItem(Frozen):
    """One answer to score. `id` is given back and must be unique within a request."""

    id: str
    problem: ScoreProblem
    completion: ScoredCompletion


class ScoreRequest(Frozen):
    """Body of `POST /v1/score`."""

    items: tuple[ScoreItem, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _ids_are_unique(self) -> ScoreRequest:
        seen: set[str] = set()
        for item in self.items:
            if item.id in seen:
                raise ValueError(f"two items have the id {item.id!r}: give every item its own")
            seen.add(item.id)
        return self


class ScoreResult(Frozen):
    """The verdict of the item with this id."""

    id: str
    verdict: Verdict


class ScoreResponse(Frozen):
    """Answer of `POST /v1/score`: one result per item, in order, and the version of every verifier that was used."""

    results: tuple[ScoreResult, ...]
    verifier_versions: dict[str, str]


class VerifierInfo(Frozen):
    """One entry of `GET /v1/verifiers`."""

    name: str
    version: str


class VerifierList(Frozen):
    """Answer of `GET /v1/verifiers`: what may be named as verifier, and how fast the judges are at worst.

    `user_functions` are those the service was started with. `workers` judge side by side, each within
    `deadline_seconds` for one try at an answer.
    """

    verifiers: tuple[VerifierInfo, ...]
    user_functions: tuple[str, ...]
    workers: int
    deadline_seconds: float


class Health(Frozen):
    """Answer of `GET /healthz`."""

    status: Literal["ok"]
    workers: int


class Problematic(Frozen):
    """Body of every error: what is wrong and what to do about it."""

    detail: str
