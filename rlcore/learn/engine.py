"""DeepSpeed around a policy: its settings, the optimiser inside it, the norm of the gradient it holds."""

from __future__ import annotations

import os
from typing import Any

import torch
from torch import Tensor

from rlcore.config.learner import LearnerConfig, OptimConfig
from rlcore.learn.logprobs import Policy
from rlcore.learn.optim import partitions
from rlcore.learn.optim.muon import Muon, parameter_groups


def init_process_group(rank: int, ranks: int, address: str, port: int) -> None:
    """Join the data-parallel group: gloo on CPU, nccl where CUDA is there."""
    os.environ |= {
        "RANK": str(rank),
        "LOCAL_RANK": "0",
        "WORLD_SIZE": str(ranks),
        "MASTER_ADDR": address,
        "MASTER_PORT": str(port),
    }
    cpu = not torch.cuda.is_available()
    if cpu:
        os.environ["DS_ACCELERATOR"] = "cpu"
    import deepspeed

    if cpu:
        # The shared-memory collective is compiled on first use (half a minute) and saves milliseconds here.
        deepspeed.ops.__compatible_ops__["deepspeed_shm_comm"] = False
    deepspeed.init_distributed("gloo" if cpu else "nccl", verbose=False)


def zero_stage(learner: LearnerConfig, dtype: str) -> int:
    """The stage that is run: with bf16 weights at least 2, where gradients add up in fp32.

    DeepSpeed 0.19 refuses fp32 gradients of bf16 weights at stage 0, and at stage 1 has another optimiser for them.
    """
    return max(learner.zero_stage, 2) if dtype == "bfloat16" else learner.zero_stage


def deepspeed_config(learner: LearnerConfig, optim: OptimConfig, dtype: str) -> dict[str, Any]:
    """What `deepspeed.initialize` gets. Accumulation is ours (boundaries are set by hand), so it is 1 here."""
    stage = zero_stage(learner, dtype)
    zero: dict[str, Any] = {"stage": stage}
    if stage == 3:
        zero["stage3_param_persistence_threshold"] = 0
    if learner.offload and stage:
        zero["offload_optimizer"] = {"device": "cpu"}
    return {
        "train_micro_batch_size_per_gpu": 1,
        "gradient_accumulation_steps": 1,
        "zero_optimization": zero,
        "zero_allow_untested_optimizer": True,
        "zero_force_ds_cpu_optimizer": False,
        "bf16": {"enabled": dtype == "bfloat16"},
        # Over micro-batches and over ranks: DeepSpeed's own choice is the type of the weights.
        "data_types": {"grad_accum_dtype": "fp32"},
        "communication_data_type": "fp32",
        "gradient_clipping": optim.clip_norm,
        "steps_per_print": 10**9,
    }


def initialize(policy: Policy, learner: LearnerConfig, optim: OptimConfig, dtype: str) -> tuple[Any, Muon]:
    """(DeepSpeed engine, the optimiser inside it)."""
    import deepspeed

    record, named = policy.architecture, list(policy.named_parameters())
    rule = Muon(parameter_groups(named, optim, record))
    engine, *_ = deepspeed.initialize(model=policy, optimizer=rule, config=deepspeed_config(learner, optim, dtype))
    stacks = {id(parameter): record.stacked_in(name) for name, parameter in named}

    def stacked(parameter: Tensor) -> int:
        return stacks[id(parameter)]

    if optim.kind == "muon":
        matrices = [parameter for name, parameter in named if record.is_hidden_matrix(name, parameter.ndim)]
        rule.partitions = (
            partitions.of_zero(engine.optimizer, engine.zero_optimization_stage(), stacked)
            if engine.zero_optimization_stage()
            else partitions.of_parameters(matrices, stacked)
        )
    return engine, rule


def gradient_norm(engine: Any) -> float:
    """Global L2 norm of the gradient that the engine holds at an accumulation boundary, on every rank; inf where a
    part is not finite. Nothing has been clipped, no momentum has moved.
    """
    stage, zero = engine.zero_optimization_stage(), engine.optimizer
    if stage == 0:
        norms = [parameter.grad.norm() for parameter in engine.module.parameters() if parameter.grad is not None]
        norm = float(torch.stack(norms).norm()) if norms else 0.0
    elif stage == 3:
        from deepspeed.runtime.utils import combine_grad_norm_groups

        norm = float(combine_grad_norm_groups(zero._get_norm_groups()))
    else:
        norm = float(zero.scaled_global_norm())
    # DeepSpeed says -1 for a norm that is not finite.
    return norm if 0 <= norm < float("inf") else float("inf")
