"""Sequences into packed rows: what a learner rank receives."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from rlcore.learn.packing import deal, pack


@dataclass(frozen=True)
class TrainSequence:
    """One sequence to learn from.

    Attributes:
        ids: prompt and completion (`_T`).
        prompt_length: tokens at the front that are not learnt; at least 1 (the first token has no predecessor).
        advantage: one number for the sequence, or one per completion token (step rewards).
        rollout_logp: the sampler's log-probs of the completion tokens, for the mismatch metrics.
        versions: which weights sampled each completion token; only keeps apart what different ones sampled.
        copies: how many equal sequences it stands for (`merge_equal`).
    """

    ids: Sequence[int] | NDArray[np.int32]
    prompt_length: int
    advantage: float | Sequence[float] = 0.0
    rollout_logp: Sequence[float] | NDArray[np.float32] | None = None
    versions: Sequence[int] | NDArray[np.int32] | None = None
    copies: int = 1


def merge_equal(sequences: Sequence[TrainSequence]) -> list[TrainSequence]:
    """Equal sequences as one that counts as often, in the order of the first of each.

    Equal is what no loss can tell apart: every field is the same, log-probs and advantages to the last bit. The
    gradient of the merged ones is that of all, as copies weigh every term and normalisers count each.
    """
    compared = [field.name for field in fields(TrainSequence) if field.name != "copies"]
    merged: dict[tuple[Any, ...], TrainSequence] = {}
    for sequence in sequences:
        key = tuple(tuple(np.atleast_1d(getattr(sequence, name)).tolist()) for name in compared)
        known = merged.get(key)
        merged[key] = replace(known, copies=known.copies + sequence.copies) if known else sequence
    return list(merged.values())


@dataclass
class PackedRows:
    """Packed rows (`_RT` each); row r holds whole sequences one after the other, then padding.

    Attributes:
        ids, positions: int64; positions restart at 0 with every sequence (and with the padding).
        mask: True where the token is in the loss.
        real: False on padding.
        sequence: index of the sequence within these rows, 0 on padding.
        copies: float32; how many equal sequences the token's sequence stands for, 0 on padding.
        advantage, rollout_logp, old_logp: float32, zero outside the mask. `old_logp` is None until computed.
    """

    ids: Tensor
    positions: Tensor
    mask: Tensor
    real: Tensor
    sequence: Tensor
    copies: Tensor
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
        """Tokens in the loss, those of merged sequences counted each."""
        return int(self.copies[self.mask].sum(dtype=torch.float64))

    @property
    def real_tokens(self) -> int:
        """Tokens that are not padding, those of merged sequences counted each."""
        return int(self.copies.sum(dtype=torch.float64))

    @property
    def num_sequences(self) -> int:
        """Sequences with at least one token in the loss, merged ones counted each."""
        index, first = torch.unique(self.sequence[self.mask], return_inverse=True)
        return int(torch.zeros(len(index)).index_copy_(0, first, self.copies[self.mask]).sum(dtype=torch.float64))


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
    return PackedRows(
        **whole, **flags, **{name: torch.zeros(shape) for name in ("copies", "advantage", "rollout_logp")}
    )


def _place(rows: PackedRows, row: int, offset: int, index: int, sequence: TrainSequence) -> None:
    length, prompt = len(sequence.ids), sequence.prompt_length
    if not 1 <= prompt <= length:
        raise ValueError(f"sequence {index}: prompt_length {prompt} is outside 1..{length}")
    end, answer = offset + length, offset + prompt
    rows.ids[row, offset:end] = torch.as_tensor(sequence.ids)
    rows.positions[row, offset:end] = torch.arange(length)
    rows.real[row, offset:end] = True
    rows.sequence[row, offset:end] = index
    rows.copies[row, offset:end] = sequence.copies
    rows.mask[row, answer:end] = True
    rows.advantage[row, answer:end] = torch.as_tensor(sequence.advantage)
    if sequence.rollout_logp is not None:
        rows.rollout_logp[row, answer:end] = torch.as_tensor(sequence.rollout_logp)


def shard(rows: PackedRows, ranks: int, *, tokens: int) -> list[list[Part]]:
    """[rank][micro-batch]: the rows dealt out (`packing.deal`), as many micro-batches for every rank.

    A micro-batch takes about `tokens` tokens, padding counted, at least one row, and is as wide as its fullest row.
    """
    at_once = max(1, tokens // rows.ids.shape[1])
    plan = deal(rows.real.sum(1).tolist(), ranks, at_once)
    return [[Part(index, _part(rows, index)) for index in rank] for rank in plan]


def _part(rows: PackedRows, index: list[int]) -> PackedRows:
    if not index:
        return _empty_rows(1, 1) if rows.old_logp is None else replace(_empty_rows(1, 1), old_logp=torch.zeros(1, 1))
    width = rows.real[index].sum(1).max()
    return rows.map(lambda value: value[index, :width])


@dataclass(frozen=True)
class Part:
    """A micro-batch and where its rows stand in the whole; without any row it is one token of padding.

    A rank without work must still take part in every collective, and a model cannot take a batch of nothing.
    """

    places: list[int]
    rows: PackedRows
