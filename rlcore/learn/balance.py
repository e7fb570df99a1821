"""Router load: the balance loss and what is logged about it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor


class Routed(NamedTuple):
    """What the router of one layer said about the tokens of a micro-batch.

    Attributes:
        logits_TE: its logits. experts_TK: which experts each token went to, as the model chose them.
        scores: `softmax` or `sigmoid`: what the model makes of the logits.
    """

    logits_TE: Tensor
    experts_TK: Tensor
    scores: str = "softmax"

    def probs_TE(self) -> Tensor:
        """Each expert's share of each token, fp32 or better; sigmoids over their sum (arXiv 2412.19437, Eq. 18)."""
        logits_TE = self.logits_TE.to(torch.promote_types(self.logits_TE.dtype, torch.float32))
        if self.scores == "softmax":
            return torch.softmax(logits_TE, dim=1)
        scores_TE = torch.sigmoid(logits_TE)
        return scores_TE / scores_TE.sum(1, keepdim=True)


def balance_loss(
    routed: Sequence[Routed], weight_T: Tensor, *, load_LE: Tensor | None = None, tokens: float | None = None
) -> Tensor:
    """Load-balance loss, the mean over layers of E * sum_e f_e P_e.

    f_e: share of tokens that went to expert e (sums to k); P_e: mean router probability. Uniform routing gives k.
    Source: Switch Transformer, arXiv 2101.03961, Eq. 4. Departs: top-k instead of top-1, and per layer: pooling layers
    first (as transformers does) calls two layers that collapsed on different experts balanced.

    A micro-batch is a part of an optimiser step, and f is of the step (arXiv 2501.11873): `load_LE` is f and `tokens`
    what P is divided by, so that parts add up to the loss of the whole. Without them both are of `weight_T`'s tokens.

    Args:
        weight_T: how often each token counts, 0 for padding.
    """
    total = weight_T.sum() if tokens is None else tokens
    if load_LE is None:
        load_LE = expert_counts(routed, weight_T) / total
    per_layer = []
    for layer, load_E in zip(routed, load_LE, strict=True):
        probs_TE = layer.probs_TE()
        mean_E = (probs_TE * weight_T.to(probs_TE.dtype).unsqueeze(1)).sum(0) / total
        per_layer.append(len(load_E) * (load_E.to(probs_TE.dtype) * mean_E).sum())
    return torch.stack(per_layer).mean()


def expert_counts(routed: Sequence[Routed], weight_T: Tensor) -> Tensor:
    """(`_L`, `_E`) how many tokens each expert got, each counted `weight_T` times; in fp64 counts are exact."""
    rows = []
    for layer in routed:
        weight_TK = weight_T.double().unsqueeze(1).expand(layer.experts_TK.shape)
        empty_E = torch.zeros(layer.logits_TE.shape[1], dtype=torch.float64, device=layer.logits_TE.device)
        rows.append(empty_E.index_add_(0, layer.experts_TK.flatten(), weight_TK.flatten()))
    return torch.stack(rows)


def max_over_mean(counts_LE: Tensor) -> float:
    """Load of the busiest expert over the mean, worst layer; 1 is perfect balance."""
    counts = counts_LE.double()
    return float((counts.max(1).values / counts.mean(1).clamp(min=1e-9)).max())
