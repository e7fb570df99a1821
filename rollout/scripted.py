"""Completions out of a JSON file: for tests of what stands around the engines. No weights, no sampling.

    {"default": ["I do not know"],
     "prompts": {"1+1=": ["2", {"text": "3", "logprobs": [-0.7]}]},
     "prompt_ids": {"5 6 7": [{"token_ids": [8, 9]}]}}

A prompt's lines are looked up by its token ids, then by its text, then `default` is taken. Greedy requests get
the first line, others the one their seed points at (modulo the number of lines).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import Field, ValidationError

from rollout.admission import SEED_MASK, admit, admit_sequences, continuations
from rollout.engine import run_to_end
from rollout.types import Completion, FinishReason, Frozen, Request, completion

if TYPE_CHECKING:
    from rollout.vocabulary import Vocabulary

STOP_ID = 0
"""Ends a completion where no tokenizer is given and token ids are code points."""


class Line(Frozen):
    """One completion: its text, or its token ids. `logprobs` (nats, one per token of it) are 0.0 if left out."""

    text: str = ""
    token_ids: tuple[int, ...] | None = None
    logprobs: tuple[float, ...] | None = None


class Script(Frozen):
    """The file; see the module."""

    default: tuple[str | Line, ...] = ()
    prompts: dict[str, tuple[str | Line, ...]] = Field(default_factory=dict)
    prompt_ids: dict[str, tuple[str | Line, ...]] = Field(default_factory=dict)


class ScriptedEngine:
    """`rollout.engine.Engine` that reads its completions from a script.

    Args:
        script: a JSON file, or its contents.
        model_path: a folder with a tokenizer; without one, token ids are Unicode code points.
        max_model_len: longest prompt + completion in tokens.
    """

    def __init__(
        self, script: str | Path | Mapping[str, Any], *, model_path: str | Path = "", max_model_len: int = 4096
    ) -> None:
        self.policy_version = 0
        self._max_model_len = max_model_len
        self._script = _load(script)
        self._ended: list[Completion] = []
        self._vocabulary: Vocabulary | None = None
        self._stop_ids = frozenset({STOP_ID})
        if model_path:
            from rollout.vocabulary import Vocabulary

            self._vocabulary = Vocabulary(model_path)
            self._stop_ids = self._vocabulary.stop_ids
            if not self._stop_ids:
                raise ValueError(f"{model_path}: the tokenizer has no end-of-sequence token: name one in its config")

    def add(self, requests: Sequence[Request]) -> None:
        """See `Engine.add`.

        Raises:
            ValueError: the script has no line for a prompt.
        """
        budgets = admit(requests, self._max_model_len)
        self._ended += [self._complete(request, budget) for request, budget in zip(requests, budgets, strict=True)]

    def busy(self) -> bool:
        """See `Engine.busy`."""
        return bool(self._ended)

    def step(self) -> list[Completion]:
        """See `Engine.step`: one completion."""
        return [self._ended.pop(0)] if self._ended else []

    def generate(self, requests: Sequence[Request]) -> list[Completion]:
        """See `Engine.generate`."""
        return run_to_end(self, requests)

    def score(self, sequences: Sequence[Sequence[int]]) -> list[list[float]]:
        """Zeros in the shape of `Engine.score`."""
        admit_sequences(sequences, self._max_model_len)
        return [[0.0] * (len(sequence) - 1) for sequence in sequences]

    def probe(self, sequences: Sequence[Sequence[int]], max_tokens: int) -> tuple[list[list[float]], list[Completion]]:
        """See `Engine.probe`."""
        return self.score(sequences), self.generate(continuations(sequences, max_tokens))

    def trace(self, sequences: Sequence[Sequence[int]]) -> list[dict[str, list[float]]]:
        """No layers: an empty dict per sequence."""
        admit_sequences(sequences, self._max_model_len)
        return [{} for _ in sequences]

    def update_weights(self, path: Path, version: int) -> None:
        """Take the version; `path` only has to exist."""
        if not Path(path).exists():
            raise ValueError(f"{path}: no such file: write the weights before the update")
        self.policy_version = version

    def fingerprints(self) -> dict[str, str]:
        """No tensors: empty."""
        return {}

    def checksums(self) -> dict[str, str]:
        """No tensors: empty."""
        return {}

    def close(self) -> None:
        """Nothing to free."""

    def _complete(self, request: Request, budget: int) -> Completion:
        lines = self._lines(request.prompt_ids)
        choice = (request.seed & SEED_MASK) % len(lines) if request.temperature > 0 else 0
        picked = lines[choice]
        line = Line(text=picked) if isinstance(picked, str) else picked
        token_ids = list(self._encode(line.text) if line.token_ids is None else line.token_ids)
        logprobs = list(line.logprobs or [0.0] * len(token_ids))
        if len(logprobs) != len(token_ids):
            raise ValueError(
                f"script line {line}: {len(logprobs)} logprobs for {len(token_ids)} tokens: make them match"
            )
        if not token_ids or token_ids[-1] not in self._stop_ids:
            token_ids.append(min(self._stop_ids))
            logprobs.append(0.0)
        finish_reason: FinishReason = "stop" if len(token_ids) <= budget else "length"
        token_ids = token_ids[:budget]
        return completion(
            request.id,
            self._decode(token_ids),
            token_ids,
            logprobs[:budget],
            version=self.policy_version,
            finish_reason=finish_reason,
        )

    def _lines(self, prompt_ids: tuple[int, ...]) -> tuple[str | Line, ...]:
        by_ids = self._script.prompt_ids.get(" ".join(map(str, prompt_ids)))
        lines = by_ids or self._script.prompts.get(self._decode(list(prompt_ids))) or self._script.default
        if not lines:
            text = self._decode(list(prompt_ids))
            raise ValueError(f"the script has no line for the prompt {text!r}: add it, or a `default`")
        return lines

    def _encode(self, text: str) -> list[int]:
        return self._vocabulary.encode(text) if self._vocabulary else [ord(character) for character in text]

    def _decode(self, token_ids: list[int]) -> str:
        if self._vocabulary:
            return self._vocabulary.decode(token_ids)
        return "".join(chr(i) for i in token_ids if i not in self._stop_ids)


def _load(script: str | Path | Mapping[str, Any]) -> Script:
    try:
        raw = script if isinstance(script, Mapping) else json.loads(Path(script).read_text(encoding="utf-8"))
        return Script.model_validate(raw)
    except (OSError, json.JSONDecodeError, ValidationError) as error:
        raise ValueError(f"not a script of completions (rollout/scripted.py shows one): {error}") from error
