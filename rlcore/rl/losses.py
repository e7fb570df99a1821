"""Policy losses as pure functions of per-token arrays.

Tokens of a micro-batch arrive flat (`_T`), sequences one after the other or interleaved, each token
with the index of its sequence. Nothing here knows a model, a config or a process. Each loss divides by a
count over the whole optimiser step, so that micro-batches and ranks add up to the gradient of one large batch.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

Metrics = dict[str, Tensor]


def _masked(logp_T: Tensor, logp_old_T: Tensor, adv_T: Tensor, mask_T: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """(log-probs, log-ratios, advantages), 0 under the mask."""
    assert logp_T.ndim == 1, f"losses take flat tokens, got {tuple(logp_T.shape)}"
    assert logp_T.shape == logp_old_T.shape == adv_T.shape == mask_T.shape
    assert mask_T.dtype == torch.bool
    # Masked before any arithmetic: garbage or -inf under the mask must not turn into NaN (inf * 0), gradient included.
    logp_T = torch.where(mask_T, logp_T, 0.0)
    log_ratio_T = logp_T - torch.where(mask_T, logp_old_T.detach(), 0.0)
    return logp_T, log_ratio_T, torch.where(mask_T, adv_T, 0.0)


def sequence_lengths(mask_T: Tensor, sequence_T: Tensor, sequences: int) -> Tensor:
    """(`_B`) unmasked tokens of each sequence, as floats."""
    return torch.zeros(sequences, dtype=torch.float32, device=mask_T.device).index_add_(
        0, sequence_T, mask_T.to(torch.float32)
    )


def gspo(
    logp_T: Tensor,
    logp_old_T: Tensor,
    adv_T: Tensor,
    mask_T: Tensor,
    sequence_T: Tensor,
    *,
    num_sequences: int,
    num_tokens: int,
    clip_low: float,
    clip_high: float,
) -> tuple[Tensor, Metrics]:
    """Group Sequence Policy Optimization, in its token form.

        s_i  = exp( (1/|y_i|) sum_t (l_it - l_old_it) )
        s_it = sg[s_i] * exp(l_it - sg[l_it])
        L    = -(1/num_sequences) sum_i (1/|y_i|) sum_t min( s_it A_it, clip(s_it, 1-clip_low, 1+clip_high) A_it )

    Source: arXiv 2507.18071, section 4 (sequence ratio) and section 4.3 (GSPO-token). With one advantage per
    sequence it equals GSPO in value and gradient, clipping included; per-token advantages carry step rewards.
    Normaliser: sequences with at least one unmasked token in the optimiser step, over all ranks
    (seq-mean-token-mean). `num_tokens` is not used.

    Args:
        logp_T, logp_old_T: log-probs in nats under the learner and under the policy at rollout time.
        adv_T: advantages. mask_T: True where the token is in the loss.
        sequence_T: index of the token's sequence, 0..; clip_low/high: 3e-4/4e-4 in the paper.

    Departs from the paper: nothing. The log-ratio is not clamped before averaging.
    """
    logp_T, log_ratio_T, adv_T = _masked(logp_T, logp_old_T, adv_T, mask_T)
    sequences = int(sequence_T.max()) + 1 if sequence_T.numel() else 0
    length_B = sequence_lengths(mask_T, sequence_T, sequences).to(logp_T.dtype)
    safe_length_B = length_B.clamp(min=1.0)
    mean_log_ratio_B = torch.zeros_like(safe_length_B).index_add_(0, sequence_T, log_ratio_T.detach()) / safe_length_B

    ratio_T = torch.exp(logp_T - logp_T.detach() + mean_log_ratio_B[sequence_T])
    clipped_T = ratio_T.clamp(1.0 - clip_low, 1.0 + clip_high)
    objective_T = torch.minimum(ratio_T * adv_T, clipped_T * adv_T)
    weight_T = torch.where(mask_T, 1.0 / safe_length_B[sequence_T], 0.0)
    loss = -(objective_T * weight_T).sum() / num_sequences

    ratio_B = mean_log_ratio_B.exp()
    adv_B = torch.zeros_like(safe_length_B).index_add_(0, sequence_T, adv_T.to(logp_T.dtype)) / safe_length_B
    live_B = length_B > 0
    low_B = live_B & (ratio_B < 1.0 - clip_low) & (adv_B < 0)
    high_B = live_B & (ratio_B > 1.0 + clip_high) & (adv_B > 0)
    return loss, _clip_metrics(low_B, high_B, ratio_B[live_B], num_sequences)


def dapo(
    logp_T: Tensor,
    logp_old_T: Tensor,
    adv_T: Tensor,
    mask_T: Tensor,
    sequence_T: Tensor,
    *,
    num_sequences: int,
    num_tokens: int,
    clip_low: float,
    clip_high: float,
) -> tuple[Tensor, Metrics]:
    """DAPO: PPO's clip per token, clip-higher, token-mean over the optimiser step.

        r_it = exp(l_it - l_old_it)
        L    = -(1/num_tokens) sum_i sum_t min( r_it A_it, clip(r_it, 1-clip_low, 1+clip_high) A_it )

    Source: arXiv 2503.14476, Eq. 8 (objective; advantages are Eq. 9). Dynamic sampling and overlong handling
    live outside the loss. Normaliser: unmasked tokens of the optimiser step, over all ranks. `sequence_T` and
    `num_sequences` are not used. clip_low/high: 0.2/0.28 in the paper.

    Departs from the paper: nothing. With equal clips it is GRPO with a token mean.
    """
    logp_T, log_ratio_T, adv_T = _masked(logp_T, logp_old_T, adv_T, mask_T)
    ratio_T = log_ratio_T.exp()
    clipped_T = ratio_T.clamp(1.0 - clip_low, 1.0 + clip_high)
    objective_T = torch.minimum(ratio_T * adv_T, clipped_T * adv_T)
    loss = -torch.where(mask_T, objective_T, 0.0).sum() / num_tokens
    low_T = mask_T & (ratio_T < 1.0 - clip_low) & (adv_T < 0)
    high_T = mask_T & (ratio_T > 1.0 + clip_high) & (adv_T > 0)
    return loss, _clip_metrics(low_T, high_T, ratio_T[mask_T], num_tokens)


def nll(
    logp_T: Tensor,
    logp_old_T: Tensor,
    adv_T: Tensor,
    mask_T: Tensor,
    sequence_T: Tensor,
    *,
    num_sequences: int,
    num_tokens: int,
    clip_low: float = 0.0,
    clip_high: float = 0.0,
) -> tuple[Tensor, Metrics]:
    """Negative log-likelihood per token, -(1/num_tokens) sum_t l_t: pretraining and rejection-sampling fine-tuning.

    Only `logp_T`, `mask_T` and `num_tokens` are used.
    """
    assert logp_T.shape == mask_T.shape
    return -torch.where(mask_T, logp_T, 0.0).sum() / num_tokens, {}


def _clip_metrics(low: Tensor, high: Tensor, ratio: Tensor, count: int) -> Metrics:
    largest = ratio.detach().max() if ratio.numel() else ratio.new_zeros(())
    return {
        "clip_share_low": low.sum().detach() / count,
        "clip_share_high": high.sum().detach() / count,
        "ratio_max": largest,
    }


Loss = Callable[..., tuple[Tensor, Metrics]]
LOSSES: dict[str, Loss] = {"gspo": gspo, "dapo": dapo, "nll": nll}
