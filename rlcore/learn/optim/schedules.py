"""Learning-rate multipliers as pure functions of the optimiser step."""

from __future__ import annotations

import math

from rlcore.config.learner import OptimConfig


def lr_multiplier(step: int, total: int, optim: OptimConfig) -> float:
    """Multiplier of the peak learning rate for optimiser step `step` in 0..total-1.

    Warm-up is linear and reaches 1 at step `warmup_steps`. wsd: 1 until the last `decay_share` of the steps,
    then 1 - sqrt(x) with x the fraction of the decay done (arXiv 2405.18392; MiniCPM, 2404.06395).
    Being a function of the step alone, it resumes exactly.
    """
    if not 0 <= step < total:
        raise ValueError(f"step {step} is outside 0..{total - 1}")
    if step < optim.warmup_steps:
        shape = (step + 1) / (optim.warmup_steps + 1)
        return _floor(shape, optim.min_lr_ratio)
    if optim.schedule == "constant":
        return 1.0
    start = optim.warmup_steps
    if optim.schedule == "wsd":
        start = max(start, total - round(total * optim.decay_share))
    if step < start:
        return 1.0
    x = (step - start) / (total - start)
    shape = {"wsd": 1 - math.sqrt(x), "linear": 1 - x, "cosine": 0.5 * (1 + math.cos(math.pi * x))}[optim.schedule]
    return _floor(shape, optim.min_lr_ratio)


def _floor(shape: float, min_ratio: float) -> float:
    return min_ratio + (1 - min_ratio) * shape
