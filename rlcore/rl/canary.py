"""The canary: after every weight update, rollout and learner must give the same log-probs.

A weight update that "succeeds" and leaves wrong weights is invisible otherwise: samples only get a little worse.

In fp32 the two differ by 1e-6, so the largest difference says all. In bf16 right weights differ by several nats where
rounding sends a token to another expert, and by how much on average depends on the weights. So the learner says what
rounding does to its own log-probs of the same tokens under the same weights, and rollout may differ by little more.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from rlcore.learn.ranks import LearnerGroup
from rollout.pool import RolloutPool
from rollout.types import Completion

MAX_SEQUENCES = 64
CANDIDATES = 96
RANDOM_LENGTH = 48
CONTINUATION = 3
"""Greedy tokens behind each sequence: the first comes from the prefill, the others from cache and decode kernels."""

PASSES = 2
"""Forward passes of the learner with rounding noise, in bf16."""
MEAN_FACTOR, K3_FACTOR = 2.0, 3.0
"""Rollout may differ by so many times what rounding does. Right weights: up to 1.3 and 1.5 (docs/LOG.md)."""
LAYER_TOLERANCES = {True: 1e-4, False: 0.05}
"""Relative difference from which a layer's output is another: exact (fp32), or rounded (bf16)."""

Text = tuple[int, ...]


class CanaryError(RuntimeError):
    """Rollout and learner disagree; the message names the first layer whose output differs."""


@dataclass(frozen=True)
class Canary:
    """Fixed token sequences, and the share of all (layer, expert) pairs that they reached when they were chosen."""

    sequences: tuple[tuple[int, ...], ...]
    coverage: float

    def to_json(self) -> dict[str, Any]:
        return {"sequences": self.sequences, "coverage": self.coverage}

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Canary:
        return cls(tuple(tuple(sequence) for sequence in value["sequences"]), value["coverage"])


def choose(
    learner: LearnerGroup,
    prompts: Sequence[Sequence[int]],
    *,
    count: int,
    vocabulary: int,
    context: int,
    seed: int,
) -> Canary:
    """Sequences that together route through every expert, as far as the candidates reach.

    Candidates are prompts and sequences of random tokens (which reach rarely used experts). Greedy set cover;
    at least `count`, at most 64.
    """
    rng = random.Random(seed)
    candidates = [tuple(prompt) for prompt in prompts[: CANDIDATES // 2] if len(prompt) > 1]
    while len(candidates) < CANDIDATES:
        candidates.append(
            tuple(rng.randrange(vocabulary) for _ in range(max(1, min(RANDOM_LENGTH, context - CONTINUATION))))
        )
    routes, experts = learner.routes(candidates)
    missing = set().union(*routes)
    reached = len(missing)
    chosen: list[int] = []
    while len(chosen) < MAX_SEQUENCES and (missing or len(chosen) < count):
        rest = [index for index in range(len(candidates)) if index not in chosen]
        best = max(rest, key=lambda index: (len(routes[index] & missing), -index))
        chosen.append(best)
        missing -= routes[best]
    coverage = (reached - len(missing)) / experts if experts else 1.0
    return Canary(tuple(candidates[index] for index in chosen), coverage)


@dataclass(frozen=True)
class Difference:
    """Of two arrays of log-probs (`_N`), in nats: largest and mean absolute difference, and k3.

    k3 = mean(exp(d) - 1 - d) with d = learner - rollout, an estimate of KL(rollout || learner) (Schulman,
    "Approximating KL Divergence", 2020). We cut d off at 1 nat: one token that went to another expert would be the
    whole sum.
    """

    largest: float
    mean: float
    k3: float


def difference(ours_N: Tensor, theirs_N: Tensor) -> Difference:
    """Infinite where a number is not finite (a NaN compares as smaller than all)."""
    apart_N = ours_N - theirs_N
    if not bool(apart_N.isfinite().all()):
        return Difference(torch.inf, torch.inf, torch.inf)
    if not len(apart_N):
        return Difference(0.0, 0.0, 0.0)
    cut_N = apart_N.clamp(-1.0, 1.0)
    return Difference(
        largest=float(apart_N.abs().max()),
        mean=float(apart_N.abs().mean()),
        k3=float((cut_N.exp() - 1.0 - cut_N).mean()),
    )


def mean_difference(found: Sequence[Difference]) -> Difference:
    """The mean of each field."""
    count = len(found)
    return Difference(*(sum(getattr(each, name) for each in found) / count for name in ("largest", "mean", "k3")))


def agree(found: Difference, noise: Difference | None, tolerance: float) -> bool:
    """Whether weights may be the same: by the largest difference, or by what rounding does where `noise` says that."""
    if noise is None:
        return found.largest <= tolerance
    return found.mean <= MEAN_FACTOR * noise.mean and found.k3 <= K3_FACTOR * noise.k3


@dataclass(frozen=True)
class _Told:
    """What one worker said: sequences with their continuations, its log-probs of all of their tokens but the first.

    `sampled_N` is True where the token is of a continuation.
    """

    texts: list[Text]
    logp_N: Tensor
    sampled_N: Tensor

    @classmethod
    def of(
        cls, sequences: Sequence[Sequence[int]], scores: Sequence[Sequence[float]], samples: Sequence[Completion]
    ) -> _Told:
        texts, logp, sampled = [], [], []
        for sequence, score, sample in zip(sequences, scores, samples, strict=True):
            texts.append((*sequence, *sample.token_ids))
            logp += [*score, *sample.logprobs]
            sampled += [False] * len(score) + [True] * len(sample.logprobs)
        return cls(texts, torch.tensor(logp, dtype=torch.float64), torch.tensor(sampled))

    def of_learner(self, scores: Mapping[Text, Sequence[float]]) -> Tensor:
        """(`_N`) the learner's log-probs of the same tokens."""
        return torch.tensor([value for text in self.texts for value in scores[text]], dtype=torch.float64)


def check(
    learner: LearnerGroup,
    pool: RolloutPool,
    sequences: Sequence[Sequence[int]],
    *,
    checksums: dict[str, str],
    tolerance: float,
) -> dict[str, Any]:
    """Compare log-probs of `sequences` and of a greedy continuation of each, and the tensors that every worker got.

    Args:
        checksums: what `LearnerGroup.write_weights` gave.
        tolerance: the largest difference of a log-prob in nats; 0 judges by what rounding does.

    Returns:
        Metrics, of the worker that differs most.

    Raises:
        CanaryError: log-probs or tensors of a worker differ. It names the first layer and the tensors.
    """
    workers = [_Told.of(sequences, scores, samples) for scores, samples in pool.probe(sequences, CONTINUATION)]
    # Most often the workers say the same: no two tokens are as likely to the last bit.
    texts = list(dict.fromkeys(text for told in workers for text in told.texts))
    scores, counts_LE = learner.score(texts)
    exact = dict(zip(texts, scores, strict=True))
    rounded = [
        dict(zip(texts, learner.score(texts, rounding_seed=seed)[0], strict=True))
        for seed in range(0 if tolerance else PASSES)
    ]
    fingerprints = pool.fingerprints()
    found: list[Difference] = []
    noises: list[Difference] = []
    for worker, told in enumerate(workers):
        ours_N = told.of_learner(exact)
        passes = [difference(told.of_learner(scores), ours_N) for scores in rounded]
        noise = mean_difference(passes) if passes else None
        found.append(difference(ours_N, told.logp_N))
        noises += [noise] if noise else []
        wrong = [name for name, value in fingerprints[worker].items() if checksums.get(name, value) != value]
        right = agree(found[-1], noise, tolerance)
        if wrong or not right:
            of_prompts = difference(ours_N[~told.sampled_N], told.logp_N[~told.sampled_N])
            where = (
                "prompts"
                if not agree(of_prompts, noise, tolerance)
                else "prompts' continuations only, where it decodes"
            )
            values = "" if right else _values(found[-1], noise, tolerance) + f" on the canary {where}"
            layer = "" if right else _first_layer(learner, pool, sequences, worker, exact=noise is None)
            raise CanaryError(_finding(worker, values, layer, _tensors(learner, pool, worker, wrong)))
    return _metrics(found, noises, counts_LE) | {
        "canary/tensors_checked": float(min(len(each.keys() & checksums.keys()) for each in fingerprints)),
        "canary/sequences": float(len(sequences)),
    }


def _finding(worker: int, values: str, layer: str, tensors: str) -> str:
    if not values:
        return f"rollout worker {worker} holds other values than the learner in {tensors}"
    return (
        f"after the weight update rollout worker {worker} and the learner differ by {values}; the first layer whose "
        f"output differs is {layer}; tensors that differ: {tensors}. The rollout copy of the weights is wrong: "
        "stopping before it is sampled from."
    )


def _values(found: Difference, noise: Difference | None, tolerance: float) -> str:
    if noise is None:
        return f"{found.largest:.3g} nats (tolerance {tolerance:g})"
    return (
        f"{found.mean:.3g} nats on average (rounding makes {noise.mean:.3g}) and {found.k3:.3g} in k3 "
        f"(rounding {noise.k3:.3g})"
    )


def _metrics(found: list[Difference], noises: list[Difference], counts_LE: Tensor) -> dict[str, float]:
    values = {
        "canary/max_abs_diff": max(each.largest for each in found),
        "canary/mean_abs_diff": max(each.mean for each in found),
        "canary/k3": max(each.k3 for each in found),
        "canary/expert_coverage": float((counts_LE > 0).double().mean()) if counts_LE.numel() else 1.0,
    }
    return values | {"canary/noise": min(each.mean for each in noises)} if noises else values


def _first_layer(
    learner: LearnerGroup, pool: RolloutPool, sequences: Sequence[Sequence[int]], worker: int, *, exact: bool
) -> str:
    try:
        ours, theirs = learner.trace(sequences), pool.trace(sequences)[worker]
    except RuntimeError as error:  # an engine that cannot trace must not hide the canary's own finding
        return f"unknown ({error})"
    layers = sorted({name for trace in ours for name in trace}, key=lambda name: int(name.rsplit(".", 1)[1]))
    for layer in layers:
        for mine, other in zip(ours, theirs, strict=True):
            pairs = zip(mine[layer], other.get(layer, []), strict=False)
            if any(not abs(a - b) <= LAYER_TOLERANCES[exact] * max(abs(a), 1.0) for a, b in pairs):
                return layer
    return "none (every layer agrees: the head or the final norm differs)"


def _tensors(learner: LearnerGroup, pool: RolloutPool, worker: int, wrong: Sequence[str]) -> str:
    """Names of the tensors that differ, by fingerprint (`wrong`) or by sha256 of what the worker still keeps."""
    ours, theirs = learner.checksums(), pool.checksums()[worker]
    names = {*wrong, *(name for name in ours.keys() & theirs.keys() if ours[name] != theirs[name])}
    return ", ".join(sorted(names)) or "none of those that the engine keeps as they were given"
