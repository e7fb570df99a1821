"""Learner ranks as Ray actors: a thin shell around `Learner`, and the group that drives them."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

import ray
import torch
from torch import Tensor

from rlcore.config.learner import LearnerConfig, OptimConfig
from rlcore.config.model import ModelConfig
from rlcore.learn.batch import PackedRows, TrainSequence, pack_rows, shard
from rlcore.learn.engine import init_process_group
from rlcore.learn.learner import Learner, StepSpec
from rollout import hand_over
from rollout.actor_errors import cause_of
from rollout.weights import tensor_checksum

SCORE_ROW_TOKENS = 512
"""Sequences that are only scored share rows of up to so many tokens; attention is computed over whole rows."""


class LearnerRank:
    """What one actor runs. `build` may be called again with another model or optimiser."""

    def __init__(self, threads: int) -> None:
        torch.set_num_threads(threads)
        self.learner: Learner | None = None

    def address(self) -> tuple[str, int]:
        """(address, free port) of this node, for the others to join."""
        with socket.socket() as probe:
            probe.bind((ray.util.get_node_ip_address(), 0))
            return probe.getsockname()[0], probe.getsockname()[1]

    def join(self, rank: int, ranks: int, address: str, port: int) -> None:
        init_process_group(rank, ranks, address, port)

    def build(self, *args: Any, **kwargs: Any) -> None:
        self.learner = None
        self.learner = Learner(*args, **kwargs)

    def call(self, method: str, *args: Any, **kwargs: Any) -> Any:
        assert self.learner is not None, "build() comes first"
        return getattr(self.learner, method)(*args, **kwargs)

    def export(self, folder: Path, tokenizer: Any) -> None:
        """A folder that transformers and vLLM load."""
        from rlcore.policy import architectures

        assert self.learner is not None, "build() comes first"
        state = self.learner.state_dict()
        if state is not None:
            architectures.save(self.learner.engine.module.lm, tokenizer, folder, state)

    def write_weights(self, path: Path) -> dict[str, str]:
        """The weights for the rollout engines; gives their fingerprints (rank 0, else empty)."""
        assert self.learner is not None, "build() comes first"
        tensors = self.learner.weights()
        try:
            return hand_over.write(self.learner.describe_weights(), tensors, path) if self.learner.rank == 0 else {}
        finally:
            # Also where rank 0 fails: the others gather as often as it does, or would wait for it.
            for _ in tensors:
                pass

    def checksums(self) -> dict[str, str]:
        """sha256 of the weights by name (rank 0, else empty)."""
        assert self.learner is not None, "build() comes first"
        sums = {
            name: tensor_checksum(tensor) if self.learner.rank == 0 else "" for name, tensor in self.learner.weights()
        }
        return {} if self.learner.rank else sums


GRACE_SECONDS = 10.0
"""How long the other ranks may take to fail, when one has."""


class LearnerLost(RuntimeError):
    """A rank died, or gives no sign of life. The others cannot go on without it: close the group and start another."""


class LearnerGroup:
    """All ranks. Methods block until every rank is done.

    Args:
        startup_seconds: until the ranks are up. stall_seconds: for any call after that.

    Raises, whatever is called:
        RuntimeError: a rank failed; one line says which and why.
        LearnerLost: a rank died or was silent for `stall_seconds`.
    """

    def __init__(self, config: LearnerConfig, *, startup_seconds: float, stall_seconds: float = 600.0) -> None:
        self.config, self.stall_seconds = config, stall_seconds
        actor = ray.remote(
            num_cpus=0 if not config.gpus_per_rank else 1,
            num_gpus=config.gpus_per_rank,
            max_restarts=0,
            runtime_env={"env_vars": _environment(config)},
        )(LearnerRank)
        self.actors: list[Any] = [actor.remote(config.threads) for _ in range(config.ranks)]
        [(address, port)] = self._get([self.actors[0].address.remote()], startup_seconds)
        joined = [a.join.remote(rank, config.ranks, address, port) for rank, a in enumerate(self.actors)]
        self._get(joined, startup_seconds)

    def _get(self, references: list[Any], startup_seconds: float | None = None) -> list[Any]:
        """Results of one call on each rank, in order."""
        waiting = list(references)
        while waiting:
            ready, waiting = ray.wait(waiting, timeout=startup_seconds or self.stall_seconds)
            if not ready and startup_seconds:
                raise RuntimeError(
                    f"a learner rank did not come up within {startup_seconds:.0f} s: the cluster lacks "
                    f"{self.config.ranks} x {self.config.gpus_per_rank:g} GPUs, or is busy: raise ray.startup_seconds; "
                    "see `ray status`"
                )
            if not ready:
                late = " and ".join(str(rank) for rank, each in enumerate(references) if each in waiting)
                raise LearnerLost(f"learner rank {late} gave no sign of life for {self.stall_seconds:g} s")
            try:
                ray.get(ready)
            except ray.exceptions.RayError as error:
                self._raise(references, error)
        return list(ray.get(references))

    def _raise(self, references: list[Any], error: Exception) -> NoReturn:
        """Say which rank has failed: where one dies, the others fail too, often earlier."""
        ray.wait(references, num_returns=len(references), timeout=GRACE_SECONDS)
        for rank, reference in enumerate(references):
            try:
                ray.get(reference, timeout=0)
            except ray.exceptions.RayActorError as death:
                raise LearnerLost(f"learner rank {rank} died: {cause_of(death)}") from death
            except ray.exceptions.RayError:
                continue
        raise RuntimeError(f"learner rank {_first_failed(references)} failed: {cause_of(error)}") from error

    def build(self, model_path: Path | str, model: ModelConfig, optim: OptimConfig) -> None:
        """Load the model on every rank under a fresh optimiser."""
        self._all("build", str(model_path), model, self.config, optim)

    def _all(self, method: str, *args: Any, **kwargs: Any) -> list[Any]:
        return self._get([getattr(actor, method).remote(*args, **kwargs) for actor in self.actors])

    def _dealt(self, method: str, rows: PackedRows, *args: Any) -> list[tuple[list[list[int]], Any]]:
        """Per rank: which rows its micro-batches hold, and what `method` gave for them."""
        dealt = shard(rows, self.config.ranks, tokens=self.config.micro_batch_tokens)
        references = [
            actor.call.remote(method, [part.rows for part in parts], *args)
            for actor, parts in zip(self.actors, dealt, strict=True)
        ]
        indices = [[part.places for part in parts] for parts in dealt]
        return list(zip(indices, self._get(references), strict=True))

    def step(self, rows: PackedRows, spec: StepSpec) -> dict[str, Any]:
        """One optimiser step over `rows`, dealt out to the ranks. Metrics are over all ranks."""
        metrics: dict[str, Any] = self._dealt("step", rows, spec)[0][1]
        return metrics | {"merged_share": 1.0 - int(rows.real.sum()) / rows.real_tokens}

    def gradients(self, rows: PackedRows, spec: StepSpec) -> dict[str, Tensor]:
        """The gradient that `step` would act on, before any clip, by the name of the parameter; nothing moves."""
        found: dict[str, Tensor] = self._dealt("gradients", rows, spec)[0][1]
        return found

    def logprobs(self, rows: PackedRows, temperature: float) -> Tensor:
        """(`_RT`) log-probs under the current weights where the mask is True, 0 elsewhere, in the order of `rows`."""
        out_RT = torch.zeros(rows.ids.shape)
        for indices, parts in self._dealt("logprobs", rows, temperature):
            for index, part in zip(indices, parts, strict=True):
                if index:
                    out_RT[index, : part.shape[1]] = part
        return out_RT

    def score(
        self, sequences: Sequence[Sequence[int]], *, rounding_seed: int | None = None
    ) -> tuple[list[list[float]], Tensor]:
        """Log-probs of tokens 1.. of each sequence, and the (`_L`, `_E`) counts of routed tokens (`Learner.score`)."""
        longest, total = max(map(len, sequences)), sum(map(len, sequences))
        width = max(longest, min(SCORE_ROW_TOKENS, -(-total // self.config.ranks)))
        rows = pack_rows([TrainSequence(sequence, 1) for sequence in sequences], width)
        logp_RT, counts = torch.zeros(rows.ids.shape), []
        for indices, (parts, counts_LE) in self._dealt("score", rows, rounding_seed):
            counts.append(counts_LE)
            for index, part in zip(indices, parts, strict=True):
                if index:
                    logp_RT[index, : part.shape[1]] = part
        logp_T, sequence_T = logp_RT[rows.mask], rows.sequence[rows.mask]
        scores = [logp_T[sequence_T == number].tolist() for number in range(len(sequences))]
        return scores, torch.stack(counts).sum(0)

    def routes(self, sequences: Sequence[Sequence[int]]) -> tuple[list[set[tuple[int, int]]], int]:
        """See `Learner.routes`."""
        result: tuple[list[set[tuple[int, int]]], int] = self._all("call", "routes", sequences)[0]
        return result

    def trace(self, sequences: Sequence[Sequence[int]]) -> list[dict[str, list[float]]]:
        """See `Learner.trace`."""
        result: list[dict[str, list[float]]] = self._all("call", "trace", sequences)[0]
        return result

    def write_weights(self, path: Path) -> dict[str, str]:
        """Hand the weights over at `path` (`HandOver.place`); gives their fingerprints by name."""
        result: dict[str, str] = self._all("write_weights", path)[0]
        return result

    def checksums(self) -> dict[str, str]:
        """sha256 of the weights by name. Slow; used only to name the tensor that differs."""
        result: dict[str, str] = self._all("checksums")[0]
        return result

    def export(self, folder: Path, tokenizer: Any) -> None:
        """Write a folder that transformers and vLLM load."""
        self._all("export", folder, tokenizer)

    def save(self, folder: Path) -> None:
        """Training state of all ranks."""
        self._all("call", "save", folder)

    def load(self, folder: Path) -> None:
        """Training state that `save` wrote."""
        self._all("call", "load", folder)

    def close(self) -> None:
        """End the actors of this group, and only these."""
        for actor in self.actors:
            ray.kill(actor)
        self.actors = []


def _first_failed(references: list[Any]) -> int:
    """The rank whose call has failed, of those that have ended; the others may be waiting for it."""
    for rank, reference in enumerate(references):
        try:
            ray.get(reference, timeout=0)
        except ray.exceptions.GetTimeoutError:
            continue
        except ray.exceptions.RayError:
            return rank
    return 0


def _environment(config: LearnerConfig) -> dict[str, str]:
    threads = {"OMP_NUM_THREADS": str(config.threads), "OMP_WAIT_POLICY": "PASSIVE"}
    return threads if config.gpus_per_rank else threads | {"DS_ACCELERATOR": "cpu", "CUDA_VISIBLE_DEVICES": ""}
