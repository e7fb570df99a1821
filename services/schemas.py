"""The wire types of the native API, shared by the app and the client."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, ConfigDict, Discriminator, Field, Tag, ValidationError, model_validator

from services import surrogates
from verifiers.types import FinishReason, Frozen, Json, Message, Verdict

ITEM: Json = {
    "id": "a",
    "problem": {"verifier": "math", "reference": {"answer": "42"}},
    "completion": {"text": "6*7 = 42. The answer is \\boxed{42}", "finish_reason": "stop"},
}
LABELS: Json = {"run": "demo", "step": 12, "family": "arithmetic", "group": "12/3", "sample": 0, "problem": "sum-1"}
VERDICT: Json = {
    "status": "correct",
    "reward": 1.0,
    "extracted": "42",
    "detail": "equal as exact numbers",
    "seconds": 0.0004,
    "verifier": "math",
    "verifier_version": "0123456789abcdef",
}
_MOST_FAULTS = 1000
ID = "019ab3c4d5e6f7a8b9c0d1e2f3a4"


def faults(error: ValidationError, most: int = 5) -> str:
    """Where a body is wrong and how, without what stands there: it may be an expected answer or a key."""
    if (count := error.error_count()) > _MOST_FAULTS:
        # To list them takes time and memory.
        return f"{count} faults, such as fields that are not known"
    found = error.errors(include_input=False, include_url=False, include_context=False)
    said = [f"{'.'.join(map(str, each['loc'])) or 'body'}: {each['msg']}" for each in found[:most]]
    return "; ".join(said) + (f" (and {len(found) - most} more)" if len(found) > most else "")


def example(*examples: Json) -> ConfigDict:
    """The configuration of a wire type that shows itself."""
    return ConfigDict(json_schema_extra={"examples": list(examples)})


def _printable(text: str) -> str:
    if not text.isprintable():
        raise ValueError("give one line of printable characters")
    return text


Printable = Annotated[str, AfterValidator(_printable)]


class ScoreProblem(Frozen):
    """What a judge needs of a problem. A whole `verifiers.types.Problem` is valid here; tags are ignored."""

    model_config = example(ITEM["problem"])

    verifier: str = "math"
    reference: Json
    id: str | None = Field(default=None, max_length=4096)
    # The first fault of a list ends it: a small body could have millions.
    prompt: str | Annotated[tuple[Message, ...], Field(fail_fast=True)] | None = None
    tags: tuple[str, ...] = Field(default=(), fail_fast=True)


class ScoredCompletion(Frozen):
    """The text to judge and why it ended: `stop`, `length` (cut off) or `abort` (masked, not judged)."""

    model_config = example(ITEM["completion"])

    text: Annotated[str, AfterValidator(surrogates.replaced)]
    finish_reason: FinishReason = "stop"


class Labels(Frozen):
    """Where in a training run an answer comes from, for whoever looks at the run later. No judge sees it.

    `family` is what rewards are told apart by (without it the judge's name), `group` names the answers to one prompt
    within a step, `sample` numbers them. The same (run, step, family, group, sample) sent again is the same sample.
    """

    model_config = example(LABELS)

    run: Printable = Field(min_length=1, max_length=200)
    step: int | None = Field(default=None, ge=0, lt=2**31)
    family: Printable | None = Field(default=None, min_length=1, max_length=100)
    group: Printable | None = Field(default=None, min_length=1, max_length=200)
    sample: int | None = Field(default=None, ge=0, lt=2**31)
    problem: Printable | None = Field(default=None, min_length=1, max_length=512)


class ScoreItem(Frozen):
    """One answer to score, to a problem that comes with it or to one registered before (`problem_id`).

    `id` is given back and must be unique within a request. `labels` say where in a run it stands: one sample, or all
    that gave this same answer to this problem.
    """

    model_config = example(ITEM)

    id: str = Field(max_length=512)
    problem: ScoreProblem | None = None
    problem_id: str | None = None
    completion: ScoredCompletion
    labels: (
        Annotated[
            Annotated[Labels, Tag("one")]
            | Annotated[tuple[Labels, ...], Field(fail_fast=True, max_length=4096), Tag("several")],
            Discriminator(lambda given: "several" if isinstance(given, list | tuple) else "one"),
        ]
        | None
    ) = None

    @property
    def samples(self) -> tuple[Labels, ...]:
        """The labels of each sample."""
        return () if self.labels is None else self.labels if isinstance(self.labels, tuple) else (self.labels,)

    @model_validator(mode="after")
    def _names_one_problem(self) -> ScoreItem:
        if (self.problem is None) == (self.problem_id is None):
            raise ValueError("give either problem or problem_id")
        return self


class ScoreRequest(Frozen):
    """Body of `POST /v1/score`."""

    model_config = example({"items": [ITEM]})

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

    model_config = example({"id": "a", "verdict": VERDICT, "verdict_id": ID})

    id: str
    verdict: Verdict
    verdict_id: str | None = None


class ScoreResponse(Frozen):
    """Answer of `POST /v1/score`: one result per item, in order, and the version of every verifier that was used."""

    model_config = example(
        {
            "results": [{"id": "a", "verdict": VERDICT, "verdict_id": ID}],
            "verifier_versions": {"math": "0123456789abcdef"},
        }
    )

    results: tuple[ScoreResult, ...]
    verifier_versions: dict[str, str]


class RegisterRequest(Frozen):
    """Body of `POST /v1/problems`."""

    model_config = example({"problems": [ITEM["problem"] | {"id": "sum-1", "prompt": "What is 6*7?"}]})

    problems: tuple[ScoreProblem, ...] = Field(fail_fast=True, min_length=1)


class Registered(Frozen):
    """One registered problem. `unjudgeable` says why no answer to it can be judged; such a problem is not kept."""

    model_config = example({"problem_id": "p0123456789abcdef0123456789abcdef", "id": "sum-1", "unjudgeable": None})

    problem_id: str | None
    id: str | None
    unjudgeable: str | None = None


class RegisterResponse(Frozen):
    """Answer of `POST /v1/problems`, in order. The same problem always gets the same id."""

    model_config = example({"problems": [{"problem_id": "p0123456789abcdef0123456789abcdef", "id": "sum-1"}]})

    problems: tuple[Registered, ...]


class VerifierInfo(Frozen):
    """One entry of `GET /v1/verifiers`. `options` is the JSON schema of a reference, where the judge has one."""

    model_config = example({"name": "math", "version": "0123456789abcdef", "limit_seconds": 5.0, "options": None})

    name: str
    version: str
    limit_seconds: float
    options: Json | None = None


class VerifierList(Frozen):
    """Answer of `GET /v1/verifiers`: what may be named as verifier, and how fast the judges are at worst.

    `user_functions` are those the service was started with. `workers` judge side by side, each within
    `limit_seconds` of its verifier for one try at an answer.
    """

    model_config = example(
        {"verifiers": [], "user_functions": [], "workers": 2, "deadline_seconds": 5.0, "limits": {"max_items": 1024}}
    )

    verifiers: tuple[VerifierInfo, ...]
    user_functions: tuple[str, ...]
    workers: int
    deadline_seconds: float
    limits: dict[str, float]


class Health(Frozen):
    """Answer of `GET /healthz` and `GET /readyz`."""

    model_config = example({"status": "ok", "workers": 2})

    status: Literal["ok"]
    workers: int


class Problematic(Frozen):
    """Body of every error: what is wrong and what to do about it."""

    model_config = example({"detail": "1025 items: send at most 1024 in one request", "request_id": ID})

    detail: str
    request_id: str = ""
