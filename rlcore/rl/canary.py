"""The canary: after every weight update, rollout and learner must give the same log-probs.

A weight update that "succeeds" and leaves wrong weights is invisible otherwise: samples only get a little worse.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rlcore.learn.ranks import LearnerGroup
from rollout.pool import RolloutPool

MAX_SEQUENCES = 64
CANDIDATES = 96
RANDOM_LENGTH = 48


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
        candidates.append(tuple(rng.randrange(vocabulary) for _ in range(min(RANDOM_LENGTH, context))))
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


def check(
    learner: LearnerGroup,
    pool: RolloutPool,
    sequences: Sequence[Sequence[int]],
    *,
    checksums: dict[str, str],
    tolerance: float,
) -> dict[str, Any]:
    """Compare log-probs on `sequences` and checksums of the tensors every worker still keeps.

    Returns metrics; raises CanaryError when a log-prob differs by more than `tolerance` nats or a checksum differs.
    """
    expected, counts_LE = learner.score(sequences)
    worst = 0.0
    compared = 0
    for worker, scores in enumerate(pool.score(sequences)):
        difference = largest_difference(expected, scores)
        worst = max(worst, difference)
        if difference > tolerance:
            try:
                layer = _first_difference(learner, pool, sequences, worker)
            except RuntimeError as error:  # an engine that cannot trace must not hide the canary's own finding
                layer = f"unknown ({error})"
            raise CanaryError(
                f"after the weight update rollout worker {worker} and the learner differ by {difference:.3g} nats "
                f"(tolerance {tolerance:g}) on the canary prompts; the first layer whose output differs is {layer}. "
                "The rollout copy of the weights is wrong: stopping before it is sampled from."
            )
    for worker, theirs in enumerate(pool.checksums()):
        wrong = sorted(name for name in theirs.keys() & checksums.keys() if theirs[name] != checksums[name])
        compared = len(theirs.keys() & checksums.keys())
        if wrong:
            raise CanaryError(f"rollout worker {worker} holds other values than the learner in {', '.join(wrong)}")
    coverage = float((counts_LE > 0).double().mean()) if counts_LE.numel() else 1.0
    return {
        "canary/max_abs_diff": worst,
        "canary/expert_coverage": coverage,
        "canary/tensors_checked": float(compared),
        "canary/sequences": float(len(sequences)),
    }


def largest_difference(ours: Sequence[Sequence[float]], theirs: Sequence[Sequence[float]]) -> float:
    """The largest absolute difference; infinite where a number is not finite (a NaN compares as smaller than all)."""
    pairs = [(a, b) for x, y in zip(ours, theirs, strict=True) for a, b in zip(x, y, strict=True)]
    if not all(math.isfinite(a) and math.isfinite(b) for a, b in pairs):
        return math.inf
    return max((abs(a - b) for a, b in pairs), default=0.0)


def _first_difference(learner: LearnerGroup, pool: RolloutPool, sequences: Sequence[Sequence[int]], worker: int) -> str:
    ours, theirs = learner.trace(sequences), pool.trace(sequences)[worker]
    layers = sorted({name for trace in ours for name in trace}, key=lambda name: int(name.rsplit(".", 1)[1]))
    for layer in layers:
        for mine, other in zip(ours, theirs, strict=True):
            pairs = zip(mine[layer], other.get(layer, []), strict=False)
            if any(not abs(a - b) <= 1e-4 * max(abs(a), 1.0) for a, b in pairs):
                return layer
    return "none (every layer agrees: the head or the final norm differs)"
