"""The policy's section of a run file."""

from __future__ import annotations

from typing import Literal

from rlcore.config.fields import Positive, Section


class ModelConfig(Section):
    """The policy: a folder or hub name, or the sizes of a model made from scratch."""

    path: str = ""
    """Folder or hub name of a released model; empty: the pretrain stage makes one from the sizes below."""
    tokenizer: str = "char"
    """`char` (printable ASCII and Lean's symbols, built in), or a folder or hub name. Ignored where `path` is set."""
    architecture: Literal["qwen3_moe", "qwen3", "llama"] = "qwen3_moe"
    """A transformers architecture that vLLM serves."""
    hidden_size: Positive = 128
    """Width of the residual stream."""
    layers: Positive = 4
    """Number of decoder layers."""
    heads: Positive = 4
    """Query heads."""
    kv_heads: Positive = 2
    """Key/value heads."""
    head_dim: Positive = 32
    """Width of a head."""
    intermediate_size: Positive = 256
    """Width of the dense feed-forward layers (dense architectures)."""
    experts: Positive = 8
    """Experts per layer (MoE)."""
    experts_per_token: Positive = 2
    """Experts that see a token (MoE)."""
    expert_intermediate_size: Positive = 128
    """Width of one expert (MoE)."""
    context: Positive = 256
    """Longest prompt + completion in tokens."""
    dtype: Literal["float32", "bfloat16"] = "float32"
    """float32 on CPU; bfloat16 with fp32 master weights on GPU."""
