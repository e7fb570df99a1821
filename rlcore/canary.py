"""The canary: after every weight update, rollout and learner must give the same log-probs.

A weight update that "succeeds" and leaves wrong weights is invisible otherwise: samples only get a little worse.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

from rlcore.learner_workers import LearnerGroup
from rollout.pool import RolloutPool

MAX_SEQUENCES = 64
CANDIDATES = 96
RANDOM_LENGTH = 48


class CanaryError(RuntimeError):
    """Rollout and learner disagree; the message names the first layer whose output differs."""


def choose_sequences(
    learner: LearnerGroup, prompts: Sequence[Sequence[int]], *, count: int, vocabulary: int, seed: int
) -> list[tuple[int, ...]]:
    """Fixed sequences that together route through every expert, as far as the candidates reach.

    Candidates are prompts and sequences of random tokens (which reach rarely used experts). Greedy set cover;
    at least `count`, at most 64.
    """
    rng = random.Random(seed)
    candidates = [tuple(prompt) for prompt in prompts[: CANDIDATES // 2] if len(prompt) > 1]
    while len(candidates) < CANDIDATES:
        candidates.append(tuple(rng.randrange(vocabulary) for _ in range(RANDOM_LENGTH)))
    routes = learner.routes(candidates)
    everything = set().union(*routes)
    chosen: list[int] = []
    missing = set(everything)
    while len(chosen) < MAX_SEQUENCES and (missing or len(chosen) < count):
        rest = [index for index in range(len(candidates)) if index not in chosen]
        best = max(rest, key=lambda index: (len(routes[index] & missing), -index))
        chosen.append(best)
        missing -= routes[best]
    return [candidates[index] for index in chosen]


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
        difference = max(
            (
                abs(a - b)
                for ours, theirs in zip(expected, scores, strict=True)
                for a, b in zip(ours, theirs, strict=True)
            ),
            default=0.0,
        )
        worst = max(worst, difference)
        # Not `difference > tolerance`: a NaN must stop the run too.
        if not difference <= tolerance:
            layer = _first_difference(learner, pool, sequences, worker)
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
    }


def _first_difference(learner: LearnerGroup, pool: RolloutPool, sequences: Sequence[Sequence[int]], worker: int) -> str:
    ours, theirs = learner.trace(sequences), pool.trace(sequences)[worker]
    layers = sorted({name for trace in ours for name in trace}, key=lambda name: int(name.rsplit(".", 1)[1]))
    for layer in layers:
        for mine, other in zip(ours, theirs, strict=True):
            pairs = zip(mine[layer], other.get(layer, []), strict=False)
            if any(not abs(a - b) <= 1e-4 * max(abs(a), 1.0) for a, b in pairs):
                return layer
    return "none (every layer agrees: the head or the final norm differs)"
