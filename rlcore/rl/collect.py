"""Sampling until enough groups teach something: dynamic sampling."""

from __future__ import annotations

from dataclasses import dataclass, field

from rlcore.config.rl import TrainConfig
from rlcore.data.mixture import Pool
from rlcore.rl.advantages import has_variance
from rlcore.rl.buffer import StepBuffer
from rlcore.rl.sampler import Sampler
from rlcore.rl.trajectory import Group


@dataclass
class Collected:
    """The groups of one step.

    Attributes:
        kept: groups with variance, what is learnt from. sampled: all of them, in order of submission.
        cursor: prompts taken from the stream so far. refills: extra rounds.
        generate, score: seconds of the first round; refill: of the extra ones.
    """

    cursor: int
    kept: list[Group] = field(default_factory=list)
    sampled: list[Group] = field(default_factory=list)
    refills: int = 0
    generate: float = 0.0
    score: float = 0.0
    refill: float = 0.0


def collect(
    sampler: Sampler, pool: Pool, train: TrainConfig, buffer: StepBuffer, *, seed: int, step: int, cursor: int
) -> Collected:
    """Sample groups until `prompts_per_step` of them have variance (DAPO, arXiv 2503.14476, section 3.2).

    Refills ask for just the number that is missing, at most `max_refills` times, and kept groups stay in order of
    submission, so short answers are not preferred. The test is on the judge's reward, before any shaping.
    """
    out = Collected(cursor)
    for refill in range(1 + train.max_refills):
        missing = train.prompts_per_step - len(out.kept)
        if missing <= 0:
            break
        first = out.cursor
        out.cursor += missing
        sampled = sampler.sample_groups(
            pool.stream(first, missing, seed=seed),
            samples=train.group_size,
            temperature=train.temperature,
            seed_parts=("train", step),
            step=step + 1,
            first=first,
            buffer=buffer,
        )
        out.sampled += sampled.groups
        if refill:
            out.refills += 1
            out.refill += sampled.generate + sampled.score
        else:
            out.generate, out.score = sampled.generate, sampled.score
        out.kept += [group for group in sampled.groups if has_variance(group.rewards())]
    return out
