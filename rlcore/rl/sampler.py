"""From problems to judged groups: requests, rollouts, scoring over HTTP."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from dataclasses import dataclass

from rlcore.config.run import RunConfig
from rlcore.data.mixture import family
from rlcore.policy.prompts import Prompts
from rlcore.rl.types import Group
from rollout.pool import RolloutPool
from rollout.types import Completion, Request
from services.client import RewardClient
from services.schemas import Labels, ScoredCompletion, ScoreItem, ScoreProblem
from verifiers.types import Problem, Verdict


class TooManyJudgeFailures(RuntimeError):
    """The judge failed on more than the allowed share of samples; training on the rest would be a biased sample."""


@dataclass(frozen=True)
class SampledGroups:
    """Groups, and where the time went (seconds)."""

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
    ) -> SampledGroups:
        """`samples` completions of each problem by the current policy, judged; labelled with run, stage and step.

        The sample is a function of (weights, problem, temperature, seed_parts, first + position, index): it does not
        depend on how requests are spread over workers, and a problem that comes twice gets other samples the second
        time. Raises TooManyJudgeFailures.
        """
        prompts = [self._prompts.encode(problem) for problem in problems]
        requests = [
            Request(
                id=f"{index}/{sample}",
                prompt_ids=prompt,
                max_tokens=self._max_new_tokens,
                temperature=temperature,
                seed=request_seed(self._seed, *seed_parts, problem.id, first + index, sample),
            )
            for index, (problem, prompt) in enumerate(zip(problems, prompts, strict=True))
            for sample in range(samples)
        ]
        started = time.perf_counter()
        completions = self.rollout.generate(requests)
        generated = time.perf_counter()
        run = _one_line(self._label, 180) + (f" {stage}" if stage else "")
        labels = [
            Labels(
                run=run,
                step=step,
                family=_one_line(family(problem), 100),
                group=_one_line(f"{first + index} T={temperature:g} {problem.id}", 200),
                sample=sample,
                problem=_one_line(problem.id, 512),
            )
            for index, problem in enumerate(problems)
            for sample in range(samples)
        ]
        verdicts = self.score([p for p in problems for _ in range(samples)], completions, labels)
        scored = time.perf_counter()
        groups = []
        for index, (problem, prompt) in enumerate(zip(problems, prompts, strict=True)):
            part = slice(index * samples, (index + 1) * samples)
            groups.append(
                Group(
                    problem=problem,
                    prompt_ids=prompt,
                    completions=tuple(completions[part]),
                    verdicts=tuple(verdicts[part]),
                )
            )
        return SampledGroups(groups, generated - started, scored - generated)

    def score(
        self, problems: Sequence[Problem], completions: Sequence[Completion], labels: Sequence[Labels]
    ) -> list[Verdict]:
        """The verdict on each completion of its problem. Equal answers to a problem are judged once: judges are
        deterministic, and late in RL most answers of a group are the same.

        Raises TooManyJudgeFailures.
        """
        keys = [
            (problem.id, completion.text, completion.finish_reason)
            for problem, completion in zip(problems, completions, strict=True)
        ]
        samples: dict[tuple[str, str, str], list[Labels]] = {}
        first: dict[tuple[str, str, str], tuple[Problem, Completion]] = {}
        for key, problem, completion, label in zip(keys, problems, completions, labels, strict=True):
            samples.setdefault(key, []).append(label)
            first.setdefault(key, (problem, completion))
        items = [
            ScoreItem(
                id=completion.id,
                problem=ScoreProblem(
                    verifier=problem.verifier, reference=problem.reference, id=problem.id, prompt=problem.prompt
                ),
                completion=ScoredCompletion(text=completion.text, finish_reason=completion.finish_reason),
                labels=tuple(samples[key]),
            )
            for key, (problem, completion) in first.items()
        ]
        verdicts = dict(zip(first, self._rewards.score(items), strict=True))
        failed = [verdict for verdict in verdicts.values() if verdict.mask_sample]
        # One failure alone proves nothing: a share needs samples, and a refill may be a single group.
        if len(failed) > max(1.0, self._max_masked_share * len(verdicts)):
            raise TooManyJudgeFailures(
                f"the judge failed on {len(failed)} of {len(verdicts)} answers (reward.max_masked_share="
                f"{self._max_masked_share}); the first: {failed[0].failure_kind}: "
                f"{failed[0].failure_reason}. Mend the judge; the run goes on from its last checkpoint."
            )
        return [verdicts[key] for key in keys]


def _one_line(text: str, most: int) -> str:
    """As a label takes it: a data set's ids may hold anything."""
    return "".join(char if char.isprintable() else "\ufffd" for char in text[:most]) or "-"
