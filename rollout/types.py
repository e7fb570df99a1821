"""What flows through a rollout engine. Frozen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

FinishReason = Literal["stop", "length", "abort"]


class Frozen(BaseModel):
    """Base of the contract types: immutable, an unknown field is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Request(Frozen):
    """One completion to sample.

    Attributes:
        id: given back with the completion; unique among those an engine has in flight.
        prompt_ids: the prompt as token ids (`_T`); never empty.
        max_tokens: at most this many new tokens.
        temperature: 0 is greedy. `top_p`, `top_k` stay off: the learner's log-probs are of the whole softmax.
        seed: the sample is a function of (weights, prompt_ids, temperature, seed) alone.
    """

    id: str
    prompt_ids: tuple[int, ...]
    max_tokens: int
    temperature: float = 1.0
    seed: int = 0


@dataclass(frozen=True, eq=False)
class Completion:
    """One sampled answer. Token ids are kept and never re-made from text.

    Attributes:
        id: of the request.
        text: the decoded new tokens, without special tokens.
        token_ids: (`_T`) int32, the new tokens, the end-of-sequence token included when it was sampled.
        logprobs: (`_T`) float32, log-probabilities of the sampled tokens in nats, after temperature.
        policy_versions: (`_T`) int32, the weights version that sampled each token.
        finish_reason: `stop` (end of sequence), `length` (max_tokens) or `abort`.
        routed_experts: (`_T`, layers, top-k) expert ids, where the engine gives them.
    """

    id: str
    text: str
    token_ids: NDArray[np.int32]
    logprobs: NDArray[np.float32]
    policy_versions: NDArray[np.int32]
    finish_reason: FinishReason
    routed_experts: NDArray[np.int16] | None = None

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Completion):
            return NotImplemented
        pairs = [(getattr(self, each.name), getattr(other, each.name)) for each in fields(self)]
        return all(np.array_equal(a, b) if isinstance(a, np.ndarray) else a == b for a, b in pairs)


def completion(
    identity: str,
    text: str,
    token_ids: Sequence[int],
    logprobs: Sequence[float],
    *,
    version: int,
    finish_reason: FinishReason,
) -> Completion:
    """A completion whose tokens were all sampled by one version of the weights."""
    return Completion(
        id=identity,
        text=text,
        token_ids=np.asarray(token_ids, dtype=np.int32),
        logprobs=np.asarray(logprobs, dtype=np.float32),
        policy_versions=np.full(len(token_ids), version, dtype=np.int32),
        finish_reason=finish_reason,
    )
