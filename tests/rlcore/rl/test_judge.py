"""Scoring: equal answers to a problem are judged once, and a judge that fails too often stops the run."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import Future
from typing import Any

import pytest

from rlcore.rl.judge import Judge, TooManyJudgeFailures
from rollout.types import Completion, completion
from services.client import RewardServiceError
from services.schemas import Labels, ScoreItem, ScoreResult
from verifiers.math.judge import judge
from verifiers.types import Problem, Status, Verdict

ONE = Problem(id="one", prompt="Q: 1+1=?\nA:", reference={"answer": "2"})
TWO = Problem(id="two", prompt="Q: 1+2=?\nA:", reference={"answer": "3"})


class Counting:
    """Scores with the math judge itself, or fails on the texts it is told to, and keeps what it was asked."""

    def __init__(self, failing: Sequence[str] = (), refuses: bool = False) -> None:
        self.requests: list[list[ScoreItem]] = []
        self.failing, self.refuses = failing, refuses

    def submit(self, items: Sequence[ScoreItem]) -> Future[list[ScoreResult]]:
        self.requests.append(list(items))
        future: Future[list[ScoreResult]] = Future()
        if self.refuses:
            future.set_exception(RewardServiceError("no"))
        else:
            future.set_result([ScoreResult(id=item.id, verdict=self._one(item)) for item in items])
        return future

    def _one(self, item: ScoreItem) -> Verdict:
        if item.completion.text in self.failing:
            return Verdict(
                status=Status.ERROR, reward=None, mask_sample=True, failure_kind="queue", failure_reason="away"
            )
        return judge(item.completion.text, item.problem.reference, finish_reason=item.completion.finish_reason)


def answer(number: int, text: str, finish_reason: Any = "stop") -> Completion:
    return completion(str(number), text, [1], [0.0], version=0, finish_reason=finish_reason)


def verdicts_of(
    client: Any, problems: Sequence[Problem], answers: Sequence[Completion], *, late: Sequence[Completion] = ()
) -> list[Verdict]:
    """The verdicts on answers that come at once, and on some that come when those are judged; checked at 1 %."""

    async def ask() -> list[Verdict]:
        asked = Judge(client)

        def one(number: int, problem: Problem, each: Completion) -> Any:
            return asked.verdict(problem, each, Labels(run="run", sample=number))

        pairs = zip(problems, answers, strict=True)
        found = list(await asyncio.gather(*(one(number, *pair) for number, pair in enumerate(pairs))))
        found += await asyncio.gather(*(one(int(each.id), ONE, each) for each in late))
        await asked.finish()
        asked.check(0.01)
        return found

    return asyncio.run(ask())


def test_an_answer_is_judged_once_for_each_problem_and_way_to_end() -> None:
    client = Counting()
    answers = [
        answer(0, " Answer: 2"),
        answer(1, " Answer: 3"),
        answer(2, " Answer: 2"),
        answer(3, " Answer: 2"),
        answer(4, " Answer: 3"),
        answer(5, " Answer: 2", "length"),
    ]
    found = verdicts_of(client, [ONE, ONE, ONE, TWO, TWO, ONE], answers)
    [items] = client.requests
    assert [item.id for item in items] == ["0", "1", "3", "4", "5"]
    assert [[label.sample for label in item.samples] for item in items] == [[0, 2], [1], [3], [4], [5]]
    assert [verdict.status for verdict in found] == [
        Status.CORRECT,
        Status.WRONG,
        Status.CORRECT,
        Status.WRONG,
        Status.CORRECT,
        Status.TRUNCATED,
    ]


def test_an_equal_answer_that_comes_later_is_not_waited_for_and_its_labels_are_sent() -> None:
    client = Counting()
    found = verdicts_of(client, [ONE], [answer(0, " Answer: 2")], late=[answer(7, " Answer: 2")])
    assert [verdict.status for verdict in found] == [Status.CORRECT] * 2
    samples = [[[label.sample for label in item.samples] for item in items] for items in client.requests]
    assert samples == [[[0]], [[7]]]


def test_failures_count_by_answer_and_one_alone_proves_nothing() -> None:
    answers = [answer(number, " Answer: 2" if number % 2 else " fails") for number in range(16)]
    found = verdicts_of(Counting([" fails"]), [ONE] * 16, answers)
    assert sum(verdict.mask_sample for verdict in found) == 8
    with pytest.raises(TooManyJudgeFailures, match="failed on 2 of 3 answers"):
        verdicts_of(Counting([" fails", " too"]), [ONE] * 17, [*answers, answer(16, " too")])


def test_a_service_that_refuses_is_told_to_whoever_waits() -> None:
    with pytest.raises(RewardServiceError, match="no"):
        verdicts_of(Counting(refuses=True), [ONE, TWO], [answer(0, "a"), answer(1, "b")])
