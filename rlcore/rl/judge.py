"""Verdicts for answers as they come: equal ones judged once, what waits sent together."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from rollout.types import Completion
from services.client import RewardClient
from services.schemas import Labels, ScoredCompletion, ScoreItem, ScoreProblem
from verifiers.types import Problem, Verdict

TOGETHER_SECONDS = 0.02
"""How long an answer waits for others to be sent with."""

Key = tuple[str, str, str]


class TooManyJudgeFailures(RuntimeError):
    """The judge failed on more than the allowed share of answers; training on the rest would be a biased sample."""


@dataclass(eq=False)
class _Answer:
    problem: Problem
    completion: Completion
    verdict: asyncio.Future[Verdict]
    labels: list[Labels] = field(default_factory=list)


class Judge:
    """Asks the reward service, on one event loop, for one set of samples.

    Judges are deterministic, and late in RL most answers of a group are the same: an answer that is being judged, or
    was, is not judged again. Its labels are sent all the same, so that the service has every sample.
    """

    def __init__(self, rewards: RewardClient) -> None:
        self._rewards = rewards
        self._answers: dict[Key, _Answer] = {}
        self._unsent: dict[Key, _Answer] = {}
        self._sending: asyncio.Task[None] | None = None
        self._error: Exception | None = None

    async def verdict(self, problem: Problem, completion: Completion, labels: Labels) -> Verdict:
        """The verdict on a completion of the problem.

        Raises:
            RewardServiceError: as `RewardClient.score`.
        """
        key = (problem.id, completion.text, completion.finish_reason)
        answer = self._answers.get(key)
        if answer is None:
            future: asyncio.Future[Verdict] = asyncio.get_running_loop().create_future()
            answer = self._answers[key] = _Answer(problem, completion, future)
        answer.labels.append(labels)
        self._unsent[key] = answer
        if self._sending is None or self._sending.done():
            self._sending = asyncio.create_task(self._send())
        return await answer.verdict

    async def finish(self) -> None:
        """Wait until all labels are sent; raises what kept them from it."""
        if self._sending is not None:
            await self._sending
        if self._error is not None:
            raise self._error

    def check(self, max_masked_share: float) -> None:
        """Raises:
        TooManyJudgeFailures: the judge failed on more than this share of the answers. One failure alone proves
            nothing: a share needs samples, and a refill may be a single group.
        """
        verdicts = [answer.verdict.result() for answer in self._answers.values()]
        failed = [verdict for verdict in verdicts if verdict.mask_sample]
        if len(failed) > max(1.0, max_masked_share * len(verdicts)):
            raise TooManyJudgeFailures(
                f"the judge failed on {len(failed)} of {len(verdicts)} answers (reward.max_masked_share="
                f"{max_masked_share}); the first: {failed[0].failure_kind}: "
                f"{failed[0].failure_reason}. Mend the judge; the run goes on from its last checkpoint."
            )

    async def _send(self) -> None:
        while self._unsent:
            await asyncio.sleep(TOGETHER_SECONDS)
            answers, self._unsent = list(self._unsent.values()), {}
            try:
                items = [_item(answer) for answer in answers]
                for answer in answers:
                    answer.labels = []
                results = await asyncio.wrap_future(self._rewards.submit(items))
                for answer, result in zip(answers, results, strict=True):
                    if not answer.verdict.done():
                        answer.verdict.set_result(result.verdict)
            except Exception as error:
                # Whoever waits is told: nobody waits for this task itself.
                self._error = error
                for answer in (*answers, *self._unsent.values()):
                    if not answer.verdict.done():
                        answer.verdict.set_exception(error)
                return


def _item(answer: _Answer) -> ScoreItem:
    problem, completion = answer.problem, answer.completion
    return ScoreItem(
        id=completion.id,
        problem=ScoreProblem(
            verifier=problem.verifier, reference=problem.reference, id=problem.id, prompt=problem.prompt
        ),
        completion=ScoredCompletion(text=completion.text, finish_reason=completion.finish_reason),
        labels=tuple(answer.labels),
    )
