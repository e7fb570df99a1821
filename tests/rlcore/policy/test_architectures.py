"""The policy as a model: packed rows equal single documents, the routers of every layer, what is saved."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from rlcore.config.model import ModelConfig
from rlcore.learn.batch import TrainSequence, pack_rows
from rlcore.learn.logprobs import Policy
from rlcore.policy import architectures
from rlcore.policy.tokens import char_tokenizer

SIZES = {"hidden_size": 32, "layers": 2, "heads": 2, "kv_heads": 1, "head_dim": 16, "context": 64}


def policy(architecture: str = "qwen3_moe", **fields: Any) -> Policy:
    config = ModelConfig(architecture=architecture, experts=4, expert_intermediate_size=16, **SIZES)  # type: ignore[arg-type]
    model = architectures.create(config, char_tokenizer(64), seed=0)
    return Policy(architectures.prepare_for_training(model, gradient_checkpointing=False), logprob_chunk=4096, **fields)


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


def test_router_logits_are_of_every_layer() -> None:
    module = policy()
    rows = pack_rows([TrainSequence([1, 5, 6, 7], 1)], 8)
    output = module(rows.ids, rows.positions, rows.mask)
    assert [tuple(logits.shape) for logits in output.router_logits_LTE] == [(8, 4), (8, 4)]


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
