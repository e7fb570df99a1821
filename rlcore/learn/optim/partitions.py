"""Where whole matrices lie in the flat tensors that ZeRO gives an optimiser, and how ranks put them together."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor

# Elements of the split matrices that are put together at once: 64 MiB in fp32.
BATCH = 1 << 24


class Span(NamedTuple):
    """What one rank holds of one weight: `length` elements from `start` of the weight, at `at` in its flat tensor."""

    at: int
    start: int
    length: int


@dataclass(frozen=True)
class Weight:
    """One weight of a flat tensor.

    Attributes:
        shape: (..., A, B); leading dimensions are experts. stacked: matrices that are stacked along A.
        spans: what each rank holds, None for a rank that holds nothing of it.
    """

    shape: tuple[int, ...]
    stacked: int
    spans: tuple[Span | None, ...]

    @property
    def numel(self) -> int:
        return math.prod(self.shape)

    @property
    def per_expert(self) -> int:
        """Elements of one expert, or of the whole weight where it has two dimensions."""
        return self.shape[-2] * self.shape[-1]

    @property
    def split(self) -> bool:
        """Whether no rank holds all of it."""
        return not any(span and span.length == self.numel for span in self.spans)


@dataclass(frozen=True)
class Partition:
    """The weights of one flat tensor, in order; every rank has the same list with all ranks' spans."""

    weights: tuple[Weight, ...]
    rank: int
    device: torch.device
    group: Any = None

    def moved(self, gradient: Tensor) -> list[Tensor]:
        """Per weight: which of its experts have a gradient that is not zero everywhere, on any rank (bool, CPU)."""
        found = []
        for weight in self.weights:
            flags = torch.zeros(weight.numel // weight.per_expert, dtype=torch.bool)
            span = weight.spans[self.rank]
            if span is not None:
                first, last = span.start // weight.per_expert, (span.start + span.length - 1) // weight.per_expert
                padded = torch.nn.functional.pad(
                    gradient[span.at : span.at + span.length].ne(0),
                    (span.start - first * weight.per_expert, (last + 1) * weight.per_expert - span.start - span.length),
                )
                flags[first : last + 1] = padded.view(-1, weight.per_expert).any(1).cpu()
            found.append(flags)
        if any(weight.split for weight in self.weights):
            together = torch.cat(found).to(self.device, torch.uint8)
            torch.distributed.all_reduce(together, op=torch.distributed.ReduceOp.MAX, group=self.group)
            found = list(together.bool().cpu().split([len(flags) for flags in found]))
        return found

    def spread(self, flags: Sequence[Tensor], flat: Tensor) -> Tensor:
        """Flags of experts as a bool tensor like `flat`; False on padding."""
        out = torch.zeros(flat.shape, dtype=torch.bool, device=flat.device)
        for weight, moved in zip(self.weights, flags, strict=True):
            span = weight.spans[self.rank]
            if span is not None:
                elements = moved.repeat_interleave(weight.per_expert)[span.start : span.start + span.length]
                out[span.at : span.at + span.length] = elements.to(flat.device)
        return out

    def apply(self, rule: Callable[[Tensor, int], Tensor], flat: Tensor) -> Tensor:
        """A flat tensor of `rule(matrix, stacked)` for every whole weight; `rule` keeps the shape.

        A weight that lies on one rank needs no other. One that is split (at the borders of a partition in ZeRO 1 and
        2, everywhere in ZeRO-3) is put together on all ranks by a sum with zeros, which is exact; ranks take turns in
        computing, and a second sum hands the results round.
        """
        out = torch.zeros_like(flat)
        batch: list[Weight] = []
        for weight in self.weights:
            if weight.split:
                if batch and sum(other.numel for other in batch) + weight.numel > BATCH:
                    self._apply_split(rule, batch, flat, out)
                    batch = []
                batch.append(weight)
                continue
            span = weight.spans[self.rank]
            if span is not None:
                piece = slice(span.at, span.at + span.length)
                out[piece] = rule(flat[piece].view(weight.shape), weight.stacked).reshape(-1)
        if batch:
            self._apply_split(rule, batch, flat, out)
        return out

    def _apply_split(
        self, rule: Callable[[Tensor, int], Tensor], weights: Sequence[Weight], flat: Tensor, out: Tensor
    ) -> None:
        whole = torch.zeros(sum(weight.numel for weight in weights), dtype=flat.dtype, device=self.device)
        pieces = list(whole.split([weight.numel for weight in weights]))
        for weight, piece in zip(weights, pieces, strict=True):
            span = weight.spans[self.rank]
            if span is not None:
                piece[span.start : span.start + span.length] = flat[span.at : span.at + span.length].to(self.device)
        torch.distributed.all_reduce(whole, group=self.group)
        for turn, (weight, piece) in enumerate(zip(weights, pieces, strict=True)):
            if turn % len(weight.spans) == self.rank:
                piece.copy_(rule(piece.view(weight.shape), weight.stacked).reshape(-1))
            else:
                piece.zero_()
        torch.distributed.all_reduce(whole, group=self.group)
        for weight, piece in zip(weights, pieces, strict=True):
            span = weight.spans[self.rank]
            if span is not None:
                out[span.at : span.at + span.length] = piece[span.start : span.start + span.length].to(out.device)


def of_parameters(parameters: Sequence[Tensor], stacked: Callable[[Tensor], int]) -> dict[int, Partition]:
    """By the id of each parameter: without ZeRO every rank holds all, and computes all."""
    found = {}
    for parameter in parameters:
        weight = Weight(tuple(parameter.shape), stacked(parameter), (Span(0, 0, parameter.numel()),))
        found[id(parameter)] = Partition((weight,), 0, parameter.device)
    return found


def of_zero(zero: Any, stage: int, stacked: Callable[[Tensor], int]) -> dict[int, Partition]:
    """By the id of each flat fp32 tensor of a DeepSpeed ZeRO optimiser (stages 1 to 3): what lies in it."""
    rank, ranks = torch.distributed.get_rank(), torch.distributed.get_world_size()
    found = {}
    if stage == 3:
        for flat, parameters in zip(zero.fp32_partitioned_groups_flat, zero.fp16_groups, strict=True):
            weights, at = [], 0
            for parameter in parameters:
                size, numel = parameter.partition_numel(), parameter.ds_numel
                held = [max(0, min(size, numel - owner * size)) for owner in range(ranks)]
                spans = tuple(Span(at, owner * size, length) if length else None for owner, length in enumerate(held))
                weights.append(Weight(tuple(parameter.ds_shape), stacked(parameter), spans))
                at += size
            found[id(flat)] = Partition(tuple(weights), rank, zero.device, zero.dp_process_group)
        return found
    for number, flat in enumerate(zero.single_partition_of_fp32_groups):
        size, weights = int(zero.partition_size[number]), []
        for parameter, start in zip(
            zero.round_robin_bit16_groups[number], zero.round_robin_bit16_offsets[number], strict=True
        ):
            spans = tuple(_overlap(start, parameter.numel(), owner * size, size) for owner in range(ranks))
            weights.append(Weight(tuple(parameter.shape), stacked(parameter), spans))
        found[id(flat)] = Partition(tuple(weights), rank, zero.device, zero.real_dp_process_group[number])
    return found


def _overlap(start: int, numel: int, first: int, size: int) -> Span | None:
    low, high = max(start, first), min(start + numel, first + size)
    return Span(low - first, low - start, high - low) if high > low else None
