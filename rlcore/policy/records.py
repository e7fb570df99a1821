"""What must be known of an architecture that its weights do not say: one record for each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

# Where a mixture-of-experts config says how many experts there are, or how many see a token.
EXPERT_FIELDS = ("num_experts_per_tok", "num_local_experts", "num_experts", "n_routed_experts", "moe_num_experts")


@dataclass(frozen=True)
class Architecture:
    """One architecture of transformers.

    Attributes:
        config: its config class in transformers; empty where nothing is made from scratch.
        sizes: field of that config -> field of `ModelConfig`, beside those every architecture has.
        constants: further fields of that config.
        router: class of its router modules, whose forward gives (logits_TE, weights_TK, experts_TK); empty where dense.
        scores: what the router makes of its logits.
        beside_muon: parts of the names of weights with two or more dimensions that are no hidden matrices.
        stacked: end of a weight's name -> how many matrices are stacked along its rows.
    """

    config: str = ""
    sizes: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, Any] = field(default_factory=dict)
    router: str = ""
    scores: Literal["softmax", "sigmoid"] = "softmax"
    beside_muon: tuple[str, ...] = ("embed_tokens", "lm_head", "norm", ".gate.weight")
    stacked: Mapping[str, int] = field(default_factory=dict)

    def is_hidden_matrix(self, name: str, dimensions: int) -> bool:
        """Whether Muon takes the weight: not embeddings, the head, norms, biases and the router's gate."""
        return dimensions >= 2 and not any(part in name for part in self.beside_muon)

    def stacked_in(self, name: str) -> int:
        """How many matrices the weight stacks along its rows."""
        return next((count for end, count in self.stacked.items() if name.endswith(end)), 1)


_GATE_UP = {"experts.gate_up_proj": 2}
DENSE = Architecture()

# By `model_type` of the config. `model.architecture` may name those that have a config class.
ARCHITECTURES: dict[str, Architecture] = {
    "qwen3_moe": Architecture(
        config="Qwen3MoeConfig",
        sizes={
            "num_experts": "experts",
            "num_experts_per_tok": "experts_per_token",
            "moe_intermediate_size": "expert_intermediate_size",
        },
        # As in the released Qwen3-MoE; llama.cpp always renormalises.
        constants={"norm_topk_prob": True},
        router="Qwen3MoeTopKRouter",
        stacked=_GATE_UP,
    ),
    "qwen3": Architecture(config="Qwen3Config"),
    "llama": Architecture(config="LlamaConfig"),
    "mixtral": Architecture(router="MixtralTopKRouter", stacked=_GATE_UP),
    "olmoe": Architecture(router="OlmoeTopKRouter", stacked=_GATE_UP),
    "deepseek_v3": Architecture(router="DeepseekV3TopkRouter", scores="sigmoid", stacked=_GATE_UP),
    "glm4_moe": Architecture(router="Glm4MoeTopkRouter", scores="sigmoid", stacked=_GATE_UP),
}
FROM_SCRATCH = tuple(name for name, record in ARCHITECTURES.items() if record.config)
