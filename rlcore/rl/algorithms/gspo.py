"""GSPO: Group Sequence Policy Optimization, arXiv 2507.18071, in its token form (section 4.3)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rlcore.config.fields import Amount, Section
from rlcore.rl.advantages import group_advantages
from rlcore.rl.losses import Tokens, clip_metrics

if TYPE_CHECKING:
    from torch import Tensor

    from rlcore.rl.losses import Metrics

NEEDS = {"old"}


class Options(Section):
    """Options of GSPO."""

    clip_low: Amount = 3e-4
    """Lower clip of the sequence ratio; 3e-4 in the paper."""
    clip_high: Amount = 4e-4
    """Upper clip of the sequence ratio; 4e-4 in the paper."""
    std_normalise: bool = True
    """Divide advantages by the group's standard deviation."""


def advantages(rewards_G: Sequence[float | None], options: Options) -> list[float | None]:
    """(`_G`) as `group_advantages`."""
    return group_advantages(rewards_G, std_normalise=options.std_normalise)


def loss(tokens: Tokens, options: Options) -> tuple[Tensor, Metrics]:
    """The sequence's ratio for every token of it, clipped as a whole.

        s_i  = exp( (1/|y_i|) sum_t (l_it - l_old_it) )
        s_it = sg[s_i] * exp(l_it - sg[l_it])
        L    = -(1/num_sequences) sum_i (1/|y_i|) sum_t min( s_it A_it, clip(s_it, 1-clip_low, 1+clip_high) A_it )

    Source: section 4 (sequence ratio) and section 4.3 (GSPO-token). With one advantage per sequence it equals GSPO in
    value and gradient, clipping included; per-token advantages carry step rewards. Normaliser: sequences with at least
    one unmasked token in the optimiser step, over all ranks (seq-mean-token-mean).

    Departs from the paper: nothing. The log-ratio is not clamped before averaging.
    """
    logp_T, advantage_T = tokens.masked(tokens.logp_T), tokens.masked(tokens.advantage_T)
    length_B = tokens.lengths_B()
    safe_length_B = length_B.clamp(min=1.0)
    mean_log_ratio_B = tokens.sums_B(tokens.log_ratio_T().detach()) / safe_length_B

    ratio_T = (logp_T - logp_T.detach() + mean_log_ratio_B[tokens.sequence_T]).exp()
    clipped_T = ratio_T.clamp(1.0 - options.clip_low, 1.0 + options.clip_high)
    objective_T = (ratio_T * advantage_T).minimum(clipped_T * advantage_T)
    weight_T = tokens.masked(tokens.copies_T / safe_length_B[tokens.sequence_T])
    value = -(objective_T * weight_T).sum() / tokens.num_sequences

    live_B = length_B > 0
    ratio_B = mean_log_ratio_B.exp()
    advantage_B = tokens.sums_B(advantage_T)
    copies_B = tokens.sums_B(tokens.masked(tokens.copies_T)) / safe_length_B
    low_B = (ratio_B < 1.0 - options.clip_low) & (advantage_B < 0)
    high_B = (ratio_B > 1.0 + options.clip_high) & (advantage_B > 0)
    return value, clip_metrics(low_B, high_B, ratio_B[live_B], copies_B, tokens.num_sequences)
