"""One learner rank: a policy under DeepSpeed ZeRO. A plain class; `ranks` puts it into Ray actors."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from rlcore.config.learner import LearnerConfig, OptimConfig
from rlcore.config.model import ModelConfig
from rlcore.learn import engine
from rlcore.learn.balance import balance_loss, expert_counts, max_over_mean
from rlcore.learn.batch import PackedRows, TrainSequence, pack_rows
from rlcore.learn.logprobs import Policy
from rlcore.policy import architectures
from rlcore.rl import algorithm
from rlcore.rl.losses import Tokens, nll
from rollout.weights import TIED_HEAD, TensorInfo


@dataclass(frozen=True)
class StepSpec:
    """How to turn rows into an optimiser step; the counts are over all ranks of the step.

    Attributes:
        loss: `nll`, or an algorithm (`rlcore.rl.algorithm`). options: its. lr: multiplier of the peak learning rates.
        num_tokens, num_sequences: the loss's normalisers. real_tokens: tokens that are not padding. All three count
            merged sequences each, as the properties of `PackedRows` do.
        balance_coef: weight of the load-balance loss (MoE).
        temperature: the sampling temperature; the logits are divided by it.
    """

    loss: str
    lr: float
    num_tokens: int
    num_sequences: int
    real_tokens: int
    balance_coef: float = 0.0
    temperature: float = 1.0
    options: dict[str, Any] = field(default_factory=dict)


GATHER_BYTES = 64 * 2**20
"""Of weights that a rank holds whole at a time while they are handed over or saved under ZeRO-3."""

SUMMED = ("balance_loss", "clip_share_low", "clip_share_high", "ratio_max", "logprob_abs_diff_max", "mismatch_kl")


class Learner:
    """Holds the policy, its optimiser and its ZeRO partition on one rank.

    Every method is a collective: call it on all ranks, in the same order.
    """

    def __init__(self, model_path: str, model: ModelConfig, learner: LearnerConfig, optim: OptimConfig) -> None:
        self.config, self.rank = learner, torch.distributed.get_rank()
        self.ranks = torch.distributed.get_world_size()
        lm = architectures.prepare_for_training(
            architectures.load(model_path), gradient_checkpointing=learner.gradient_checkpointing
        )
        self.tied = bool(lm.config.tie_word_embeddings)
        self.skip_norm = optim.skip_norm
        policy = Policy(lm, logits_mib=learner.logits_mib)
        self.engine, self.optimizer = engine.initialize(policy, learner, optim, model.dtype)
        self.device = self.engine.device

    def step(self, micro_batches: Sequence[PackedRows], spec: StepSpec) -> dict[str, Any]:
        """One optimiser step on this rank's micro-batches (every rank has as many). Returns metrics over all ranks.

        A step whose gradient is not finite, or longer than `optim.skip_norm`, changes neither weights nor momentum.
        """
        for group in self.optimizer.param_groups:
            group["lr"] = group["peak_lr"] * spec.lr
        metrics = self._reduce(self._accumulate(micro_batches, spec))
        norm = engine.gradient_norm(self.engine)
        finite = math.isfinite(norm)
        skipped = not finite or 0 < self.skip_norm < norm
        self._apply(skip=skipped)
        counts = {"steps_skipped": int(skipped), "steps_nonfinite": int(not finite)}
        return metrics | {"grad_norm": norm, "lr": spec.lr} | counts

    def gradients(self, micro_batches: Sequence[PackedRows], spec: StepSpec) -> dict[str, Tensor]:
        """The gradient that `step` would act on, before any clip, by the name of the parameter (rank 0; else empty).

        Nothing moves.
        """
        from deepspeed.utils import safe_get_full_grad

        self._accumulate(micro_batches, spec)
        found = {}
        for name, parameter in self.engine.module.named_parameters():
            gradient = safe_get_full_grad(parameter)
            if self.rank == 0:
                found[name] = gradient.detach().cpu().clone()
        self._apply(skip=True)
        return found

    def _accumulate(self, micro_batches: Sequence[PackedRows], spec: StepSpec) -> dict[str, Tensor]:
        """Forward and backward of all micro-batches; the sums of their metrics on this rank."""
        sums: dict[str, Tensor] = {}
        load = Load()
        for number, rows in enumerate(micro_batches):
            last = number == len(micro_batches) - 1
            self.engine.set_gradient_accumulation_boundary(last)
            loss, metrics = self._loss(rows.map(lambda value: value.to(self.device)), spec, load)
            # DeepSpeed averages over ranks; our losses are already divided by counts over all of them.
            self.engine.backward(loss * self.ranks)
            if not last:
                self.engine.step()
            for name, value in metrics.items():
                merge = torch.maximum if name.endswith("_max") else torch.add
                sums[name] = merge(sums[name], value) if name in sums else value
        return sums

    def _apply(self, *, skip: bool) -> None:
        self.optimizer.skipping = skip
        try:
            self.engine.step()
        finally:
            self.optimizer.skipping = False

    def _loss(self, rows: PackedRows, spec: StepSpec, load: Load) -> tuple[Tensor, dict[str, Tensor]]:
        cross_entropy = spec.loss == "nll"
        expected = rows.copies if cross_entropy else None
        output = self.engine(rows.ids, rows.positions, rows.mask, spec.temperature, not cross_entropy, expected)
        mask = rows.mask
        logp = output.logp_T
        old = logp.detach() if rows.old_logp is None else rows.old_logp[mask]
        _, sequence = torch.unique(rows.sequence[mask], return_inverse=True)
        tokens = Tokens(
            logp_T=logp,
            old_T=old,
            advantage_T=rows.advantage[mask],
            mask_T=torch.ones_like(logp, dtype=torch.bool),
            sequence_T=sequence,
            copies_T=rows.copies[mask],
            num_sequences=spec.num_sequences,
            num_tokens=spec.num_tokens,
        )
        if spec.loss == "nll":
            loss, metrics = nll(tokens)
        else:
            loss, metrics = algorithm.load(spec.loss).loss(tokens, algorithm.options(spec.loss, spec.options))
        metrics["loss"] = loss.detach()
        if output.entropy_T is not None:
            metrics["entropy"] = (output.entropy_T * rows.copies[mask]).sum() / spec.num_tokens
        if spec.loss != "nll" and logp.numel():
            mismatch = (
                (logp.detach() - rows.rollout_logp[mask]) if rows.old_logp is None else old - rows.rollout_logp[mask]
            )
            metrics["logprob_abs_diff_max"] = mismatch.abs().max()
            metrics["mismatch_kl"] = ((mismatch.exp() - 1 - mismatch) * rows.copies[mask]).sum() / spec.num_tokens
        if output.routed_L:
            weight = rows.copies.flatten()
            metrics["expert_counts"] = expert_counts(output.routed_L, weight)
            if spec.balance_coef:
                load_LE = load.with_part(metrics["expert_counts"], weight.sum())
                balance = balance_loss(output.routed_L, weight, load_LE=load_LE, tokens=spec.real_tokens)
                loss = loss + spec.balance_coef * balance
                metrics["balance_loss"] = balance.detach()
        return loss, metrics

    def _reduce(self, sums: dict[str, Tensor]) -> dict[str, Any]:
        # Every rank must reduce the same names, also one that held nothing but padding.
        for name in SUMMED:
            sums.setdefault(name, torch.zeros((), device=self.device))
        out: dict[str, Any] = {}
        for name in sorted(sums):
            operation = torch.distributed.ReduceOp.MAX if name.endswith("_max") else torch.distributed.ReduceOp.SUM
            torch.distributed.all_reduce(sums[name], op=operation)
            out[name] = sums[name].tolist()
        if "expert_counts" in sums:
            out["load_max_over_mean"] = max_over_mean(sums["expert_counts"])
        return out

    @torch.no_grad()
    def logprobs(self, micro_batches: Sequence[PackedRows], temperature: float) -> list[Tensor]:
        """Per micro-batch (`_RT`) log-probs where the mask is True, 0 elsewhere: pi_old before an update."""
        out = []
        for rows in micro_batches:
            rows = rows.map(lambda value: value.to(self.device))
            logp = self.engine(rows.ids, rows.positions, rows.mask, temperature).logp_T
            logp_RT = torch.zeros(rows.ids.shape)
            logp_RT[rows.mask.cpu()] = logp.float().cpu()
            out.append(logp_RT)
        return out

    @torch.no_grad()
    def score(
        self, micro_batches: Sequence[PackedRows], rounding_seed: int | None = None
    ) -> tuple[list[Tensor], Tensor]:
        """Per micro-batch (`_RT`) log-probs (temperature 1) where the mask is True, and the (`_L`, `_E`) counts of
        routed tokens.

        With a seed, embeddings and each decoder layer's output are rounded to bf16 another way: up to one unit in the
        last of its 8 bits away, as another implementation of the same model might.
        """
        out, counts = [], []
        with self._rounding(rounding_seed):
            for rows in micro_batches:
                rows = rows.map(lambda value: value.to(self.device))
                output = self.engine(rows.ids, rows.positions, rows.mask, 1.0)
                logp_RT = torch.zeros(rows.ids.shape)
                logp_RT[rows.mask.cpu()] = output.logp_T.float().cpu()
                out.append(logp_RT)
                if output.routed_L:
                    counts.append(expert_counts(output.routed_L, rows.copies.flatten()).long().cpu())
        return out, torch.stack(counts).sum(0) if counts else torch.zeros(0, 0)

    @contextmanager
    def _rounding(self, seed: int | None) -> Iterator[None]:
        generator = torch.Generator(self.device).manual_seed(seed or 0)

        def jitter(module: object, inputs: object, output: Any) -> Any:
            hidden = output[0] if isinstance(output, tuple) else output
            uniform = torch.rand(hidden.shape, generator=generator, device=hidden.device)
            moved = (hidden.float() * (1 + 2**-8 * (2 * uniform - 1))).to(hidden.dtype)
            return (moved, *output[1:]) if isinstance(output, tuple) else moved

        model = self.engine.module.lm.model
        places = [] if seed is None else [model.embed_tokens, *model.layers]
        handles = [place.register_forward_hook(jitter) for place in places]
        try:
            yield
        finally:
            for handle in handles:
                handle.remove()

    @torch.no_grad()
    def routes(self, sequences: Sequence[Sequence[int]]) -> tuple[list[set[tuple[int, int]]], int]:
        """The (layer, expert) pairs that each sequence's tokens are routed to, and how many pairs there are."""
        found: list[set[tuple[int, int]]] = []
        pairs = 0
        for sequence in sequences:
            _, counts_LE = self.score([pack_rows([TrainSequence(sequence, 1)], len(sequence))])
            pairs = counts_LE.numel()
            found.append({(layer, expert) for layer, expert in counts_LE.nonzero().tolist()})
        return found, pairs

    @torch.no_grad()
    def trace(self, sequences: Sequence[Sequence[int]]) -> list[dict[str, list[float]]]:
        """Per sequence: `model.layers.N` -> L2 norm of that decoder layer's output at each token."""
        current: dict[str, list[float]] = {}

        def recorder(name: str) -> Callable[..., None]:
            def record(module: object, inputs: object, output: Any) -> None:
                hidden = output[0] if isinstance(output, tuple) else output
                current[name] = hidden.float().norm(dim=-1).flatten().tolist()

            return record

        layers = self.engine.module.lm.model.layers
        handles = [layer.register_forward_hook(recorder(f"model.layers.{n}")) for n, layer in enumerate(layers)]
        traces = []
        try:
            for ids, positions, mask in self._singles(sequences):
                current.clear()
                self.engine(ids, positions, mask, 1.0)
                traces.append(dict(current))
        finally:
            for handle in handles:
                handle.remove()
        return traces

    def _singles(self, sequences: Sequence[Sequence[int]]) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
        for sequence in sequences:
            ids = torch.tensor([list(sequence)], device=self.device)
            positions = torch.arange(ids.shape[1], device=self.device).unsqueeze(0)
            mask = torch.ones_like(ids, dtype=torch.bool)
            mask[:, 0] = False
            yield ids, positions, mask

    def describe_weights(self) -> list[TensorInfo]:
        """Name (Hugging Face), dtype and whole shape of what `weights` gives. No collective."""
        return [
            TensorInfo(name, value.dtype, tuple(getattr(value, "ds_shape", value.shape)))
            for name, value in self._named_weights().items()
        ]

    def weights(self) -> Iterator[tuple[str, Tensor]]:
        """(name, whole tensor) one after the other, each to be used before the next is asked for.

        Under ZeRO-3 at most `GATHER_BYTES` (or one tensor) are gathered at a time, and every rank must go through
        all of them.
        """
        import deepspeed

        named = self._named_weights()
        for group in groups_by_bytes(self.describe_weights(), GATHER_BYTES):
            parts = [named[info.name] for info in group if hasattr(named[info.name], "ds_shape")]
            with deepspeed.zero.GatheredParameters(parts, enabled=bool(parts)):
                for info in group:
                    yield info.name, named[info.name].detach()

    def _named_weights(self) -> dict[str, Tensor]:
        named: dict[str, Tensor] = self.engine.module.lm.state_dict(keep_vars=True)
        return {name: value for name, value in named.items() if not (self.tied and name == TIED_HEAD)}

    def state_dict(self) -> dict[str, Tensor] | None:
        """The whole model on rank 0 (None elsewhere), Hugging Face names, on the CPU; gathers under ZeRO-3."""
        state: dict[str, Tensor] = {}
        for name, tensor in self.weights():
            if self.rank == 0:
                state[name] = tensor.cpu().clone()
        return state if self.rank == 0 else None

    def save(self, folder: Path) -> None:
        """Optimiser, master weights and partitions of all ranks into `folder` (shared between ranks)."""
        self.engine.save_checkpoint(str(folder), tag="learner", client_state={})

    def load(self, folder: Path) -> None:
        """What `save` wrote, by as many ranks and the same ZeRO stage."""
        path, _ = self.engine.load_checkpoint(str(folder), tag="learner")
        if path is None:
            raise ValueError(f"{folder}: no learner state there; remove the folder to go on from the step before")


class Load:
    """How the step's tokens have been routed so far, over all ranks."""

    def __init__(self) -> None:
        self.counts_LE: Tensor | None = None
        self.tokens: Tensor | None = None

    def with_part(self, counts_LE: Tensor, tokens: Tensor) -> Tensor:
        """(`_L`, `_E`) share of tokens that each expert got, this micro-batch of all ranks included (a collective).

        With one micro-batch it is the step's own share and the balance loss exact. With more, the first ones see a
        share of fewer tokens (arXiv 2501.11873, section 3): knowing it ahead would cost a forward pass.
        """
        found = torch.cat([counts_LE.flatten(), tokens.reshape(1).to(counts_LE.dtype)])
        torch.distributed.all_reduce(found)
        counts_LE, tokens = found[:-1].view_as(counts_LE), found[-1]
        if self.counts_LE is not None and self.tokens is not None:
            counts_LE, tokens = counts_LE + self.counts_LE, tokens + self.tokens
        self.counts_LE, self.tokens = counts_LE, tokens
        return counts_LE / tokens.clamp(min=1.0)


def groups_by_bytes(infos: Sequence[TensorInfo], most: int) -> Iterator[list[TensorInfo]]:
    """Neighbours together, as long as they have `most` bytes or fewer; a larger one stands alone."""
    group: list[TensorInfo] = []
    for info in infos:
        if group and sum(member.bytes for member in group) + info.bytes > most:
            yield group
            group = []
        group.append(info)
    if group:
        yield group
