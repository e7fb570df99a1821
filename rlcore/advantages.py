"""Advantages of a group: pure functions of rewards."""

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


def has_variance(rewards_G: Sequence[float | None]) -> bool:
    """Whether the group teaches anything: at least two judged samples that do not all have the same reward."""
    judged = {reward for reward in rewards_G if reward is not None}
    return len(judged) > 1
