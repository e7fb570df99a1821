"""The policy's section of a run file."""

from __future__ import annotations

from typing import Literal

from pydantic import field_validator

from rlcore.config.fields import Positive, Section
from rlcore.policy.records import ARCHITECTURES, FROM_SCRATCH


class ModelConfig(Section):
    """The policy: a folder or hub name, or the sizes of a model made from scratch."""

    path: str = ""
    """Folder or hub name of a released model; empty: the pretrain stage makes one from the sizes below."""
    tokenizer: str = "char"
    """`char` (printable ASCII and Lean's symbols, built in), or a folder or hub name. Ignored where `path` is set."""
    architecture: str = "qwen3_moe"
    """A transformers architecture that vLLM serves: one of `rlcore/policy/records.py` with a config."""
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

    @field_validator("architecture")
    @classmethod
    def _known(cls, name: str) -> str:
        if name not in FROM_SCRATCH:
            raise ValueError(f"no model of {name!r} can be made from scratch: take one of {', '.join(FROM_SCRATCH)}")
        return name

    @property
    def mixture(self) -> bool:
        """Whether the architecture has experts."""
        return bool(ARCHITECTURES[self.architecture].router)
