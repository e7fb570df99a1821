"""RFT: rejection sampling, cross-entropy on the correct completions alone (arXiv 2308.01825). A baseline."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rlcore.config.fields import Section
from rlcore.rl.losses import Tokens, nll

if TYPE_CHECKING:
    from torch import Tensor

    from rlcore.rl.losses import Metrics

NEEDS: set[str] = set()


class Options(Section):
    """RFT has no options."""


def advantages(rewards_G: Sequence[float | None], options: Options) -> list[float | None]:
    """(`_G`) 1 for a completion with the whole reward; None for every other, which is not learnt from."""
    return [1.0 if reward == 1.0 else None for reward in rewards_G]


def loss(tokens: Tokens, options: Options) -> tuple[Tensor, Metrics]:
    """Negative log-likelihood per token of what is learnt from.

    Departs from the paper: the policy's newest completions, once each, in place of a data set that is collected first
    and freed of repetitions.
    """
    return nll(tokens)
