"""verl's `compute_score` from a reward service.

    reward.custom_reward_function.path=.../services/adapters/verl.py  reward.custom_reward_function.name=compute_score

verl has no word for a judge that failed. So the answer is sent again until it is judged; where that cannot help, an
error is raised, which ends the run: never a zero. Every result has the same keys, since verl loses sparse ones.
"""

from __future__ import annotations

import functools
import os
from typing import Any

from services.adapters.items import item_of
from services.client import (
    DEFAULT_URL,
    KEY_SETTING,
    URL_SETTING,
    AsyncRewardClient,
    RewardClient,
    RewardServiceError,
)
from services.schemas import ScoreItem, ScoreResult
from verifiers.types import FinishReason

_TRIES = 5
# These do not get better.
_FINAL = frozenset({"bad_reference", "unknown_verifier", "user_function", "no_lean", "no_compiler", "aborted"})


def compute_score(
    data_source: str,
    solution_str: str,
    ground_truth: Any,
    extra_info: dict[str, Any] | None = None,
    *,
    url: str = "",
    key: str = "",
    verifier: str = "math",
    **_: Any,
) -> dict[str, Any]:
    """The score and why, for one answer.

    Args:
        data_source: verl's name of the data set; not used.
        ground_truth: the expected answer, or the judge's reference (see `services.adapters.items.problem_of`).
        extra_info: `verifier` and `finish_reason` are taken from it where they are there.
        url, key, verifier: as `services.adapters.trl.reward_function`; verl hands them over from `reward_kwargs`.

    Returns `{"score", "acc", "status", "extracted", "detail", "verdict_id"}`. Raises RewardServiceError.
    """
    url, key = url or os.environ.get(URL_SETTING, DEFAULT_URL), key or os.environ.get(KEY_SETTING, "")
    client = _client(os.getpid(), url, key)
    item = _item(solution_str, ground_truth, extra_info, verifier)
    for _try in range(_TRIES):
        result = client.results([item])[0]
        if not result.verdict.mask_sample or result.verdict.failure_kind in _FINAL:
            break
    return _score(result)


async def compute_score_async(
    data_source: str,
    solution_str: str,
    ground_truth: Any,
    extra_info: dict[str, Any] | None = None,
    *,
    url: str = "",
    key: str = "",
    verifier: str = "math",
    **_: Any,
) -> dict[str, Any]:
    """As `compute_score`, for verl's reward loop to await."""
    url, key = url or os.environ.get(URL_SETTING, DEFAULT_URL), key or os.environ.get(KEY_SETTING, "")
    item = _item(solution_str, ground_truth, extra_info, verifier)
    async with AsyncRewardClient([url], key=key) as client:
        for _try in range(_TRIES):
            result = (await client.results([item]))[0]
            if not result.verdict.mask_sample or result.verdict.failure_kind in _FINAL:
                break
    return _score(result)


@functools.cache
def _client(process: int, url: str, key: str) -> RewardClient:
    """One for each process: a fork does not take the client's thread along."""
    return RewardClient([url], key=key)


def _item(text: str, ground_truth: Any, extra_info: dict[str, Any] | None, verifier: str) -> ScoreItem:
    extra = extra_info or {}
    reason: FinishReason = "length" if extra.get("finish_reason") == "length" else "stop"
    return item_of(0, text, reason, ground_truth, str(extra.get("verifier", verifier)))


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
