"""The wire types of the native API, shared by the app and the client."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, ConfigDict, Field, ValidationError, model_validator

from services import surrogates
from verifiers.types import FinishReason, Frozen, Json, Message, Verdict

_ITEM: Json = {
    "id": "a",
    "problem": {"verifier": "math", "reference": {"answer": "42"}},
    "completion": {"text": "6*7 = 42. The answer is \\boxed{42}", "finish_reason": "stop"},
}
_VERDICT: Json = {
    "status": "correct",
    "reward": 1.0,
    "extracted": "42",
    "detail": "equal as exact numbers",
    "seconds": 0.0004,
    "verifier": "math",
    "verifier_version": "0123456789abcdef",
}
_MOST_FAULTS = 1000
_ID = "019ab3c4d5e6f7a8b9c0d1e2f3a4"


def faults(error: ValidationError, most: int = 5) -> str:
    """Where a body is wrong and how, without what stands there: it may be an expected answer or a key."""
    if (count := error.error_count()) > _MOST_FAULTS:
        # To list them takes time and memory.
        return f"{count} faults, such as fields that are not known"
    found = error.errors(include_input=False, include_url=False, include_context=False)
    said = [f"{'.'.join(map(str, each['loc'])) or 'body'}: {each['msg']}" for each in found[:most]]
    return "; ".join(said) + (f" (and {len(found) - most} more)" if len(found) > most else "")


def _example(*examples: Json) -> ConfigDict:
    return ConfigDict(json_schema_extra={"examples": list(examples)})


class ScoreProblem(Frozen):
    """What a judge needs of a problem. A whole `verifiers.types.Problem` is valid here; tags are ignored."""

    model_config = _example(_ITEM["problem"])

    verifier: str = "math"
    reference: Json
    id: str | None = None
    # The first fault of a list ends it: a small body could have millions.
    prompt: str | Annotated[tuple[Message, ...], Field(fail_fast=True)] | None = None
    tags: tuple[str, ...] = Field(default=(), fail_fast=True)


class ScoredCompletion(Frozen):
    """The text to judge and why it ended: `stop`, `length` (cut off) or `abort` (masked, not judged)."""

    model_config = _example(_ITEM["completion"])

    text: Annotated[str, AfterValidator(surrogates.replaced)]
    finish_reason: FinishReason = "stop"


class ScoreItem(Frozen):
    """One answer to score, to a problem that comes with it or to one registered before (`problem_id`).

    `id` is given back and must be unique within a request.
    """

    model_config = _example(_ITEM)

    id: str = Field(max_length=512)
    problem: ScoreProblem | None = None
    problem_id: str | None = None
    completion: ScoredCompletion

    @model_validator(mode="after")
    def _names_one_problem(self) -> ScoreItem:
        if (self.problem is None) == (self.problem_id is None):
            raise ValueError("give either problem or problem_id")
        return self


class ScoreRequest(Frozen):
    """Body of `POST /v1/score`."""

    model_config = _example({"items": [_ITEM]})

    items: tuple[ScoreItem, ...] = Field(fail_fast=True, min_length=1)

    @model_validator(mode="after")
    def _ids_are_unique(self) -> ScoreRequest:
        seen: set[str] = set()
        for item in self.items:
            if item.id in seen:
                raise ValueError(f"two items have the id {item.id!r}: give every item its own")
            seen.add(item.id)
        return self


class ScoreResult(Frozen):
    """The verdict of the item with this id. `verdict_id` is for `GET /v1/verdicts/{id}`; null where none are kept."""

    model_config = _example({"id": "a", "verdict": _VERDICT, "verdict_id": _ID})

    id: str
    verdict: Verdict
    verdict_id: str | None = None


class ScoreResponse(Frozen):
    """Answer of `POST /v1/score`: one result per item, in order, and the version of every verifier that was used."""

    model_config = _example(
        {
            "results": [{"id": "a", "verdict": _VERDICT, "verdict_id": _ID}],
            "verifier_versions": {"math": "0123456789abcdef"},
        }
    )

    results: tuple[ScoreResult, ...]
    verifier_versions: dict[str, str]


class RegisterRequest(Frozen):
    """Body of `POST /v1/problems`."""

    model_config = _example({"problems": [_ITEM["problem"] | {"id": "sum-1", "prompt": "What is 6*7?"}]})

    problems: tuple[ScoreProblem, ...] = Field(fail_fast=True, min_length=1)


class Registered(Frozen):
    """One registered problem. `unjudgeable` says why no answer to it can be judged; such a problem is not kept."""

    model_config = _example({"problem_id": "p0123456789abcdef0123456789abcdef", "id": "sum-1", "unjudgeable": None})

    problem_id: str | None
    id: str | None
    unjudgeable: str | None = None


class RegisterResponse(Frozen):
    """Answer of `POST /v1/problems`, in order. The same problem always gets the same id."""

    model_config = _example({"problems": [{"problem_id": "p0123456789abcdef0123456789abcdef", "id": "sum-1"}]})

    problems: tuple[Registered, ...]


class Explanation(Frozen):
    """Why a verdict is what it is, for a person who has not read the code."""

    model_config = _example(
        {
            "headline": "Wrong: another answer was expected.",
            "why": "The answer read from the completion was `41`. It was compared exactly.",
            "remedy": "If you think the answer is right, look at how it was read (`extracted`).",
        }
    )

    headline: str
    why: str
    remedy: str


class StoredVerdict(Frozen):
    """Answer of `GET /v1/verdicts/{id}`: the verdict, what was judged, and why it came out so.

    `reference` is there for keys with the scope `privileged-why` only.
    """

    model_config = _example(
        {
            "verdict_id": _ID,
            "judged_at": 1_790_000_000.0,
            "verdict": _VERDICT,
            "explanation": {"headline": "Right.", "why": "The answer read was `42`.", "remedy": ""},
            "problem_id": "p0123456789abcdef0123456789abcdef",
            "prompt": "What is 6*7?",
            "completion": _ITEM["completion"],
            "reference": None,
            "rescored": None,
        }
    )

    verdict_id: str
    judged_at: float
    verdict: Verdict
    explanation: Explanation
    problem_id: str
    prompt: str | None
    completion: ScoredCompletion
    reference: Json | None
    rescored: str | None


class RescoreRequest(Frozen):
    """Body of `POST /v1/rescore`: stored samples by their ids, or the newest ones that fit."""

    model_config = _example({"verdict_ids": [_ID]}, {"verifier": "math", "status": "wrong", "limit": 100})

    verdict_ids: tuple[str, ...] = Field(fail_fast=True, default=(), max_length=1024)
    verifier: str | None = None
    status: str | None = None
    limit: int = Field(default=100, ge=1, le=1024)


class Rescored(Frozen):
    """One sample before and now."""

    model_config = _example({"verdict_id": _ID, "before": _VERDICT, "now": _VERDICT, "now_id": _ID, "changed": False})

    verdict_id: str
    before: Verdict
    now: Verdict
    now_id: str | None
    changed: bool


class RescoreResponse(Frozen):
    """Answer of `POST /v1/rescore`: `changed` have another status or reward than before."""

    model_config = _example({"results": [], "judged": 0, "changed": 0})

    results: tuple[Rescored, ...]
    judged: int
    changed: int


class VerifierInfo(Frozen):
    """One entry of `GET /v1/verifiers`. `options` is the JSON schema of a reference, where the judge has one."""

    model_config = _example({"name": "math", "version": "0123456789abcdef", "limit_seconds": 5.0, "options": None})

    name: str
    version: str
    limit_seconds: float
    options: Json | None = None


class VerifierList(Frozen):
    """Answer of `GET /v1/verifiers`: what may be named as verifier, and how fast the judges are at worst.

    `user_functions` are those the service was started with. `workers` judge side by side, each within
    `limit_seconds` of its verifier for one try at an answer.
    """

    model_config = _example(
        {"verifiers": [], "user_functions": [], "workers": 2, "deadline_seconds": 5.0, "limits": {"max_items": 1024}}
    )

    verifiers: tuple[VerifierInfo, ...]
    user_functions: tuple[str, ...]
    workers: int
    deadline_seconds: float
    limits: dict[str, float]


class Health(Frozen):
    """Answer of `GET /healthz` and `GET /readyz`."""

    model_config = _example({"status": "ok", "workers": 2})

    status: Literal["ok"]
    workers: int


class Problematic(Frozen):
    """Body of every error: what is wrong and what to do about it."""

    model_config = _example({"detail": "1025 items: send at most 1024 in one request", "request_id": _ID})

    detail: str
    request_id: str = ""
