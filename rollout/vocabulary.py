"""The tokenizer's part of an engine: which ids end a completion, and its text."""

from __future__ import annotations

from pathlib import Path

from transformers import AutoConfig, AutoTokenizer, GenerationConfig


class Vocabulary:
    """Decodes completions of the model at `model_path` and knows its end-of-sequence ids.

    Attributes:
        stop_ids: the tokenizer's end-of-sequence id and those of the generation config (else of the model config):
            chat models have several.
    """

    def __init__(self, model_path: str | Path) -> None:
        self._tokenizer = AutoTokenizer.from_pretrained(model_path)
        try:
            declared = GenerationConfig.from_pretrained(model_path).eos_token_id
        except OSError:  # the folder has no generation_config.json
            declared = getattr(AutoConfig.from_pretrained(model_path), "eos_token_id", None)
        ids = declared if isinstance(declared, list) else [declared]
        self.stop_ids: frozenset[int] = frozenset(i for i in [*ids, self._tokenizer.eos_token_id] if i is not None)

    def decode(self, token_ids: list[int]) -> str:
        """The text without special tokens, spaces as the tokens have them."""
        text = self._tokenizer.decode(token_ids, skip_special_tokens=True, clean_up_tokenization_spaces=False)
        assert isinstance(text, str)
        return text

    def encode(self, text: str) -> list[int]:
        """Token ids of `text`, no special tokens added."""
        return list(self._tokenizer.encode(text, add_special_tokens=False))
