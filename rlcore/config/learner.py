"""The sections of the learner and its optimiser."""

from __future__ import annotations

from typing import Literal

from rlcore.config.fields import Amount, Count, Positive, Section, Share


class OptimConfig(Section):
    """The optimiser and its schedule, counted in optimiser steps."""

    kind: Literal["adamw", "muon"] = "muon"
    """`muon` for hidden matrices with AdamW for the rest, or `adamw` for all."""
    lr: Amount = 1e-2
    """Peak learning rate (of Muon's matrices where kind is muon)."""
    adam_lr: Amount = 5e-3
    """Peak learning rate of what Muon leaves to AdamW (embeddings, head, norms, router)."""
    betas: tuple[float, float] = (0.9, 0.95)
    """AdamW's betas."""
    momentum: float = 0.95
    """Muon's Nesterov momentum."""
    weight_decay: Amount = 0.1
    """Decoupled weight decay, on matrices only."""
    clip_norm: Amount = 1.0
    """Clip of the gradient's global norm, before momentum; 0 is off."""
    skip_norm: Amount = 0.0
    """A step whose gradient norm is above this is left out, momentum too; 0: only one that is not finite."""
    schedule: Literal["wsd", "linear", "cosine", "constant"] = "wsd"
    """wsd: warm-up, stable, then 1-sqrt decay."""
    warmup_steps: Count = 30
    """Linear warm-up steps."""
    decay_share: Share = 0.3
    """Share of the steps that the wsd decay takes."""
    min_lr_ratio: Share = 0.0
    """The learning rate at the end as a share of the peak."""


class LearnerConfig(Section):
    """Processes and memory of pretraining and of the RL learner."""

    ranks: Positive = 2
    """Data-parallel processes (Ray actors)."""
    threads: Positive = 1
    """CPU threads per rank."""
    gpus_per_rank: Amount = 0.0
    """GPUs per rank; 0 trains on CPU."""
    zero_stage: Literal[0, 1, 2, 3] = 1
    """DeepSpeed ZeRO stage."""
    offload: bool = False
    """Keep the optimiser state in CPU memory (ZeRO 1-3 on GPU)."""
    row_tokens: Positive = 256
    """Tokens of a packed row; at least the longest sequence."""
    micro_batch_tokens: Positive = 4096
    """Tokens per forward/backward of one rank, padding counted; at least one packed row is taken."""
    logits_mib: Amount = 64.0
    """Memory of the logits that exist at once, in MiB of fp32; the vocabulary says how many tokens that is."""
    gradient_checkpointing: bool = False
    """Recompute activations in the backward pass."""
