"""Between problems and the policy: prompts as token ids, completions as text."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from rlcore.config.run import RunConfig
from rlcore.policy import tokens
from verifiers.types import Problem


class Prompts:
    """Encodes and decodes as the run file says; the tokenizer is loaded when it is first needed."""

    def __init__(self, config: RunConfig) -> None:
        self._config = config

    @cached_property
    def tokenizer(self) -> Any:
        """The policy's tokenizer."""
        model = self._config.model
        return tokens.load_tokenizer(model.path or model.tokenizer, model.context)

    def encode(self, problem: Problem) -> tuple[int, ...]:
        """(`_T`) the ids a completion of the problem continues; ValueError when it leaves no room."""
        config = self._config
        return tokens.encode_prompt(
            self.tokenizer,
            problem,
            chat=config.data.chat,
            template=config.data.prompt_template,
            max_prompt=config.model.context - config.rollout.max_new_tokens,
        )

    def decode(self, token_ids: list[int]) -> str:
        """The text of completion tokens, as the rollout engines give it."""
        return str(self.tokenizer.decode(token_ids, skip_special_tokens=True, clean_up_tokenization_spaces=False))
