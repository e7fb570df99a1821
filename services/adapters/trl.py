"""TRL's `reward_funcs` from a reward service.

    from services.adapters.trl import reward_function
    trainer = GRPOTrainer(..., reward_funcs=reward_function(reference="answer"))

The wire is TRL's: `f(prompts=, completions=, completion_ids=, trainer_state=, **columns) -> list[float | None]`. None
is a judge that failed, which TRL leaves out of the reward and of the group's baseline.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from services.adapters.run_labels import groups_of, labels_of
from services.client import shared_async_client, shared_client
from services.labels import item_of
from services.schemas import Labels, ScoreItem
from verifiers.types import FinishReason, Json, Verdict

Rewards = list[float | None]
_Returned = TypeVar("_Returned")


def reward_function(
    url: str = "",
    *,
    key: str = "",
    deadline_seconds: float | None = None,
    verifier: str = "math",
    reference: str = "answer",
    eos_token_ids: Collection[int] = (),
    run: str = "",
) -> Callable[..., Rewards]:
    """A reward function that waits for its verdicts. It can be pickled, the key with it where one is given here.

    Args:
        url, key: of the service; from RLCORE_REWARD_URL and RLCORE_REWARD_KEY where they are empty.
        deadline_seconds: after which a verdict is None.
        verifier: the judge; a column `verifier` of the data set goes before it.
        reference: the column with the expected answers, or with the judge's references (`services.labels`).
        eos_token_ids: a completion whose ids hold none of these was cut off. Without them every completion counts as
            finished, and one that was cut off may be judged wrong instead of truncated; both are 0.
        run: the name under which the service lists the samples, with the trainer's step, the answers to one prompt as
            a group, and the column `family` where there is one; from RLCORE_REWARD_RUN where it is empty.

    Raises ValueError for a column that is not there or a label that is no problem, RewardServiceError as the client.
    """
    asks = _Asks(url, key, deadline_seconds, verifier, reference, frozenset(eos_token_ids), run)
    return _named(functools.partial(_reward, asks), verifier)


def async_reward_function(
    url: str = "",
    *,
    key: str = "",
    deadline_seconds: float | None = None,
    verifier: str = "math",
    reference: str = "answer",
    eos_token_ids: Collection[int] = (),
    run: str = "",
) -> Callable[..., Coroutine[Any, Any, Rewards]]:
    """As `reward_function`, for TRL to await: several reward functions then wait at the same time."""
    asks = _Asks(url, key, deadline_seconds, verifier, reference, frozenset(eos_token_ids), run)
    return _named(functools.partial(_async_reward, asks), verifier)


@dataclass(frozen=True, slots=True)
class _Asks:
    """What is asked of which service; the attributes are arguments of `reward_function`."""

    url: str
    key: str
    deadline_seconds: float | None
    verifier: str
    reference: str
    eos_token_ids: frozenset[int]
    run: str

    def items(
        self,
        *,
        completions: Sequence[str | Sequence[Json]],
        completion_ids: Sequence[Sequence[int]] | None = None,
        prompts: Sequence[Any] = (),
        trainer_state: Any = None,
        **columns: Any,
    ) -> list[ScoreItem]:
        """One for each completion, from what TRL hands over. Raises ValueError."""
        if self.reference not in columns:
            known = ", ".join(sorted(columns)) or "none"
            raise ValueError(
                f"the data set has no column {self.reference!r} (it has {known}): name it with reference=..."
            )
        count = len(completions)
        expected, judges = columns[self.reference], columns.get("verifier", [self.verifier] * count)
        places = self._labels(count, prompts, getattr(trainer_state, "global_step", None), columns.get("family"))
        return [
            item_of(
                number,
                expected[number],
                judges[number],
                _text(completion),
                finish_reason=self._reason(None if completion_ids is None else completion_ids[number]),
                labels=places[number],
            )
            for number, completion in enumerate(completions)
        ]

    def _labels(
        self, count: int, prompts: Sequence[Any], step: int | None, families: Sequence[Any] | None
    ) -> list[Labels | None]:
        groups: Sequence[tuple[str | None, int | None]] = groups_of(prompts) if prompts else [(None, None)] * count
        return [
            labels_of(
                self.run, step=step, family=None if families is None else families[number], group=group, sample=sample
            )
            for number, (group, sample) in enumerate(groups)
        ]

    def _reason(self, ids: Sequence[int] | None) -> FinishReason:
        return "length" if self.eos_token_ids and ids is not None and self.eos_token_ids.isdisjoint(ids) else "stop"


# The clients are not kept in the functions: a trainer may pickle them or fork.
def _reward(asks: _Asks, /, **given: Any) -> Rewards:
    client = shared_client(asks.url, asks.key)
    return _rewards(client.score(asks.items(**given), deadline_seconds=asks.deadline_seconds))


async def _async_reward(asks: _Asks, /, **given: Any) -> Rewards:
    client = await shared_async_client(asks.url, asks.key)
    return _rewards(await client.score(asks.items(**given), deadline_seconds=asks.deadline_seconds))


def _named(function: functools.partial[_Returned], verifier: str) -> functools.partial[_Returned]:
    """With the name under which TRL logs it; it goes along when the function is pickled."""
    vars(function)["__name__"] = f"{verifier}_reward"
    return function


def _text(completion: str | Sequence[Json]) -> str:
    """A completion's text: itself, or what the assistant says in a conversation."""
    if isinstance(completion, str):
        return completion
    parts: list[str] = []
    for message in completion:
        content = message.get("content") or ""
        if message.get("role") == "assistant":
            parts += [content] if isinstance(content, str) else [part["text"] for part in content if "text" in part]
    return "".join(parts)


def _rewards(verdicts: Sequence[Verdict]) -> Rewards:
    return [None if verdict.mask_sample else verdict.reward for verdict in verdicts]
