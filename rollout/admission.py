"""What every engine checks before it samples, so that a bad request fails alike on all of them."""

from __future__ import annotations

from collections.abc import Sequence

from rollout.types import Request

SEED_MASK = 2**63 - 1
"""Seeds are taken modulo 2**63: vLLM reads -1 as "no seed" and torch refuses wider ones."""


def admit(requests: Sequence[Request], max_model_len: int) -> list[int]:
    """New tokens each request may have: its `max_tokens`, or less where prompt + completion would pass the context.

    Raises:
        ValueError: an empty prompt, one that leaves no room for a token, or `max_tokens` or temperature out of range.
    """
    budgets = []
    for request in requests:
        length = len(request.prompt_ids)
        if length == 0:
            raise ValueError(f"request {request.id!r}: the prompt is empty: start it with a token (e.g. BOS)")
        if length >= max_model_len:
            raise ValueError(
                f"request {request.id!r}: a prompt of {length} tokens leaves no room in a context of "
                f"{max_model_len}: shorten it or raise model.context"
            )
        if request.max_tokens < 1:
            raise ValueError(f"request {request.id!r}: max_tokens is {request.max_tokens}: ask for at least 1")
        if request.temperature < 0:
            raise ValueError(f"request {request.id!r}: temperature {request.temperature} is negative: use 0 for greedy")
        budgets.append(min(request.max_tokens, max_model_len - length))
    return budgets


def admit_sequences(sequences: Sequence[Sequence[int]], max_model_len: int) -> None:
    """Raises ValueError for a sequence to score or trace that is empty or longer than the context."""
    for index, sequence in enumerate(sequences):
        if not 0 < len(sequence) <= max_model_len:
            raise ValueError(f"sequence {index} has {len(sequence)} tokens: give 1 to {max_model_len} (model.context)")


def continuations(sequences: Sequence[Sequence[int]], max_tokens: int) -> list[Request]:
    """Greedy requests that go on behind each sequence."""
    return [
        Request(id=str(number), prompt_ids=tuple(sequence), max_tokens=max_tokens, temperature=0.0)
        for number, sequence in enumerate(sequences)
    ]
