"""The policy as a transformers model: from scratch by sizes, or from a folder or hub name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
import transformers
from transformers import AutoModelForCausalLM, PretrainedConfig, PreTrainedModel, PreTrainedTokenizerBase
from transformers.utils import logging

from rlcore.config.model import ModelConfig
from rlcore.policy.records import ARCHITECTURES, DENSE, EXPERT_FIELDS, Architecture


def hf_config(model: ModelConfig, tokenizer: PreTrainedTokenizerBase) -> PretrainedConfig:
    """The transformers config of a model made from scratch.

    Embeddings are tied, and the vocabulary is the tokenizer's, already padded.
    """
    record = ARCHITECTURES[model.architecture]
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
    fields |= {name: getattr(model, size) for name, size in record.sizes.items()} | dict(record.constants)
    config: PretrainedConfig = getattr(transformers, record.config)(**fields)
    return config


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


def of(lm: PreTrainedModel) -> Architecture:
    """The record of a model; a dense model needs none.

    Raises:
        ValueError: a mixture of experts without a record, whose router nobody would balance or check.
    """
    kind = lm.config.model_type
    record = ARCHITECTURES.get(kind, DENSE)
    if record is DENSE and is_mixture(lm):
        raise ValueError(
            f"{kind} is a mixture of experts that is not known here, so its router could be neither balanced nor "
            f"checked: add its record to rlcore/policy/records.py, or take one of {', '.join(ARCHITECTURES)}"
        )
    return record


def is_mixture(lm: PreTrainedModel) -> bool:
    """Whether a model has experts, by its config or by what its modules are called."""
    if any((getattr(lm.config, name, 0) or 0) > 1 for name in EXPERT_FIELDS):
        return True
    return any(type(module).__name__.endswith(("Router", "Experts")) for module in lm.modules())


def routers(lm: PreTrainedModel, record: Architecture) -> list[torch.nn.Module]:
    """The router modules of a model, layer by layer; none in a dense one. ValueError where the record names others."""
    found = [module for module in lm.modules() if type(module).__name__ == record.router]
    if record.router and not found:
        raise ValueError(
            f"no module of {type(lm).__name__} is a {record.router}: correct `router` of {lm.config.model_type} in "
            "rlcore/policy/records.py, or install the version of transformers that deploy/constraints.txt names"
        )
    return found


def prepare_for_training(lm: PreTrainedModel, *, gradient_checkpointing: bool) -> PreTrainedModel:
    """Grouped experts (the fastest on CPU and GPU), no dropout of any kind (ratios must be 1 on-policy), no cache."""
    if hasattr(lm, "set_experts_implementation") and is_mixture(lm):
        lm.set_experts_implementation("grouped_mm")
    lm.config.use_cache = False
    lm.train()
    # Attention drops by a number of its own (`attention_dropout`), which is no module.
    for part in (lm.config, *lm.modules()):
        for name, value in list(vars(part).items()):
            rate = isinstance(value, float) and (name.endswith("dropout") or name.endswith("_pdrop"))
            if rate or (name == "p" and isinstance(part, torch.nn.Dropout)):
                setattr(part, name, 0.0)
    if gradient_checkpointing:
        lm.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
    return lm


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
