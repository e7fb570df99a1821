"""Tokens for tests of losses: a fixture with external reference values, and any tokens from lists."""

from __future__ import annotations

import torch
from torch import Tensor

from rlcore.rl.losses import Tokens

# Four sequences of 5, 4, 3, 5 tokens, one group, rewards 1, 0, 1, 0.
NEW = [[-0.10, -1.20, -0.50, -2.00, -0.05], [-0.70, -0.30, -1.50, -0.20], [-2.20, -0.90, -0.40], [-0.60] * 5]
OLD = [[-0.15, -1.00, -0.80, -1.70, -0.05], [-0.60, -0.35, -1.20, -0.25], [-2.00, -1.10, -0.40], [-0.60] * 5]
ADVANTAGE = 0.86587542
PADDING = -9.0


def fixture(padded: bool = False) -> Tokens:
    """With `padded`, garbage under a False mask fills every sequence up to 5 tokens."""
    new, old, advantage, mask, sequence = [], [], [], [], []
    for index, (row_new, row_old) in enumerate(zip(NEW, OLD, strict=True)):
        fill = 5 - len(row_new) if padded else 0
        new += row_new + [PADDING] * fill
        old += row_old + [PADDING] * fill
        mask += [True] * len(row_new) + [False] * fill
        sequence += [index] * (len(row_new) + fill)
        advantage += [ADVANTAGE if index in (0, 2) else -ADVANTAGE] * (len(row_new) + fill)
    return tokens(new, old, advantage, sequence, mask=mask, num_sequences=4, num_tokens=17)


def tokens(
    logp: list[float],
    old: list[float],
    advantage: list[float],
    sequence: list[int],
    *,
    mask: list[bool] | None = None,
    copies: list[float] | None = None,
    num_sequences: int,
    num_tokens: int,
) -> Tokens:
    """fp64 tokens whose `logp_T` asks for a gradient."""
    return Tokens(
        logp_T=torch.tensor(logp, dtype=torch.float64, requires_grad=True),
        old_T=torch.tensor(old, dtype=torch.float64),
        advantage_T=torch.tensor(advantage, dtype=torch.float64),
        mask_T=torch.tensor([True] * len(logp) if mask is None else mask),
        sequence_T=torch.tensor(sequence),
        copies_T=torch.tensor([1.0] * len(logp) if copies is None else copies, dtype=torch.float64),
        num_sequences=num_sequences,
        num_tokens=num_tokens,
    )


def value_and_gradient(loss: Tensor, given: Tokens) -> tuple[float, Tensor]:
    """The loss, and its gradient (`_T`) with respect to the log-probs."""
    (gradient,) = torch.autograd.grad(loss, given.logp_T)
    return loss.item(), gradient
