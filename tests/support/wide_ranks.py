"""Turns a learner rank to fp64, so that gradients may be compared to rounding; runs in the rank's process."""

from __future__ import annotations

from typing import Any

import torch

from rlcore.learn.ranks import LearnerRank


class _Wide:
    """`torch` as a model file sees it, where the fp32 it asks for by name (norms, routers) is fp64."""

    float32 = float = torch.float64

    def __getattr__(self, name: str) -> Any:
        return getattr(torch, name)


def to_fp64(rank: LearnerRank) -> None:
    """Weights and all that the model computes by name in fp32; for ZeRO stage 0, where DeepSpeed has no copy."""
    from deepspeed.accelerator import get_accelerator
    from transformers.models.qwen3_moe import modeling_qwen3_moe

    # DeepSpeed's list for CPUs leaves fp64 out, though gloo reduces it.
    get_accelerator().supported_dtypes = lambda: [torch.float64, torch.float32, torch.bfloat16]
    assert rank.learner is not None and rank.learner.engine.zero_optimization_stage() == 0
    modeling_qwen3_moe.torch = _Wide()  # type: ignore[attr-defined]
    rank.learner.engine.communication_data_type = torch.float64
    rank.learner.engine.module.double()
    # The grouped kernel knows no fp64.
    rank.learner.engine.module.lm.set_experts_implementation("eager")


def to_fp32(rank: LearnerRank) -> None:
    """Undo what outlives the learner."""
    from transformers.models.qwen3_moe import modeling_qwen3_moe

    modeling_qwen3_moe.torch = torch  # type: ignore[attr-defined]
