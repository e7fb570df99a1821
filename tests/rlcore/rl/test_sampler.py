"""Scoring: equal answers to a problem are judged once, and a judge that fails too often stops the run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from rlcore.config.reading import parse
from rlcore.policy.prompts import Prompts
from rlcore.rl.sampler import Sampler, TooManyJudgeFailures
from rollout.types import Completion
from services.schemas import Labels, ScoreItem
from verifiers.math.judge import judge
from verifiers.types import Problem, Status, Verdict

ONE = Problem(id="one", prompt="Q: 1+1=?\nA:", reference={"answer": "2"})
TWO = Problem(id="two", prompt="Q: 1+2=?\nA:", reference={"answer": "3"})


class Counting:
    """Scores with the math judge itself, or fails on the texts it is told to, and keeps what it was asked."""

    def __init__(self, failing: Sequence[str] = ()) -> None:
        self.asked: list[ScoreItem] = []
        self.failing = failing

    def score(self, items: Sequence[ScoreItem]) -> list[Verdict]:
        self.asked += items
        return [self._one(item) for item in items]

    def _one(self, item: ScoreItem) -> Verdict:
        if item.completion.text in self.failing:
            return Verdict(
                status=Status.ERROR, reward=None, mask_sample=True, failure_kind="queue", failure_reason="away"
            )
        return judge(item.completion.text, item.problem.reference, finish_reason=item.completion.finish_reason)


def sampler(client: Any) -> Sampler:
    config = parse({"reward": {"max_masked_share": 0.01}})
    nobody: Any = None
    return Sampler(nobody, client, Prompts(config), config, "run")


def completion(number: int, text: str, finish_reason: Any = "stop") -> Completion:
    return Completion(
        id=str(number), text=text, token_ids=(1,), logprobs=(0.0,), policy_versions=(0,), finish_reason=finish_reason
    )


def labels(count: int) -> list[Labels]:
    return [Labels(run="run", sample=number) for number in range(count)]


def test_an_answer_is_judged_once_for_each_problem_and_way_to_end() -> None:
    client = Counting()
    problems = [ONE, ONE, ONE, TWO, TWO, ONE]
    completions = [
        completion(0, " Answer: 2"),
        completion(1, " Answer: 3"),
        completion(2, " Answer: 2"),
        completion(3, " Answer: 2"),
        completion(4, " Answer: 3"),
        completion(5, " Answer: 2", "length"),
    ]
    verdicts = sampler(client).score(problems, completions, labels(6))
    assert [item.id for item in client.asked] == ["0", "1", "3", "4", "5"]
    assert [[label.sample for label in item.samples] for item in client.asked] == [[0, 2], [1], [3], [4], [5]]
    assert [verdict.status for verdict in verdicts] == [
        Status.CORRECT,
        Status.WRONG,
        Status.CORRECT,
        Status.WRONG,
        Status.CORRECT,
        Status.TRUNCATED,
    ]


def test_failures_count_by_answer_and_one_alone_proves_nothing() -> None:
    completions = [completion(number, " Answer: 2" if number % 2 else " fails") for number in range(16)]
    verdicts = sampler(Counting([" fails"])).score([ONE] * 16, completions, labels(16))
    assert sum(verdict.mask_sample for verdict in verdicts) == 8
    with pytest.raises(TooManyJudgeFailures, match="failed on 2 of 3 answers"):
        more = [*completions, completion(16, " too")]
        sampler(Counting([" fails", " too"])).score([ONE] * 17, more, labels(17))
