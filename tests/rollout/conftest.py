"""Tiny Qwen3-MoE models with a character tokenizer, a reference without any engine, and a local Ray."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers
from transformers import AutoModelForCausalLM, PreTrainedTokenizerFast, Qwen3MoeConfig, Qwen3MoeForCausalLM

SPECIAL = ["<pad>", "<bos>", "<eos>"]
CHARACTERS = [chr(code) for code in range(32, 127)]
EOS = 2


def save_tiny_model(folder: Path, *, tied: bool) -> Path:
    """Untrained, but with weights large enough that a wrong expert or head moves every log-prob."""
    vocabulary = {token: index for index, token in enumerate(SPECIAL + CHARACTERS)}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="<pad>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(r"[\s\S]"), "isolated")
    tokenizer.decoder = decoders.Fuse()
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token="<bos>", eos_token="<eos>", pad_token="<pad>")
    config = Qwen3MoeConfig(
        vocab_size=len(vocabulary),
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=1,
        head_dim=32,
        moe_intermediate_size=64,
        num_experts=4,
        num_experts_per_tok=2,
        norm_topk_prob=True,
        tie_word_embeddings=tied,
        max_position_embeddings=128,
        initializer_range=0.1,
        bos_token_id=1,
        eos_token_id=EOS,
        pad_token_id=0,
    )
    torch.manual_seed(11)
    Qwen3MoeForCausalLM(config).save_pretrained(folder)
    fast.save_pretrained(folder)
    return folder


@pytest.fixture(scope="package", autouse=True)
def one_thread() -> Iterator[None]:
    """OpenMP threads that spin on cores others want make these tiny models a hundred times slower."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="package")
def model_folders(tmp_path_factory: pytest.TempPathFactory) -> dict[bool, Path]:
    """tied -> folder."""
    root = tmp_path_factory.mktemp("models")
    return {tied: save_tiny_model(root / f"tied-{tied}", tied=tied) for tied in (True, False)}


class Reference:
    """What transformers says, one sequence at a time, without cache, padding or any code of ours."""

    def __init__(self, folder: Path) -> None:
        self.model: Any = AutoModelForCausalLM.from_pretrained(folder).eval()

    def logits(self, sequence: list[int]) -> torch.Tensor:
        with torch.no_grad():
            logits_TV: torch.Tensor = self.model(torch.tensor([sequence]), use_cache=False).logits[0]
        return logits_TV

    def logprobs(self, sequence: list[int], temperature: float = 1.0) -> list[float]:
        logp_TV = (self.logits(sequence)[:-1] / temperature).log_softmax(dim=-1)
        return logp_TV.gather(-1, torch.tensor(sequence[1:])[:, None]).squeeze(-1).tolist()

    def greedy(self, prompt: list[int], max_tokens: int) -> list[int]:
        sequence = list(prompt)
        while len(sequence) < len(prompt) + max_tokens:
            sequence.append(int(self.logits(sequence)[-1].argmax()))
            if sequence[-1] == EOS:
                break
        return sequence[len(prompt) :]

    def perturb(self, seed: int, *, only: str = "") -> None:
        """Move every weight (or those whose name contains `only`) by a tenth of their spread."""
        torch.manual_seed(seed)
        with torch.no_grad():
            for name, parameter in self.model.named_parameters():
                if only in name:
                    parameter.add_(torch.randn_like(parameter) * 0.05)


@pytest.fixture(scope="package")
def new_reference() -> Callable[[Path], Reference]:
    return Reference
