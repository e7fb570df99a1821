"""Router load: the balance loss and what is logged about it."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor


def balance_loss(router_logits_LTE: Sequence[Tensor], real_T: Tensor, top_k: int) -> Tensor:
    """Load-balance loss, the mean over layers of E * sum_e f_e P_e.

    f_e: share of tokens that have expert e among their top-k (sums to k); P_e: mean router probability.
    Uniform routing gives k. Source: Switch Transformer, arXiv 2101.03961, Eq. 4. Departs: top-k instead of
    top-1, and per layer: pooling layers first (as transformers does) calls two layers that collapsed on
    different experts balanced. Tokens where `real_T` is False (padding) do not count.
    """
    per_layer = []
    for logits_TE in router_logits_LTE:
        real_TE = logits_TE[real_T].float()
        probs_TE = torch.softmax(real_TE, dim=1)
        chosen_TK = probs_TE.topk(top_k).indices
        load_E = torch.zeros_like(probs_TE).scatter_(1, chosen_TK, 1.0).mean(0)
        per_layer.append(real_TE.shape[1] * (load_E * probs_TE.mean(0)).sum())
    return torch.stack(per_layer).mean()


def expert_counts(router_logits_LTE: Sequence[Tensor], real_T: Tensor, top_k: int) -> Tensor:
    """(`_L`, `_E`) how many real tokens each expert got."""
    rows = []
    for logits_TE in router_logits_LTE:
        chosen = logits_TE[real_T].topk(top_k).indices.flatten()
        rows.append(torch.bincount(chosen, minlength=logits_TE.shape[1]))
    return torch.stack(rows)


def max_over_mean(counts_LE: Tensor) -> float:
    """Load of the busiest expert over the mean, worst layer; 1 is perfect balance."""
    counts = counts_LE.double()
    return float((counts.max(1).values / counts.mean(1).clamp(min=1e-9)).max())
