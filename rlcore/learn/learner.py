"""One learner rank: a policy under DeepSpeed ZeRO. A plain class; `learner_workers` puts it into Ray actors."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from rlcore.config.learner import LearnerConfig, OptimConfig
from rlcore.config.model import ModelConfig
from rlcore.learn.balance import balance_loss, expert_counts, max_over_mean
from rlcore.learn.batch import PackedRows
from rlcore.learn.logprobs import Policy
from rlcore.learn.optim.muon import parameter_groups, zero_muon
from rlcore.policy import architectures
from rlcore.rl import algorithm
from rlcore.rl.losses import Tokens, nll


@dataclass(frozen=True)
class StepSpec:
    """How to turn rows into an optimiser step; the counts are over all ranks of the step.

    Attributes:
        loss: `nll`, or an algorithm (`rlcore.rl.algorithm`). options: its. lr: multiplier of the peak learning rates.
        num_tokens, num_sequences: the loss's normalisers. real_tokens: tokens that are not padding.
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


SUMMED = ("balance_loss", "clip_share_low", "clip_share_high", "ratio_max", "logprob_abs_diff_max", "mismatch_kl")


def init_process_group(rank: int, ranks: int, address: str, port: int) -> None:
    """Join the data-parallel group: gloo on CPU, nccl where CUDA is there."""
    os.environ |= {
        "RANK": str(rank),
        "LOCAL_RANK": "0",
        "WORLD_SIZE": str(ranks),
        "MASTER_ADDR": address,
        "MASTER_PORT": str(port),
    }
    cpu = not torch.cuda.is_available()
    if cpu:
        os.environ["DS_ACCELERATOR"] = "cpu"
    import deepspeed

    if cpu:
        # The shared-memory collective is compiled on first use (half a minute) and saves milliseconds here.
        deepspeed.ops.__compatible_ops__["deepspeed_shm_comm"] = False
    deepspeed.init_distributed("gloo" if cpu else "nccl", verbose=False)


def deepspeed_config(learner: LearnerConfig, optim: OptimConfig, dtype: str) -> dict[str, Any]:
    """What `deepspeed.initialize` gets. Accumulation is ours (boundaries are set by hand), so it is 1 here."""
    zero: dict[str, Any] = {"stage": learner.zero_stage}
    if learner.zero_stage == 3:
        zero |= {"stage3_param_persistence_threshold": 0, "reduce_scatter": optim.kind != "muon"}
    if learner.offload and learner.zero_stage:
        zero["offload_optimizer"] = {"device": "cpu"}
    return {
        "train_micro_batch_size_per_gpu": 1,
        "gradient_accumulation_steps": 1,
        "zero_optimization": zero,
        "zero_allow_untested_optimizer": True,
        "zero_force_ds_cpu_optimizer": False,
        "bf16": {"enabled": dtype == "bfloat16"},
        "gradient_clipping": 0.0 if optim.kind == "muon" else optim.clip_norm,
        "steps_per_print": 10**9,
    }


class Learner:
    """Holds the policy, its optimiser and its ZeRO partition on one rank.

    Every method is a collective: call it on all ranks, in the same order.
    """

    def __init__(self, model_path: str, model: ModelConfig, learner: LearnerConfig, optim: OptimConfig) -> None:
        import deepspeed

        self.config, self.rank = learner, torch.distributed.get_rank()
        self.ranks = torch.distributed.get_world_size()
        lm = architectures.prepare_for_training(
            architectures.load(model_path), gradient_checkpointing=learner.gradient_checkpointing
        )
        self.top_k = architectures.experts_per_token(lm.config)
        self.tied = bool(lm.config.tie_word_embeddings)
        policy = Policy(lm, logprob_chunk=learner.logprob_chunk)
        groups = parameter_groups(policy.named_parameters(), optim)
        if optim.kind == "muon":
            optimizer = zero_muon(groups, fused_shapes=_fused_shapes(policy))
        else:
            optimizer = torch.optim.AdamW(groups)
        self.engine, self.optimizer, *_ = deepspeed.initialize(
            model=policy, optimizer=optimizer, config=deepspeed_config(learner, optim, model.dtype)
        )
        self.device = self.engine.device

    def step(self, rows: PackedRows, spec: StepSpec) -> dict[str, Any]:
        """One optimiser step on this rank's rows (every rank has as many). Returns metrics summed over ranks."""
        for group in self.optimizer.param_groups:
            group["lr"] = group["peak_lr"] * spec.lr
        micro_batches = list(self._micro_batches(rows))
        sums: dict[str, Tensor] = {}
        for number, micro in enumerate(micro_batches):
            self.engine.set_gradient_accumulation_boundary(number == len(micro_batches) - 1)
            loss, metrics = self._loss(micro, spec)
            # DeepSpeed averages over ranks; our losses are already divided by counts over all of them.
            self.engine.backward(loss * self.ranks)
            self.engine.step()
            for name, value in metrics.items():
                merge = torch.maximum if name.endswith("_max") else torch.add
                sums[name] = merge(sums[name], value) if name in sums else value
        return self._reduce(sums) | {
            "grad_norm": float(self.engine.get_global_grad_norm() or 0.0),
            "lr": spec.lr,
        }

    def _loss(self, rows: PackedRows, spec: StepSpec) -> tuple[Tensor, dict[str, Tensor]]:
        output = self.engine(rows.ids, rows.positions, rows.mask, spec.temperature)
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
            copies_T=torch.ones_like(logp),
            num_sequences=spec.num_sequences,
            num_tokens=spec.num_tokens,
        )
        if spec.loss == "nll":
            loss, metrics = nll(tokens)
        else:
            loss, metrics = algorithm.load(spec.loss).loss(tokens, algorithm.options(spec.loss, spec.options))
        metrics["loss"] = loss.detach()
        metrics["entropy"] = output.entropy_T.sum().detach() / spec.num_tokens
        if spec.loss != "nll" and logp.numel():
            mismatch = (
                (logp.detach() - rows.rollout_logp[mask]) if rows.old_logp is None else old - rows.rollout_logp[mask]
            )
            metrics["logprob_abs_diff_max"] = mismatch.abs().max()
            metrics["mismatch_kl"] = (mismatch.exp() - 1 - mismatch).sum() / spec.num_tokens
        if output.router_logits_LTE:
            real = rows.real.flatten()
            metrics["expert_counts"] = expert_counts(output.router_logits_LTE, real, self.top_k).float()
            if spec.balance_coef and bool(real.any()):
                balance = balance_loss(output.router_logits_LTE, real, self.top_k)
                share = float(real.sum()) / spec.real_tokens
                loss = loss + spec.balance_coef * share * balance
                metrics["balance_loss"] = balance.detach() * share
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

    def _micro_batches(self, rows: PackedRows) -> Iterator[PackedRows]:
        size = self.config.micro_batch_rows
        for start in range(0, len(rows), size):
            yield rows.slice(slice(start, start + size)).map(lambda value: value.to(self.device))

    @torch.no_grad()
    def logprobs(self, rows: PackedRows, temperature: float) -> Tensor:
        """(`_RT`) log-probs of this rank's rows where the mask is True, 0 elsewhere: pi_old before an update."""
        out = torch.zeros(rows.ids.shape)
        for start, micro in zip(
            range(0, len(rows), self.config.micro_batch_rows), self._micro_batches(rows), strict=True
        ):
            logp = self.engine(micro.ids, micro.positions, micro.mask, temperature).logp_T
            out[start : start + len(micro)][micro.mask.cpu()] = logp.float().cpu()
        return out

    @torch.no_grad()
    def score(self, sequences: Sequence[Sequence[int]]) -> tuple[list[list[float]], Tensor]:
        """Log-probs (temperature 1) of tokens 1.. of each sequence, and the (`_L`, `_E`) counts of routed tokens."""
        scores, counts = [], []
        for ids, positions, mask in self._singles(sequences):
            output = self.engine(ids, positions, mask, 1.0)
            scores.append(output.logp_T.tolist())
            if output.router_logits_LTE:
                real = torch.ones(ids.numel(), dtype=torch.bool, device=self.device)
                counts.append(expert_counts(output.router_logits_LTE, real, self.top_k).cpu())
        return scores, torch.stack(counts).sum(0) if counts else torch.zeros(0, 0)

    @torch.no_grad()
    def routes(self, sequences: Sequence[Sequence[int]]) -> tuple[list[set[tuple[int, int]]], int]:
        """The (layer, expert) pairs that each sequence's tokens are routed to, and how many pairs there are."""
        found: list[set[tuple[int, int]]] = []
        pairs = 0
        for sequence in sequences:
            _, counts_LE = self.score([sequence])
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

    def state_dict(self) -> dict[str, Tensor] | None:
        """The whole model on rank 0 (None elsewhere), Hugging Face names, on the CPU; gathers under ZeRO-3."""
        import deepspeed

        lm = self.engine.module.lm
        parameters = list(lm.parameters()) if self.config.zero_stage == 3 else []
        with deepspeed.zero.GatheredParameters(parameters, enabled=bool(parameters)):
            if self.rank:
                return None
            state = {name: value.detach().cpu().clone() for name, value in lm.state_dict().items()}
        if self.tied:
            state.pop("lm_head.weight", None)
        return state

    def save(self, folder: Path) -> None:
        """Optimiser, master weights and partitions of all ranks into `folder` (shared between ranks)."""
        self.engine.save_checkpoint(str(folder), tag="learner", client_state={})

    def load(self, folder: Path) -> None:
        """What `save` wrote, by as many ranks and the same ZeRO stage."""
        path, _ = self.engine.load_checkpoint(str(folder), tag="learner")
        if path is None:
            raise ValueError(f"{folder}: no learner state there; remove the folder to go on from the step before")


def _fused_shapes(policy: Policy) -> dict[tuple[int, ...], int]:
    return {tuple(p.shape): 2 for name, p in policy.named_parameters() if name.endswith("gate_up_proj")}
