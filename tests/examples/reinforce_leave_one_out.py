"""A toy algorithm, whole in one file: REINFORCE with the other completions as baseline and a capped token ratio.

train.algorithm = "tests/examples/reinforce_leave_one_out.py"
train.options = { cap = 4.0 }

Advantages are RLOO's, arXiv 2402.14740; the weight of a token is CISPO's, arXiv 2506.13585.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from pydantic import Field

from rlcore.config.fields import Section
from rlcore.rl.losses import Tokens, clip_metrics

if TYPE_CHECKING:
    from torch import Tensor

    from rlcore.rl.losses import Metrics

NEEDS = {"old"}


class Options(Section):
    """Options of the toy."""

    cap: float = Field(default=2.0, ge=1.0)
    """Largest weight of a token, 1 + epsilon_high of CISPO; the 2 is ours. Below 1 it would cap what is on-policy."""


def advantages(rewards_G: Sequence[float | None], options: Options) -> list[float | None]:
    """(`_G`) each reward less the mean of the others'.

        A_i = R_i - (1/(G-1)) sum_{j != i} R_j

    Source: RLOO, arXiv 2402.14740. Departs: no KL penalty in the reward; a reward of None (the judge failed) is in no
    mean and its advantage is None; a completion with no judged other has no baseline, so None.
    """
    judged = [reward for reward in rewards_G if reward is not None]
    if len(judged) < 2:
        return [None] * len(rewards_G)
    total, others = math.fsum(judged), len(judged) - 1
    return [None if reward is None else reward - (total - reward) / others for reward in rewards_G]


def loss(tokens: Tokens, options: Options) -> tuple[Tensor, Metrics]:
    """REINFORCE; the token's own ratio, without gradient and with a maximum, is its weight.

        r_it = exp(l_it - l_old_it)
        L    = -(1/num_tokens) sum_i sum_t sg[min(r_it, cap)] A_it l_it

    Source: CISPO, arXiv 2506.13585. No token loses its gradient, as it does where PPO's clip cuts in. Normaliser:
    unmasked tokens of the optimiser step, over all ranks.

    Departs from CISPO: advantages without a standard deviation (RLOO's), no lower bound on the ratio. Departs from
    RLOO, which sums over a sequence's tokens and is on-policy: mean over tokens, and a weight for each.
    `clip_share_high` is the share of tokens at the cap, whatever the sign of their advantage.
    """
    ratio_T = tokens.log_ratio_T().detach().exp()
    weight_T = ratio_T.clamp(max=options.cap) * tokens.masked(tokens.advantage_T) * tokens.copies_T
    value = -(weight_T * tokens.masked(tokens.logp_T)).sum() / tokens.num_tokens
    high_T = tokens.mask_T & (ratio_T > options.cap)
    none = high_T.new_zeros(())
    return value, clip_metrics(none, high_T, ratio_T[tokens.mask_T], tokens.copies_T, tokens.num_tokens)
