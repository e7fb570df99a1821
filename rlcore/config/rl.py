"""The sections of the difficulty filter, RL and evaluation."""

from __future__ import annotations

from typing import Any

from pydantic import Field, ValidationInfo, field_validator

from rlcore.config.fields import Amount, Count, Positive, Section, Share
from rlcore.config.learner import OptimConfig
from rlcore.rl import algorithm

CANARY_TOLERANCES = {"float32": 1e-4, "bfloat16": 0.0}
"""Nats. fp32: learner and rollout differ by about 1e-6. bf16: by what rounding does, which the canary measures."""


class FilterConfig(Section):
    """The difficulty filter, with the current policy."""

    samples: Positive = 8
    """Rollouts per problem."""
    problems: Count = 512
    """Problems to measure; 0 is all."""
    keep_unmeasured: bool = True
    """Train on the problems that were not measured too (dynamic sampling drops what teaches nothing)."""
    min_pass_rate: Share = 0.05
    """Keep problems at or above."""
    max_pass_rate: Share = 0.95
    """Keep problems at or below."""
    min_kept: Positive = 32
    """Fewer kept problems stop the run."""


class TrainConfig(Section):
    """RL."""

    algorithm: str = "gspo"
    """`gspo` (arXiv 2507.18071), `dapo` (arXiv 2503.14476), `rft` (rejection sampling, for comparison), or a file of
    your own: `path/to/file.py`."""
    options: dict[str, Any] = Field(default={}, validate_default=True)
    """Options of the algorithm: `[train.options]`."""
    steps: Positive = 100
    """Rollout batches."""
    prompts_per_step: Positive = 32
    """Groups with variance per step."""
    group_size: Positive = 16
    """Completions per prompt (G)."""
    minibatches: Positive = 1
    """Optimiser steps per rollout batch; 1 is on-policy, where every ratio is 1."""
    process_weight: float = Field(default=0.0, ge=0.0, lt=1.0)
    """Process rewards, for judges that say which step failed (Lean): by up to this share the blame of a failed
    attempt moves from the steps before the failing one to that one. 0: the outcome alone."""
    max_refills: Count = 2
    """Dynamic sampling (DAPO): rounds at most that refill what groups without variance left; 0 only drops them."""
    balance_coef: Amount = 0.0
    """Load-balance loss per layer during RL."""
    temperature: float = Field(default=1.0, gt=0.0)
    """Sampling temperature; the learner divides its logits by it."""
    canary_tolerance: Amount = 0.0
    """Largest allowed difference of a log-prob on the canary prompts; 0 is 1e-4 in fp32, and in bf16 twice the mean
    difference that rounding makes."""
    canary_sequences: Positive = 8
    """Canary prompts; more are added until every expert is routed to."""
    checkpoint_every: Positive = 10
    """Steps between checkpoints."""
    buffer_steps: Count = 20
    """Steps before the newest checkpoint whose samples stay in buffer/; those after it are always there, so that a run
    that goes on samples nothing again."""
    samples_every: Count = 1
    """Steps between records of all completions in samples/."""
    shuffle_rewards: bool = False
    """A control: rewards are permuted over the batch; the policy must not learn."""
    optim: OptimConfig = OptimConfig(lr=1e-3, adam_lr=5e-4, schedule="linear", warmup_steps=0)
    """Optimiser of this stage."""

    @field_validator("options")
    @classmethod
    def _options_of_the_algorithm(cls, values: dict[str, Any], info: ValidationInfo) -> dict[str, Any]:
        if "algorithm" not in info.data:
            return values
        complete: dict[str, Any] = algorithm.options(info.data["algorithm"], values).model_dump()
        return complete


class EvalConfig(Section):
    """Measuring on held-out problems."""

    problems: Count = 500
    """Held-out problems of each family; 0 is all."""
    samples: Positive = 8
    """Completions per problem at temperature 1 (pass@k needs k <= samples)."""
    sweep_samples: Positive = 2
    """Completions per problem at the other temperatures."""
    temperatures: tuple[float, ...] = (0.0, 0.25, 0.5, 0.75, 1.0)
    """Temperatures; 0 is greedy."""
    every: Count = 0
    """Steps of RL between measurements on the way, at temperature 1 with `sweep_samples`; 0: none."""
    ks: tuple[int, ...] = (1, 8)
    """The k of pass@k at temperature 1."""
