"""A plain transformers engine behind the same protocol, for what vLLM cannot serve and as a reference for it.

Every request samples from a generator of its own: neighbours in a batch and padding change its logits by float
noise only, and Gumbel-max turns noise of 1e-7 into another token about once in ten million.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from transformers import AutoModelForCausalLM

from rollout.admission import SEED_MASK, admit, admit_sequences, continuations
from rollout.engine import run_to_end
from rollout.types import Completion, FinishReason, Request, completion
from rollout.vocabulary import Vocabulary
from rollout.weights import check_weights, fingerprint, model_shapes, read_state, tensor_checksum

_DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}
_SCORE_TOKENS = 4096
"""Tokens (`_B` x `_T`, padding included) whose logits exist at once while scoring."""


@dataclass
class _Row:
    """One request on its way through a batch."""

    request: Request
    budget: int
    generator: torch.Generator
    token_ids: list[int] = field(default_factory=list)
    logprobs: list[float] = field(default_factory=list)
    finish_reason: FinishReason | None = None


class TransformersEngine:
    """`rollout.engine.Engine` over `AutoModelForCausalLM`.

    Args:
        model_path: folder or hub name.
        dtype: `float32` or `bfloat16`.
        max_model_len: longest prompt + completion in tokens.
        max_sequences: sequences of one batch.
        threads: CPU threads; 0 leaves the process as it is.
        device: where the model lives.
    """

    def __init__(
        self,
        model_path: str | Path,
        *,
        dtype: str = "float32",
        max_model_len: int,
        max_sequences: int = 256,
        threads: int = 0,
        device: str = "cpu",
    ) -> None:
        if dtype not in _DTYPES:
            raise ValueError(f"dtype {dtype!r} is not one of {', '.join(_DTYPES)}")
        if threads:
            torch.set_num_threads(threads)
        self.policy_version = 0
        self._given: dict[str, str] = {}
        self._max_model_len = max_model_len
        self._max_sequences = max_sequences
        self._device = device
        self._vocabulary = Vocabulary(model_path)
        self._waiting: list[_Row] = []
        self._batch: Iterator[list[_Row]] | None = None
        model: Any = AutoModelForCausalLM.from_pretrained(model_path, dtype=_DTYPES[dtype])
        self._model: Any = model.to(device).eval()

    def add(self, requests: Sequence[Request]) -> None:
        """See `Engine.add`."""
        self._waiting += [
            _Row(request, budget, torch.Generator().manual_seed(request.seed & SEED_MASK))
            for request, budget in zip(requests, admit(requests, self._max_model_len), strict=True)
        ]
        self._waiting.sort(key=lambda row: len(row.request.prompt_ids))

    def busy(self) -> bool:
        """See `Engine.busy`."""
        return bool(self._waiting or self._batch)

    def step(self) -> list[Completion]:
        """See `Engine.step`: one token for each row of a batch; what comes meanwhile waits for the next batch."""
        if self._batch is None:
            rows, self._waiting = self._waiting[: self._max_sequences], self._waiting[self._max_sequences :]
            self._batch = self._run_batch(rows)
        ended = next(self._batch, None)
        if ended is None:
            self._batch = None
        return [self._completion(row) for row in ended or ()]

    def generate(self, requests: Sequence[Request]) -> list[Completion]:
        """See `Engine.generate`."""
        return run_to_end(self, requests)

    @torch.inference_mode()
    def score(self, sequences: Sequence[Sequence[int]]) -> list[list[float]]:
        """See `Engine.score`."""
        admit_sequences(sequences, self._max_model_len)
        scores: list[list[float]] = [[] for _ in sequences]
        for batch in _batches_by_length(sequences):
            ids_BT, mask_BT = self._pad([sequences[i] for i in batch], left=False)
            logits_BTV = self._model(input_ids=ids_BT, attention_mask=mask_BT, use_cache=False).logits
            logp_BTV = logits_BTV[:, :-1].float().log_softmax(dim=-1)
            logp_BT = logp_BTV.gather(-1, ids_BT[:, 1:, None]).squeeze(-1)
            for row, index in enumerate(batch):
                scores[index] = logp_BT[row, : len(sequences[index]) - 1].tolist()
        return scores

    def probe(self, sequences: Sequence[Sequence[int]], max_tokens: int) -> tuple[list[list[float]], list[Completion]]:
        """See `Engine.probe`."""
        return self.score(sequences), self.generate(continuations(sequences, max_tokens))

    @torch.inference_mode()
    def trace(self, sequences: Sequence[Sequence[int]]) -> list[dict[str, list[float]]]:
        """See `Engine.trace`."""
        admit_sequences(sequences, self._max_model_len)
        norms: dict[str, list[float]] = {}

        def hook(name: str) -> Any:
            def record(_module: Any, _inputs: Any, output: Any) -> None:
                hidden_BTD = output[0] if isinstance(output, tuple) else output
                norms[name] = hidden_BTD[0].float().norm(dim=-1).tolist()

            return record

        layers = self._model.model.layers
        handles = [layer.register_forward_hook(hook(f"model.layers.{n}")) for n, layer in enumerate(layers)]
        traces = []
        try:
            for sequence in sequences:
                self._model(input_ids=torch.tensor([list(sequence)], device=self._device), use_cache=False)
                traces.append(dict(norms))
        finally:
            for handle in handles:
                handle.remove()
        return traces

    @torch.no_grad()
    def update_weights(self, path: Path, version: int) -> None:
        """See `Engine.update_weights`; ValueError leaves the old weights and version."""
        path = Path(path)
        given = check_weights(path, model_shapes(self._model), tied=bool(self._model.config.tie_word_embeddings))
        current = self._model.state_dict()
        for name, tensor in read_state(path, current).items():
            current[name].copy_(tensor)
        self._given, self.policy_version = given, version

    def fingerprints(self) -> dict[str, str]:
        """See `Engine.fingerprints`."""
        return self._given | {name: fingerprint(tensor) for name, tensor in self._model.state_dict().items()}

    def checksums(self) -> dict[str, str]:
        """See `Engine.checksums`: the whole `state_dict()`, experts fused."""
        return {name: tensor_checksum(tensor) for name, tensor in self._model.state_dict().items()}

    def close(self) -> None:
        """See `Engine.close`."""
        del self._model

    @torch.inference_mode()
    def _run_batch(self, rows: list[_Row]) -> Iterator[list[_Row]]:
        """Sample token by token; gives the rows that end with each."""
        ids_BT, mask_BT = self._pad([row.request.prompt_ids for row in rows], left=True)
        cache: Any = None
        while rows:
            positions_BT = (mask_BT.cumsum(dim=-1) - 1).clamp(min=0)[:, -ids_BT.shape[1] :]
            output = self._model(
                input_ids=ids_BT,
                attention_mask=mask_BT,
                position_ids=positions_BT,
                past_key_values=cache,
                use_cache=True,
                logits_to_keep=1,
            )
            cache = output.past_key_values
            tokens_B = self._extend(rows, output.logits[:, -1].float().cpu())
            kept = [index for index, row in enumerate(rows) if row.finish_reason is None]
            yield [row for row in rows if row.finish_reason is not None]
            if len(kept) < len(rows):
                rows = [rows[index] for index in kept]
                kept_B = torch.tensor(kept, dtype=torch.long, device=self._device)
                cache.batch_select_indices(kept_B)
                mask_BT, tokens_B = mask_BT[kept_B], tokens_B[kept_B.to(tokens_B.device)]
            ids_BT = tokens_B[:, None].to(self._device)
            mask_BT = torch.cat([mask_BT, torch.ones_like(ids_BT)], dim=-1)

    def _extend(self, rows: list[_Row], logits_BV: Tensor) -> Tensor:
        """Sample one token for each row and note it there. Returns (`_B`) token ids."""
        # Greedy log-probs are at temperature 1: those of a one-hot distribution say nothing.
        temperature_B = torch.tensor([row.request.temperature or 1.0 for row in rows])
        logp_BV = (logits_BV / temperature_B[:, None]).log_softmax(dim=-1)
        noise_BV = torch.ones_like(logp_BV)
        for noise_V, row in zip(noise_BV, rows, strict=True):
            if row.request.temperature > 0:
                noise_V.exponential_(generator=row.generator)
        # Gumbel-max: -log of a unit exponential is a standard Gumbel variable; ones leave the greedy argmax.
        tokens_B = (logp_BV - noise_BV.log()).argmax(dim=-1)
        chosen_B = logp_BV.gather(-1, tokens_B[:, None]).squeeze(-1)
        for row, token, logprob in zip(rows, tokens_B.tolist(), chosen_B.tolist(), strict=True):
            row.token_ids.append(token)
            row.logprobs.append(logprob)
            if token in self._vocabulary.stop_ids:
                row.finish_reason = "stop"
            elif len(row.token_ids) == row.budget:
                row.finish_reason = "length"
        return tokens_B

    def _pad(self, sequences: Sequence[Sequence[int]], *, left: bool) -> tuple[Tensor, Tensor]:
        """(`_B` x `_T`) ids and attention mask; the padding's id is masked and may be any."""
        width = max(len(sequence) for sequence in sequences)
        ids_BT = torch.zeros(len(sequences), width, dtype=torch.long)
        mask_BT = torch.zeros_like(ids_BT)
        for row, sequence in enumerate(sequences):
            span = slice(width - len(sequence), width) if left else slice(0, len(sequence))
            ids_BT[row, span] = torch.tensor(list(sequence))
            mask_BT[row, span] = 1
        return ids_BT.to(self._device), mask_BT.to(self._device)

    def _completion(self, row: _Row) -> Completion:
        assert row.finish_reason is not None
        return completion(
            row.request.id,
            self._vocabulary.decode(row.token_ids),
            row.token_ids,
            row.logprobs,
            version=self.policy_version,
            finish_reason=row.finish_reason,
        )


def _batches_by_length(sequences: Sequence[Sequence[int]]) -> Iterator[list[int]]:
    """Indices of the sequences, similar lengths together, at most `_SCORE_TOKENS` padded tokens a batch."""
    batch: list[int] = []
    for index in sorted(range(len(sequences)), key=lambda i: len(sequences[i])):
        if batch and (len(batch) + 1) * len(sequences[index]) > _SCORE_TOKENS:
            yield batch
            batch = []
        batch.append(index)
    if batch:
        yield batch
