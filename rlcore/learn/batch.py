"""Sequences into packed rows: what a learner rank receives."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from rlcore.learn.packing import pack


@dataclass(frozen=True)
class TrainSequence:
    """One sequence to learn from.

    Attributes:
        ids: prompt and completion (`_T`).
        prompt_length: tokens at the front that are not learnt; at least 1 (the first token has no predecessor).
        advantage: one number for the sequence, or one per completion token (step rewards).
        rollout_logp: the sampler's log-probs of the completion tokens, for the mismatch metrics.
    """

    ids: Sequence[int] | NDArray[np.int32]
    prompt_length: int
    advantage: float | Sequence[float] = 0.0
    rollout_logp: Sequence[float] | NDArray[np.float32] | None = None


@dataclass
class PackedRows:
    """Packed rows (`_RT` each); row r holds whole sequences one after the other, then padding.

    Attributes:
        ids, positions: int64; positions restart at 0 with every sequence (and with the padding).
        mask: True where the token is in the loss.
        real: False on padding.
        sequence: index of the sequence within these rows, 0 on padding.
        advantage, rollout_logp, old_logp: float32, zero outside the mask. `old_logp` is None until computed.
    """

    ids: Tensor
    positions: Tensor
    mask: Tensor
    real: Tensor
    sequence: Tensor
    advantage: Tensor
    rollout_logp: Tensor
    old_logp: Tensor | None = None

    def __len__(self) -> int:
        return self.ids.shape[0]

    def map(self, function: Callable[[Tensor], Tensor]) -> PackedRows:
        """The rows with `function` applied to every tensor."""
        changed: dict[str, Any] = {name: None if v is None else function(v) for name, v in vars(self).items()}
        return PackedRows(**changed)

    def slice(self, rows: slice | Tensor) -> PackedRows:
        """The rows of a slice or an index."""
        return self.map(lambda value: value[rows])

    @property
    def num_tokens(self) -> int:
        """Tokens in the loss."""
        return int(self.mask.sum())

    @property
    def num_sequences(self) -> int:
        """Sequences with at least one token in the loss."""
        return self.sequence[self.mask].unique().numel()


def pack_rows(sequences: Sequence[TrainSequence], row_tokens: int) -> PackedRows:
    """Pack whole sequences into rows of `row_tokens`; ValueError names one that is too long."""
    plan = pack([len(sequence.ids) for sequence in sequences], row_tokens)
    rows = _empty_rows(len(plan), row_tokens)
    for row, members in enumerate(plan):
        offset = 0
        for index in members:
            _place(rows, row, offset, index, sequences[index])
            offset += len(sequences[index].ids)
        rows.positions[row, offset:] = torch.arange(row_tokens - offset)
    return rows


def _empty_rows(count: int, row_tokens: int) -> PackedRows:
    shape = (count, row_tokens)
    whole = {name: torch.zeros(shape, dtype=torch.int64) for name in ("ids", "positions", "sequence")}
    flags = {name: torch.zeros(shape, dtype=torch.bool) for name in ("mask", "real")}
    return PackedRows(**whole, **flags, advantage=torch.zeros(shape), rollout_logp=torch.zeros(shape))


def _place(rows: PackedRows, row: int, offset: int, index: int, sequence: TrainSequence) -> None:
    length, prompt = len(sequence.ids), sequence.prompt_length
    if not 1 <= prompt <= length:
        raise ValueError(f"sequence {index}: prompt_length {prompt} is outside 1..{length}")
    end, answer = offset + length, offset + prompt
    rows.ids[row, offset:end] = torch.as_tensor(sequence.ids)
    rows.positions[row, offset:end] = torch.arange(length)
    rows.real[row, offset:end] = True
    rows.sequence[row, offset:end] = index
    rows.mask[row, answer:end] = True
    rows.advantage[row, answer:end] = torch.as_tensor(sequence.advantage)
    if sequence.rollout_logp is not None:
        rows.rollout_logp[row, answer:end] = torch.as_tensor(sequence.rollout_logp)


def shard(rows: PackedRows, ranks: int, *, multiple: int) -> list[PackedRows]:
    """Deal rows out to ranks in turn; every rank gets as many, a multiple of `multiple`, by adding padding rows.

    Equal counts keep the collectives of ZeRO in step. A padding row is zeros: it is in no loss and not real.
    """
    per_rank = -(-len(rows) // ranks)
    per_rank = -(-per_rank // multiple) * multiple
    missing = per_rank * ranks - len(rows)
    whole = rows.map(lambda value: torch.cat([value, value.new_zeros(missing, *value.shape[1:])]))
    return [whole.slice(slice(rank, None, ranks)) for rank in range(ranks)]
