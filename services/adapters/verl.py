"""verl's `compute_score` from a reward service.

    reward.custom_reward_function.path=.../services/adapters/verl.py  reward.custom_reward_function.name=compute_score

verl has no word for a judge that failed. So the answer is sent again until it is judged; where that cannot help, the
run ends (`services.adapters.no_score`): never a zero. Every result has the same keys, since verl loses sparse ones.
"""

from __future__ import annotations

from typing import Any

from services.adapters.no_score import ending
from services.adapters.run_labels import labels_of
from services.client import RewardServiceError, shared_async_client, shared_client
from services.labels import item_of
from services.schemas import ScoreItem, ScoreResult
from verifiers.types import FinishReason

_TRIES = 5


def compute_score(
    data_source: str,
    solution_str: str,
    ground_truth: Any,
    extra_info: dict[str, Any] | None = None,
    *,
    url: str = "",
    key: str = "",
    verifier: str = "math",
    run: str = "",
    **_: Any,
) -> dict[str, Any]:
    """The score and why, for one answer.

    Args:
        data_source: verl's name of the data set; no judge sees it.
        ground_truth: the expected answer, or the judge's reference (`services.labels`).
        extra_info: `verifier` and `finish_reason` are taken from it where they are there.
        url, key, verifier: as `services.adapters.trl.reward_function`; verl hands them over from `reward_kwargs`.
        run: the name under which the service lists the samples, by `data_source`, and by `index` of `extra_info`, which
            verl's data sets have for their prompts; from RLCORE_REWARD_RUN where it is empty.

    Returns `{"score", "acc", "status", "extracted", "detail", "verdict_id"}`. Raises NoScore.
    """
    with ending():
        item = _item(solution_str, ground_truth, extra_info, verifier, run, data_source)
        return _score(shared_client(url, key).results([item], tries=_TRIES)[0])


async def compute_score_async(
    data_source: str,
    solution_str: str,
    ground_truth: Any,
    extra_info: dict[str, Any] | None = None,
    *,
    url: str = "",
    key: str = "",
    verifier: str = "math",
    run: str = "",
    **_: Any,
) -> dict[str, Any]:
    """As `compute_score`, for verl's reward loop to await."""
    with ending():
        item = _item(solution_str, ground_truth, extra_info, verifier, run, data_source)
        client = await shared_async_client(url, key)
        return _score((await client.results([item], tries=_TRIES))[0])


def _item(
    text: str, ground_truth: Any, extra_info: dict[str, Any] | None, verifier: str, run: str, data_source: str
) -> ScoreItem:
    extra = extra_info or {}
    reason: FinishReason = "length" if extra.get("finish_reason") == "length" else "stop"
    labels = labels_of(run, family=data_source, group=extra.get("index"))
    return item_of(0, ground_truth, str(extra.get("verifier", verifier)), text, finish_reason=reason, labels=labels)


def _score(result: ScoreResult) -> dict[str, Any]:
    verdict = result.verdict
    if verdict.reward is None:
        raise RewardServiceError(
            f"the judge failed, which is no zero: {verdict.failure_kind}: {verdict.failure_reason}"
        )
    return {
        "score": verdict.reward,
        "acc": float(verdict.reward == 1.0),
        "status": verdict.status.value,
        "extracted": verdict.extracted or "",
        "detail": verdict.detail,
        "verdict_id": result.verdict_id or "",
    }
