"""Every family of reasoning-gym: it loads and its answers are right by its judge, or it is refused, with a reason."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from rlcore.data.families.reasoning_gym import NUMERIC_FAMILIES, generated, problems
from rlcore.data.problems import load_problems
from rlcore.data.screening import Screening
from verifiers.gym.families import FORMS, REFUSED
from verifiers.jobs import Job
from verifiers.pool import JudgePool
from verifiers.types import Problem, Status

pytest.importorskip("reasoning_gym")
FAMILIES = (*FORMS, *NUMERIC_FAMILIES)
# Answers to anything and to nothing, and what they must not be right for.
TRIVIAL = ("--", "None", "nan", "NaN", "[]", "{}", "x", "[NaN]", "0 0", "A", "()")


@pytest.fixture(scope="module")
def pool() -> Iterator[JudgePool]:
    with JudgePool(1, 30.0, cpu_seconds=10.0) as running:
        yield running


def expected(problem: Problem) -> str:
    reference = problem.reference
    return str(reference["entry"]["answer"] if problem.verifier == "gym" else reference["answer"])


def job(problem: Problem, answer: str) -> Job:
    return Job(verifier=problem.verifier, text=f"<answer>{answer}</answer>", reference=problem.reference)


def hedged(problem: Problem) -> Iterator[str]:
    """The right answer with something else beside it."""
    answer = expected(problem)
    yield from (f"{answer} or 1909", f"{answer}, x", f"{answer}, 7, 7", f"{answer}\n0", f"not {answer}", f"x, {answer}")


def test_all_families_are_known() -> None:
    from reasoning_gym.factory import DATASETS

    assert sorted([*FAMILIES, *REFUSED]) == sorted(DATASETS)
    assert (len(FORMS), len(NUMERIC_FAMILIES), len(REFUSED)) == (77, 25, 4)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("size", [1, pytest.param(4, marks=pytest.mark.slow)])
def test_its_own_answers_are_right_and_others_are_not(pool: JudgePool, family: str, size: int) -> None:
    found = list(generated(family, size, seed=5))
    assert len({problem.id for problem in found}) == size
    for problem in found:
        assert problem == Problem.model_validate_json(problem.model_dump_json())
    verdicts = pool.judge([job(problem, expected(problem)) for problem in found])
    assert [verdict.status for verdict in verdicts] == [Status.CORRECT] * size, verdicts
    others = [(problem, text) for problem in found for text in (*TRIVIAL, str(problem.prompt), *hedged(problem))]
    for (problem, text), verdict in zip(others, pool.judge([job(*each) for each in others]), strict=True):
        assert verdict.reward == 0.0 or text == expected(problem), (text, verdict)
        assert not verdict.mask_sample, (text, verdict)


@pytest.mark.parametrize("family", ["ransom_note", pytest.param("word_ladder", marks=pytest.mark.slow)])
def test_the_same_seed_makes_the_same_problems(monkeypatch: pytest.MonkeyPatch, family: str) -> None:
    first = problems(4, 7, variants=(family,))
    # Sets of texts have another order in another process, but for this variable.
    monkeypatch.setitem(os.environ, "PYTHONHASHSEED", "77")
    assert problems(4, 7, variants=(family,)) == first
    assert list(generated(family, 4, seed=8)) != first


def test_the_prompt_says_where_the_answer_stands() -> None:
    (problem,) = generated("countdown", 1, seed=0)
    assert str(problem.prompt).endswith("between <answer> and </answer>.")
    assert problem.tags == ("variant=countdown",) and problem.verifier == "gym"


def test_puzzles_pass_the_screening_of_a_run() -> None:
    with Screening() as screening:
        found = load_problems("reasoning_gym:countdown", size=5, seed=0, screening=screening)
    assert len(found) == 5 and {problem.tags for problem in found} == {
        ("variant=countdown", "family=reasoning_gym.countdown")
    }


@pytest.mark.parametrize(
    ("family", "message"),
    [
        ("boxnet", r"cannot be judged: it brings no solution"),
        ("composite", r"name them in data\.mixture"),
        ("propositional_logic", r"it brings no answer"),
        ("countdwon", r"no family 'countdwon' that can be judged; the nearest are countdown"),
    ],
)
def test_families_that_do_not_load(family: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        problems(1, 0, variants=(family,))


def test_a_missing_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ValueError, match=r"pip install 'rlcore\[gym\]'"):
        problems(1, 0, variants=("countdown",))
