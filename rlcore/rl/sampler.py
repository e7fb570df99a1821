"""From problems to judged groups: requests, rollouts, scoring over HTTP."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from rlcore.config.run import RunConfig
from rlcore.data.origin import family
from rlcore.policy.prompts import Prompts
from rlcore.rl.buffer import StepBuffer
from rlcore.rl.environment import Episode
from rlcore.rl.environments import single_turn
from rlcore.rl.judge import Judge
from rlcore.rl.trajectory import Group
from rollout.pool import RolloutPool
from rollout.types import Completion, Request
from services.client import RewardClient
from services.schemas import Labels
from verifiers.types import Problem


@dataclass(frozen=True)
class SampledGroups:
    """Groups; `generate`: seconds until the last completion was there, `score`: from then to the last verdict."""

    groups: list[Group]
    generate: float
    score: float


def request_seed(*parts: object) -> int:
    """A seed that is a function of its parts alone (31 bits)."""
    digest = hashlib.blake2b("/".join(map(str, parts)).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") % (2**31 - 1)


class Sampler:
    """Judged completions by the policy that the rollout workers serve.

    Args:
        label: of the run, what its samples are labelled with at the reward service.
    """

    def __init__(
        self, rollout: RolloutPool, rewards: RewardClient, prompts: Prompts, config: RunConfig, label: str
    ) -> None:
        self.rollout, self._rewards, self._prompts = rollout, rewards, prompts
        self._seed, self._max_new_tokens = config.seed, config.rollout.max_new_tokens
        self._max_masked_share = config.reward.max_masked_share
        self._label = label

    def sample_groups(
        self,
        problems: Sequence[Problem],
        *,
        samples: int,
        temperature: float,
        seed_parts: Sequence[object],
        stage: str = "",
        step: int | None = None,
        first: int = 0,
        buffer: StepBuffer | None = None,
    ) -> SampledGroups:
        """`samples` trajectories of each problem by the current policy, judged; labelled with run, stage and step.

        Every sample is a task of its own: what ends is judged while others are still sampled. The sample is a function
        of (weights, problem, temperature, seed_parts, first + position, index): it does not depend on how requests are
        spread over workers, and a problem that comes twice gets other samples the second time. A group that `buffer`
        has is not sampled again, and every new one is added to it at once.

        Raises:
            TooManyJudgeFailures: see `Judge.check`.
        """
        run = _one_line(self._label, 180) + (f" {stage}" if stage else "")
        clock = _Clock()
        judge = Judge(self._rewards)

        def episode(place: int, problem: Problem, prompt_ids: tuple[int, ...], sample: int) -> Episode:
            request = Request(
                id=f"{place}/{sample}",
                prompt_ids=prompt_ids,
                max_tokens=self._max_new_tokens,
                temperature=temperature,
                seed=request_seed(self._seed, *seed_parts, problem.id, place, sample),
            )
            labels = Labels(
                run=run,
                step=step,
                family=_one_line(family(problem), 100),
                group=_one_line(f"{place} T={temperature:g} {problem.id}", 200),
                sample=sample,
                problem=_one_line(problem.id, 512),
            )

            async def complete(ids: Sequence[int]) -> Completion:
                completion = await self.rollout.complete(request.model_copy(update={"prompt_ids": tuple(ids)}))
                clock.sampled = time.perf_counter()
                return completion

            return Episode(problem, prompt_ids, complete, lambda completion: judge.verdict(problem, completion, labels))

        async def group(place: int, problem: Problem) -> Group:
            ids = self._prompts.encode(problem)
            known = buffer.get(place, problem, ids, samples) if buffer else None
            if known is not None:
                return known
            async with asyncio.TaskGroup() as tasks:
                made = [tasks.create_task(single_turn.run(episode(place, problem, ids, n))) for n in range(samples)]
            found = Group(problem, tuple(task.result() for task in made))
            if buffer is not None and not any(verdict.mask_sample for verdict in found.verdicts):
                # What is kept has its labels at the service, and no failure that a mended judge would not repeat.
                await judge.finish()
                buffer.add(place, found)
            return found

        async def all_of_them() -> list[Group]:
            async with asyncio.TaskGroup() as tasks:
                made = [tasks.create_task(group(place, each)) for place, each in enumerate(problems, start=first)]
            await judge.finish()
            return [task.result() for task in made]

        try:
            groups = asyncio.run(all_of_them())
        except ExceptionGroup as several:
            # One failure ends the others; people are told of the first.
            error: Exception = several
            while isinstance(error, ExceptionGroup):
                error = error.exceptions[0]
            raise error from several
        judge.check(self._max_masked_share)
        return SampledGroups(groups, clock.sampled - clock.began, time.perf_counter() - clock.sampled)


@dataclass
class _Clock:
    """When sampling began, and when its last completion was there."""

    began: float = field(default_factory=time.perf_counter)
    sampled: float = field(default_factory=time.perf_counter)


def _one_line(text: str, most: int) -> str:
    """As a label takes it: a data set's ids may hold anything."""
    return "".join(char if char.isprintable() else "\ufffd" for char in text[:most]) or "-"
