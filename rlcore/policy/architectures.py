"""The policy as a transformers model: from scratch by sizes, or from a folder or hub name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from transformers import (
    AutoModelForCausalLM,
    LlamaConfig,
    PretrainedConfig,
    PreTrainedModel,
    PreTrainedTokenizerBase,
    Qwen3Config,
    Qwen3MoeConfig,
)
from transformers.utils import logging

from rlcore.config.model import ModelConfig

CONFIGS: dict[str, type[PretrainedConfig]] = {
    "qwen3_moe": Qwen3MoeConfig,
    "qwen3": Qwen3Config,
    "llama": LlamaConfig,
}


def hf_config(model: ModelConfig, tokenizer: PreTrainedTokenizerBase) -> PretrainedConfig:
    """The transformers config of a model made from scratch.

    `norm_topk_prob` is True as in the released Qwen3-MoE (llama.cpp always renormalises), embeddings are tied,
    and the vocabulary is the tokenizer's, already padded.
    """
    fields: dict[str, Any] = {
        "vocab_size": max(len(tokenizer), tokenizer.vocab_size),
        "hidden_size": model.hidden_size,
        "intermediate_size": model.intermediate_size,
        "num_hidden_layers": model.layers,
        "num_attention_heads": model.heads,
        "num_key_value_heads": model.kv_heads,
        "head_dim": model.head_dim,
        "max_position_embeddings": model.context,
        "tie_word_embeddings": True,
        "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
    }
    if model.architecture == "qwen3_moe":
        fields |= {
            "num_experts": model.experts,
            "num_experts_per_tok": model.experts_per_token,
            "moe_intermediate_size": model.expert_intermediate_size,
            "norm_topk_prob": True,
        }
    return CONFIGS[model.architecture](**fields)


def create(model: ModelConfig, tokenizer: PreTrainedTokenizerBase, *, seed: int) -> PreTrainedModel:
    """A randomly initialised model, fp32, the same for the same seed."""
    torch.manual_seed(seed)
    return AutoModelForCausalLM.from_config(hf_config(model, tokenizer), dtype=torch.float32)


def load(path: str | Path, *, dtype: str = "float32") -> PreTrainedModel:
    """A model from a folder or hub name; ValueError with the remedy when there is none."""
    try:
        return AutoModelForCausalLM.from_pretrained(str(path), dtype=getattr(torch, dtype))
    except OSError as error:
        raise ValueError(
            f"model.path={str(path)!r}: no model there ({str(error).splitlines()[0]}); give a folder that "
            "save_pretrained wrote, or a hub name on a machine that reaches the hub"
        ) from None


def prepare_for_training(lm: PreTrainedModel, *, gradient_checkpointing: bool) -> PreTrainedModel:
    """Grouped experts (the fastest on CPU and GPU), no dropout (ratios must be 1 on-policy), no cache."""
    if hasattr(lm, "set_experts_implementation") and experts_per_token(lm.config):
        lm.set_experts_implementation("grouped_mm")
    lm.config.use_cache = False
    lm.train()
    for module in lm.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
    if gradient_checkpointing:
        lm.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
    return lm


def experts_per_token(config: PretrainedConfig) -> int:
    """Experts that see a token; 0 for a dense model."""
    return int(getattr(config, "num_experts_per_tok", 0) or 0)


def save(lm: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, folder: Path, state: dict[str, Any] | None) -> None:
    """Write a folder that `AutoModelForCausalLM`, `AutoTokenizer` and vLLM load.

    `num_experts` is written beside transformers' `num_local_experts`: older readers want that name.
    """
    folder.mkdir(parents=True, exist_ok=True)
    # A bar of its own for each file would stand in the middle of the run's lines.
    logging.disable_progress_bar()
    lm.save_pretrained(folder, state_dict=state)
    tokenizer.save_pretrained(folder)
    config_file = folder / "config.json"
    config = json.loads(config_file.read_text())
    if "num_local_experts" in config:
        config["num_experts"] = config["num_local_experts"]
    config["use_cache"] = True
    config_file.write_text(json.dumps(config, indent=2, sort_keys=True) + "\n")
