"""Advantages of a group, and of the tokens of one attempt: pure functions of rewards."""

from __future__ import annotations

import math
from collections.abc import Sequence

EPSILON = 1e-4


def group_advantages(rewards_G: Sequence[float | None], *, std_normalise: bool) -> list[float | None]:
    """(`_G`) advantages of one prompt's completions.

        A_i = (R_i - mean) / (std + 1e-4)     std unbiased (N-1)

    Source: GRPO, arXiv 2402.03300, and DAPO, arXiv 2503.14476, Eq. 9; without the division Dr.GRPO,
    arXiv 2503.20783. Departs: a reward of None (the judge failed) leaves the mean and the std alike and its
    advantage is None; a group with fewer than two judged samples has no baseline, so all its advantages are None.
    """
    judged = [reward for reward in rewards_G if reward is not None]
    if len(judged) < 2:
        return [None] * len(rewards_G)
    mean = math.fsum(judged) / len(judged)
    scale = 1.0
    if std_normalise:
        variance = math.fsum((reward - mean) ** 2 for reward in judged) / (len(judged) - 1)
        scale = 1.0 / (math.sqrt(variance) + EPSILON)
    return [None if reward is None else (reward - mean) * scale for reward in rewards_G]


def step_advantages(
    advantage: float, credit_T: Sequence[float], blame_T: Sequence[float], *, weight: float
) -> list[float]:
    """(`_T`) advantages of the tokens of one failed attempt, from its own advantage A and the place where it broke.

        C = sum_t c_t    B = sum_t b_t    m = weight * min(C, B)
        A_t = A + |A| * m * (c_t/C - b_t/B)     where A < 0, C > 0 and B > 0; else A_t = A

    The outcome says how much, the steps only say where: sum_t A_t = T A for any steps, so no number or kind of steps
    changes what an attempt gets in all, and every token stays within A (1 + weight) <= A_t <= A (1 - weight), which
    is not above 0. A finished attempt keeps its own A at every token. With A from `group_advantages` nothing that
    failed can then end above anything that finished: a finished one has the highest reward, so its A is >= 0, and
    where it is 0 the whole group's is.

    Source: tactic-level credit from Lean's own messages, arXiv 2606.20068 (first error); per-token advantages in the
    loss, GSPO-token, arXiv 2507.18071 section 4.3. Departs: those add a process reward, which padding a proof with
    steps that do nothing can farm. Here credit is moved within the attempt and none is made.

    Args:
        advantage: of the attempt, after group normalisation.
        credit_T, blame_T: in [0, 1], see `rlcore.rl.credit.TokenCredit`.
        weight: in [0, 1); 0 leaves every token at A.
    """
    credit, blame = math.fsum(credit_T), math.fsum(blame_T)
    if advantage >= 0 or credit <= 0 or blame <= 0:
        return [advantage] * len(credit_T)
    moved = -advantage * weight * min(credit, blame)
    lowest, highest = advantage * (1 + weight), advantage * (1 - weight)
    return [
        # The bound holds in floating point too, where a quotient may come out a hair above it.
        min(max(advantage + moved * (c / credit - b / blame), lowest), highest)
        for c, b in zip(credit_T, blame_T, strict=True)
    ]


def has_variance(rewards_G: Sequence[float | None]) -> bool:
    """Whether the group teaches anything: at least two judged samples that do not all have the same reward."""
    judged = {reward for reward in rewards_G if reward is not None}
    return len(judged) > 1
