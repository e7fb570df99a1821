"""The wire types of what is stored: verdicts with their inputs, lists of them, runs, and what is judged again."""

from __future__ import annotations

from pydantic import Field

from services.schemas import ID, ITEM, LABELS, VERDICT, Labels, ScoredCompletion, example
from verifiers.types import Frozen, Json, Status, Verdict


class Explanation(Frozen):
    """Why a verdict is what it is, for a person who has not read the code."""

    model_config = example(
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

    `reference` is there for keys with the scope `privileged-why` only. `labels` are those of every sample of a run that
    has this verdict, the newest first, 64 at most: equal answers share one.
    """

    model_config = example(
        {
            "verdict_id": ID,
            "judged_at": 1_790_000_000.0,
            "verdict": VERDICT,
            "explanation": {"headline": "Right.", "why": "The answer read was `42`.", "remedy": ""},
            "problem_id": "p0123456789abcdef0123456789abcdef",
            "prompt": "What is 6*7?",
            "completion": ITEM["completion"],
            "reference": None,
            "rescored": None,
            "labels": [LABELS],
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
    labels: tuple[Labels, ...] = ()


class ListedVerdict(Frozen):
    """One line of a list. `excerpt` is the beginning of the completion, `labels` where in a run it stands."""

    model_config = example(
        {
            "verdict_id": ID,
            "judged_at": 1_790_000_000.0,
            "verifier": "math",
            "verifier_version": VERDICT["verifier_version"],
            "status": "correct",
            "reward": 1.0,
            "seconds": 0.0004,
            "problem": "sum-1",
            "tenant": "local",
            "excerpt": ITEM["completion"]["text"],
            "labels": LABELS,
        }
    )

    verdict_id: str
    judged_at: float
    verifier: str
    verifier_version: str
    status: Status
    reward: float | None
    seconds: float
    problem: str | None
    tenant: str
    excerpt: str
    labels: Labels | None


class VerdictPage(Frozen):
    """Answer of `GET /v1/verdicts`, the newest first. `cursor` gives the next page; null: this was the last one.

    A page may have fewer lines than were asked for, and even none, where the search for them took long.
    """

    model_config = example({"verdicts": [], "cursor": None})

    verdicts: tuple[ListedVerdict, ...]
    cursor: str | None


class RunInfo(Frozen):
    """One run. `steps` is the highest step that was seen, `masked` the samples at which the judge failed.

    `reward` is the mean over its samples that have one, null where none has.
    """

    model_config = example(
        {
            "run": "demo",
            "tenant": "local",
            "last_at": 1_790_000_000.0,
            "steps": 30,
            "families": ["code", "math"],
            "samples": 3840,
            "masked": 0,
            "reward": 0.5,
        }
    )

    run: str
    tenant: str
    last_at: float
    steps: int | None
    families: tuple[str, ...]
    samples: int
    masked: int
    reward: float | None


class RunList(Frozen):
    """Answer of `GET /v1/runs`, the one that was judged last first."""

    model_config = example({"runs": []})

    runs: tuple[RunInfo, ...]


class RescoreRequest(Frozen):
    """Body of `POST /v1/rescore`: stored samples by their ids, or the newest ones that fit."""

    model_config = example({"verdict_ids": [ID]}, {"verifier": "math", "status": "wrong", "limit": 100})

    verdict_ids: tuple[str, ...] = Field(fail_fast=True, default=(), max_length=1024)
    verifier: str | None = None
    status: str | None = None
    limit: int = Field(default=100, ge=1, le=1024)


class Rescored(Frozen):
    """One sample before and now."""

    model_config = example({"verdict_id": ID, "before": VERDICT, "now": VERDICT, "now_id": ID, "changed": False})

    verdict_id: str
    before: Verdict
    now: Verdict
    now_id: str | None
    changed: bool


class RescoreResponse(Frozen):
    """Answer of `POST /v1/rescore`: `changed` have another status or reward than before."""

    model_config = example({"results": [], "judged": 0, "changed": 0})

    results: tuple[Rescored, ...]
    judged: int
    changed: int
