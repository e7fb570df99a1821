"""What flows through a rollout engine. Frozen, JSON in and out."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

FinishReason = Literal["stop", "length", "abort"]


class Frozen(BaseModel):
    """Base of the contract types: immutable, an unknown field is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Request(Frozen):
    """One completion to sample.

    Attributes:
        id: given back with the completion; unique within a call.
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


class Completion(Frozen):
    """One sampled answer. Token ids are kept and never re-made from text.

    Attributes:
        id: of the request.
        text: the decoded new tokens, without special tokens.
        token_ids: the new tokens (`_T`), the end-of-sequence token included when it was sampled.
        logprobs: (`_T`) log-probabilities of the sampled tokens in nats, after temperature.
        policy_versions: (`_T`) the weights version that sampled each token.
        finish_reason: `stop` (end of sequence), `length` (max_tokens) or `abort`.
        routed_experts: (`_T`, layers, top-k) expert ids, where the engine gives them.
    """

    id: str
    text: str
    token_ids: tuple[int, ...]
    logprobs: tuple[float, ...]
    policy_versions: tuple[int, ...]
    finish_reason: FinishReason
    routed_experts: tuple[tuple[tuple[int, ...], ...], ...] | None = None
