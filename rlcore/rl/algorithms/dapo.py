"""DAPO: PPO's clip per token with a higher upper bound, averaged over tokens, arXiv 2503.14476."""

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
    """Options of DAPO."""

    clip_low: Amount = 0.2
    """Lower clip of the token ratio; 0.2 in the paper."""
    clip_high: Amount = 0.28
    """Upper clip of the token ratio; 0.28 in the paper. Equal to `clip_low` it is GRPO with a token mean."""
    std_normalise: bool = True
    """Divide advantages by the group's standard deviation."""


def advantages(rewards_G: Sequence[float | None], options: Options) -> list[float | None]:
    """(`_G`) as `group_advantages` (Eq. 9)."""
    return group_advantages(rewards_G, std_normalise=options.std_normalise)


def loss(tokens: Tokens, options: Options) -> tuple[Tensor, Metrics]:
    """The token's own ratio, clipped; mean over the tokens of the optimiser step.

        r_it = exp(l_it - l_old_it)
        L    = -(1/num_tokens) sum_i sum_t min( r_it A_it, clip(r_it, 1-clip_low, 1+clip_high) A_it )

    Source: Eq. 8. Dynamic sampling and overlong handling live outside the loss. Normaliser: unmasked tokens of the
    optimiser step, over all ranks.

    Departs from the paper: nothing.
    """
    advantage_T = tokens.masked(tokens.advantage_T)
    ratio_T = tokens.log_ratio_T().exp()
    clipped_T = ratio_T.clamp(1.0 - options.clip_low, 1.0 + options.clip_high)
    objective_T = (ratio_T * advantage_T).minimum(clipped_T * advantage_T)
    value = -tokens.masked(objective_T * tokens.copies_T).sum() / tokens.num_tokens
    low_T = (ratio_T < 1.0 - options.clip_low) & (advantage_T < 0)
    high_T = (ratio_T > 1.0 + options.clip_high) & (advantage_T > 0)
    return value, clip_metrics(low_T, high_T, ratio_T[tokens.mask_T], tokens.copies_T, tokens.num_tokens)
