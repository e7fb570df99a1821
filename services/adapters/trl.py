"""TRL's `reward_funcs` from a reward service.

    from services.adapters.trl import reward_function
    trainer = GRPOTrainer(..., reward_funcs=reward_function(reference="answer"))

The wire is TRL's: `f(prompts, completions, completion_ids, **columns) -> list[float | None]`. None is a judge that
failed, which TRL leaves out of the reward and of the group's baseline.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable, Collection, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

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
        run: samples are labelled with it, TRL's step and a group for each prompt, for the page of runs; a column
            `family` tells their rewards apart there.

    Raises ValueError for a column that is not there or a label that is no problem, RewardServiceError as the client.
    """
    read = _Reader(verifier, reference, frozenset(eos_token_ids), run)
    return _named(functools.partial(_reward, read, url, key, deadline_seconds), verifier)


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
    read = _Reader(verifier, reference, frozenset(eos_token_ids), run)
    return _named(functools.partial(_async_reward, read, url, key, deadline_seconds), verifier)


@dataclass(frozen=True, slots=True)
class _Reader:
    """From what TRL hands over to items of the API; the attributes are arguments of `reward_function`."""

    verifier: str
    reference: str
    eos_token_ids: frozenset[int]
    run: str = ""

    def items(
        self, completions: Sequence[str | Sequence[Json]], completion_ids: Sequence[Sequence[int]] | None, columns: Json
    ) -> list[ScoreItem]:
        """One item for each completion. Raises ValueError."""
        if self.reference not in columns:
            known = ", ".join(sorted(columns)) or "none"
            raise ValueError(
                f"the data set has no column {self.reference!r} (it has {known}): name it with reference=..."
            )
        labels, judges = columns[self.reference], columns.get("verifier", [self.verifier] * len(completions))
        items = []
        for number, completion in enumerate(completions):
            reason: FinishReason = "stop"
            if (
                self.eos_token_ids
                and completion_ids is not None
                and self.eos_token_ids.isdisjoint(completion_ids[number])
            ):
                reason = "length"
            prompt = _prompt(columns["prompts"][number]) if self.run and "prompts" in columns else None
            item = item_of(
                number, labels[number], judges[number], _text(completion), prompt=prompt, finish_reason=reason
            )
            items.append(item.model_copy(update={"labels": self._place(number, prompt, columns)}) if self.run else item)
        return items

    def _place(self, number: int, prompt: str | None, columns: Json) -> Labels:
        """Where in the run a completion stands; without a number, as other processes may have answers to its prompt."""
        state, families = columns.get("trainer_state"), columns.get("family")
        return Labels(
            run=self.run,
            step=None if state is None else int(state.global_step),
            family=None if families is None else str(families[number]),
            group=None if prompt is None else hashlib.sha256(prompt.encode("utf-8", "replace")).hexdigest()[:12],
        )


def _reward(
    read: _Reader,
    url: str,
    key: str,
    deadline_seconds: float | None,
    /,
    completions: Sequence[Any],
    completion_ids: Any = None,
    **columns: Any,
) -> Rewards:
    items = read.items(completions, completion_ids, columns)
    # The client is not kept here: a trainer may pickle the function or fork.
    return _rewards(shared_client(url, key).score(items, deadline_seconds=deadline_seconds))


async def _async_reward(
    read: _Reader,
    url: str,
    key: str,
    deadline_seconds: float | None,
    /,
    completions: Sequence[Any],
    completion_ids: Any = None,
    **columns: Any,
) -> Rewards:
    items = read.items(completions, completion_ids, columns)
    client = await shared_async_client(url, key)
    return _rewards(await client.score(items, deadline_seconds=deadline_seconds))


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


def _prompt(prompt: str | Sequence[Json]) -> str:
    """As one text."""
    if isinstance(prompt, str):
        return prompt
    return "\n\n".join(f"{message.get('role')}: {message.get('content')}" for message in prompt)


def _rewards(verdicts: Sequence[Verdict]) -> Rewards:
    return [None if verdict.mask_sample else verdict.reward for verdict in verdicts]
