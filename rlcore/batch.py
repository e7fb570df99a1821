"""Sequences into packed rows: what a learner rank receives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from rlcore.packing import pack

FIELDS = ("ids", "positions", "mask", "real", "sequence", "advantage", "rollout_logp")


@dataclass(frozen=True)
class TrainSequence:
    """One sequence to learn from.

    Attributes:
        ids: prompt and completion (`_T`).
        prompt_length: tokens at the front that are not learnt; at least 1 (the first token has no predecessor).
        advantage: one number for the sequence, or one per completion token (step rewards).
        rollout_logp: the sampler's log-probs of the completion tokens, for the mismatch metrics.
    """

    ids: Sequence[int]
    prompt_length: int
    advantage: float | Sequence[float] = 0.0
    rollout_logp: Sequence[float] | None = None


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
        return int(self.ids.shape[0])

    def rows(self, start: int, end: int) -> PackedRows:
        """Rows start..end-1."""
        old = None if self.old_logp is None else self.old_logp[start:end]
        return PackedRows(**{name: getattr(self, name)[start:end] for name in FIELDS}, old_logp=old)

    def take(self, index: Tensor) -> PackedRows:
        """The rows of `index`, in its order."""
        old = None if self.old_logp is None else self.old_logp[index]
        return PackedRows(**{name: getattr(self, name)[index] for name in FIELDS}, old_logp=old)

    @property
    def num_tokens(self) -> int:
        """Tokens in the loss."""
        return int(self.mask.sum())

    @property
    def num_sequences(self) -> int:
        """Sequences with at least one token in the loss."""
        return int(self.sequence[self.mask].unique().numel())


def pack_rows(sequences: Sequence[TrainSequence], row_tokens: int, *, pad_id: int) -> PackedRows:
    """Pack whole sequences into rows of `row_tokens`; ValueError names one that is too long."""
    plan = pack([len(sequence.ids) for sequence in sequences], row_tokens)
    rows = empty_rows(len(plan), row_tokens, pad_id=pad_id)
    for row, members in enumerate(plan):
        offset = 0
        for index in members:
            _place(rows, row, offset, index, sequences[index])
            offset += len(sequences[index].ids)
        rows.positions[row, offset:] = torch.arange(row_tokens - offset)
    return rows


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
    if not isinstance(sequence.advantage, float) or sequence.advantage:
        rows.advantage[row, answer:end] = torch.as_tensor(sequence.advantage, dtype=torch.float32)
    if sequence.rollout_logp is not None:
        rows.rollout_logp[row, answer:end] = torch.as_tensor(sequence.rollout_logp)


def empty_rows(count: int, row_tokens: int, *, pad_id: int) -> PackedRows:
    """Rows of padding only: they add nothing to any loss, and keep ranks in step."""
    shape = (count, row_tokens)
    return PackedRows(
        ids=torch.full(shape, pad_id),
        positions=torch.arange(row_tokens).repeat(count, 1),
        mask=torch.zeros(shape, dtype=torch.bool),
        real=torch.zeros(shape, dtype=torch.bool),
        sequence=torch.zeros(shape, dtype=torch.int64),
        advantage=torch.zeros(shape),
        rollout_logp=torch.zeros(shape),
    )


def shard(rows: PackedRows, ranks: int, *, multiple: int, pad_id: int) -> list[PackedRows]:
    """Deal rows out to ranks in turn; every rank gets as many, a multiple of `multiple`, by adding padding rows.

    Equal counts keep the collectives of ZeRO in step.
    """
    per_rank = -(-len(rows) // ranks)
    per_rank = -(-per_rank // multiple) * multiple
    padding = empty_rows(per_rank * ranks - len(rows), rows.ids.shape[1], pad_id=pad_id)
    whole = concatenate(rows, padding)
    order = [torch.arange(rank, per_rank * ranks, ranks) for rank in range(ranks)]
    return [whole.take(index) for index in order]


def concatenate(first: PackedRows, second: PackedRows) -> PackedRows:
    """Rows of both; `old_logp` is kept only where both have it."""
    both = (first.old_logp, second.old_logp)
    old = None if both[0] is None or both[1] is None else torch.cat([both[0], both[1]])
    joined = {name: torch.cat([getattr(first, name), getattr(second, name)]) for name in FIELDS}
    return PackedRows(**joined, old_logp=old)
