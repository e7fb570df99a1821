"""The policy module: packed rows equal single documents, chunks are exact, router load by hand."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
import torch
from transformers import AutoConfig, AutoModelForCausalLM

from rlcore.config.model import ModelConfig
from rlcore.learn.batch import TrainSequence, pack_rows
from rlcore.learn.logprobs import Policy
from rlcore.policy import architectures
from rlcore.policy.records import ARCHITECTURES, DENSE
from rlcore.policy.tokens import char_tokenizer

SIZES = {"hidden_size": 32, "layers": 2, "heads": 2, "kv_heads": 1, "head_dim": 16, "context": 64}


def policy(architecture: str = "qwen3_moe", **fields: Any) -> Policy:
    config = ModelConfig(architecture=architecture, experts=4, expert_intermediate_size=16, **SIZES)  # type: ignore[arg-type]
    model = architectures.create(config, char_tokenizer(64), seed=0)
    return Policy(architectures.prepare_for_training(model, gradient_checkpointing=False), logits_mib=64, **fields)


@pytest.mark.parametrize("architecture", ["qwen3_moe", "qwen3", "llama"])
def test_packed_rows_equal_single_documents(architecture: str) -> None:
    module = policy(architecture)
    sequences = [TrainSequence([1, *(3 + (7 * n + i) % 90 for i in range(5 + n))], 1) for n in range(6)]
    rows = pack_rows(sequences, 32)
    assert len(rows) < len(sequences), "nothing was packed, so this would prove nothing"
    packed = module(rows.ids, rows.positions, rows.mask).logp_T
    found = {n: packed[rows.sequence[rows.mask] == n] for n in range(6)}
    for n, sequence in enumerate(sequences):
        ids = torch.tensor([sequence.ids])
        logits = module.lm(input_ids=ids).logits[0, :-1].log_softmax(-1)
        alone = logits.gather(1, ids[0, 1:, None])[:, 0]
        assert torch.allclose(found[n], alone, atol=1e-5), f"document {n} sees its neighbours"


def tiny(kind: str, **fields: Any) -> Any:
    """A model of the kind with two layers, the second of them with experts."""
    sizes = {
        "vocab_size": 64,
        "hidden_size": 32,
        "intermediate_size": 16,
        "moe_intermediate_size": 16,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "num_key_value_heads": 2,
        "num_local_experts": 4,
        "num_experts_per_tok": 2,
        "n_group": 2,
        "topk_group": 1,
        "first_k_dense_replace": 1,
        "pad_token_id": 0,
    }
    if not ARCHITECTURES.get(kind, DENSE).router and kind != "qwen2_moe":
        sizes = {
            name: value for name, value in sizes.items() if "expert" not in name and name != "moe_intermediate_size"
        }
    if kind == "deepseek_v3":
        sizes |= {"kv_lora_rank": 16, "q_lora_rank": 16, "qk_rope_head_dim": 8, "v_head_dim": 16, "qk_nope_head_dim": 8}
    torch.manual_seed(0)
    return AutoModelForCausalLM.from_config(AutoConfig.for_model(kind, **(sizes | fields)))


@pytest.mark.parametrize("kind", [kind for kind, record in ARCHITECTURES.items() if record.router])
def test_every_record_of_a_mixture_finds_its_routers(kind: str) -> None:
    """Their choice is what the experts computed: without the others a token's output does not change."""
    module = Policy(architectures.prepare_for_training(tiny(kind), gradient_checkpointing=False), logits_mib=64)
    rows = pack_rows([TrainSequence([1, 5, 6, 7], 1)], 8)
    output = module(rows.ids, rows.positions, rows.mask)
    assert output.routed_L, "no router seen"
    for layer in output.routed_L:
        assert layer.logits_TE.shape == (8, 4) and layer.experts_TK.shape == (8, 2)
    stacked = [name for name, _ in module.named_parameters() if module.architecture.stacked_in(name) == 2]
    assert len(stacked) == len(output.routed_L), "gate and up would be orthogonalised as one matrix"
    gates = [name for name, p in module.named_parameters() if "gate.weight" in name and p.ndim == 2]
    assert gates and not any(module.architecture.is_hidden_matrix(name, 2) for name in gates)


def test_a_mixture_without_a_record_is_refused() -> None:
    model = tiny("qwen2_moe", decoder_sparse_step=1)
    with pytest.raises(ValueError, match=r"qwen2_moe is a mixture of experts that is not known.*records\.py"):
        architectures.of(model)


def test_a_record_with_the_wrong_router_is_refused() -> None:
    record = dataclasses.replace(ARCHITECTURES["mixtral"], router="Router")
    with pytest.raises(ValueError, match=r"no module of MixtralForCausalLM is a Router"):
        architectures.routers(tiny("mixtral"), record)


@pytest.mark.parametrize("kind", ["qwen3_moe", "llama", "gpt2"])
def test_nothing_is_dropped_in_training(kind: str) -> None:
    """Attention's dropout is a number of its own, not a module: the same weights must give the same logits twice."""
    dropouts = {"attention_dropout": 0.5, "attn_pdrop": 0.5, "resid_pdrop": 0.5, "embd_pdrop": 0.5}
    model = tiny(kind, **dropouts)
    ids = torch.tensor([[1, 5, 6, 7]])
    model.train()
    assert not torch.equal(model(input_ids=ids).logits, model(input_ids=ids).logits), "nothing to turn off"
    architectures.prepare_for_training(model, gradient_checkpointing=False)
    assert model.training and torch.equal(model(input_ids=ids).logits, model(input_ids=ids).logits)


def test_saved_config_has_both_names_of_the_expert_count(tmp_path: Any) -> None:
    import json

    config = ModelConfig(experts=4, expert_intermediate_size=16, **SIZES)  # type: ignore[arg-type]
    tokenizer = char_tokenizer(64)
    model = architectures.create(config, tokenizer, seed=0)
    architectures.save(model, tokenizer, tmp_path / "hf", None)
    saved = json.loads((tmp_path / "hf" / "config.json").read_text())
    assert saved["num_experts"] == saved["num_local_experts"] == 4
    again = architectures.load(tmp_path / "hf")
    assert all(torch.equal(a, b) for a, b in zip(model.parameters(), again.parameters(), strict=True))


def test_a_missing_model_names_the_remedy(tmp_path: Any) -> None:
    with pytest.raises(ValueError, match=r"model\.path"):
        architectures.load(tmp_path / "nothing")
