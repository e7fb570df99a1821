"""TRL's `reward_funcs` from a reward service.

    from services.adapters.trl import reward_function
    trainer = GRPOTrainer(..., reward_funcs=reward_function(reference="answer"))

The wire is TRL's: `f(prompts, completions, completion_ids, **columns) -> list[float | None]`. None is a judge that
failed, which TRL leaves out of the reward and of the group's baseline.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Coroutine, Sequence
from typing import Any

from services.adapters.items import item_of, text_of
from services.client import DEFAULT_URL, KEY_SETTING, URL_SETTING, AsyncRewardClient, RewardClient
from services.schemas import ScoreItem
from verifiers.types import FinishReason, Json, Verdict

Rewards = list[float | None]


def reward_function(
    url: str = "",
    *,
    key: str = "",
    verifier: str = "math",
    reference: str = "answer",
    eos_token_ids: Collection[int] = (),
    deadline_seconds: float | None = None,
) -> Callable[..., Rewards]:
    """A reward function that waits for its verdicts.

    Args:
        url, key: of the service; from RLCORE_REWARD_URL and RLCORE_REWARD_KEY where they are empty.
        verifier: the judge; a column `verifier` of the data set goes before it.
        reference: the column with the expected answer, or with the judge's reference (a dict or JSON), see
            `services.adapters.items.problem_of`.
        eos_token_ids: a completion whose ids hold none of these was cut off. Without them every completion counts as
            finished, and one that was cut off may be judged wrong instead of truncated; both are 0.
        deadline_seconds: after which a verdict is None.

    Raises ValueError for a column that is not there, RewardServiceError as the client does.
    """
    # Not before it is called: a trainer may pickle the function and send it to another process.
    clients: list[RewardClient] = []

    def reward(completions: Sequence[Any], completion_ids: Any = None, **columns: Any) -> Rewards:
        items = _items(completions, completion_ids, columns, verifier, reference, eos_token_ids)
        if not clients:
            clients.append(RewardClient([_url(url)], key=_key(key)))
        return _rewards(clients[0].score(items, deadline_seconds=deadline_seconds))

    reward.__name__ = f"{verifier}_reward"
    return reward


def async_reward_function(
    url: str = "",
    *,
    key: str = "",
    verifier: str = "math",
    reference: str = "answer",
    eos_token_ids: Collection[int] = (),
    deadline_seconds: float | None = None,
) -> Callable[..., Coroutine[Any, Any, Rewards]]:
    """As `reward_function`, for TRL to await: several reward functions then wait at the same time."""

    async def reward(completions: Sequence[Any], completion_ids: Any = None, **columns: Any) -> Rewards:
        items = _items(completions, completion_ids, columns, verifier, reference, eos_token_ids)
        # Its connections belong to the event loop that runs now.
        async with AsyncRewardClient([_url(url)], key=_key(key)) as client:
            return _rewards(await client.score(items, deadline_seconds=deadline_seconds))

    reward.__name__ = f"{verifier}_reward"
    return reward


def _items(
    completions: Sequence[str | Sequence[Json]],
    completion_ids: Sequence[Sequence[int]] | None,
    columns: Json,
    verifier: str,
    reference: str,
    eos_token_ids: Collection[int],
) -> list[ScoreItem]:
    if reference not in columns:
        known = ", ".join(sorted(columns)) or "none"
        raise ValueError(f"the data set has no column {reference!r} (it has {known}): name it with reference=...")
    references, judges = columns[reference], columns.get("verifier", [verifier] * len(completions))
    items = []
    for number, completion in enumerate(completions):
        reason: FinishReason = "stop"
        if eos_token_ids and completion_ids is not None and not set(eos_token_ids) & set(completion_ids[number]):
            reason = "length"
        items.append(item_of(number, text_of(completion), reason, references[number], judges[number]))
    return items


def _rewards(verdicts: Sequence[Verdict]) -> Rewards:
    return [None if verdict.mask_sample else verdict.reward for verdict in verdicts]


def _url(url: str) -> str:
    return url or os.environ.get(URL_SETTING, DEFAULT_URL)


def _key(key: str) -> str:
    return key or os.environ.get(KEY_SETTING, "")
