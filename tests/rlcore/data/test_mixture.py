"""Several sources in one run: whose turn it is, what is held out, what is refused."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from rlcore.config.data import DataConfig, ProblemPart
from rlcore.data.mixture import CYCLE, Pool, by_family, read_pool
from rlcore.data.origin import family
from verifiers.types import Problem


def problem(name: str, verifier: str = "math") -> Problem:
    return Problem(id=name, prompt=f"prompt of {name}", verifier=verifier, reference={"answer": "1"})


def part(name: str, count: int, verifier: str = "math") -> tuple[Problem, ...]:
    return tuple(problem(f"{name}{number}", verifier) for number in range(count))


POOL = Pool((part("a", 50), part("b", 7, "code"), part("c", 9, "lean")), (0.5, 0.25, 0.25))
MIXTURE = DataConfig(
    mixture=(
        ProblemPart(source="arithmetic", share=2, size=200),
        ProblemPart(source="programs", share=1, size=100, levels=(2,), options={"shown": 0}, held_out=4),
        ProblemPart(source="theorems", share=1, size=100, levels=(1,)),
    )
)


def test_every_step_has_the_sources_in_proportion() -> None:
    for cursor in range(0, 3 * CYCLE, 32):
        counts = Counter(family(one) for one in POOL.stream(cursor, 32, seed=0))
        assert abs(counts["math"] - 16) <= 1 and abs(counts["code"] - 8) <= 1 and abs(counts["lean"] - 8) <= 1


def test_shares_that_do_not_divide_are_kept_over_the_cycle() -> None:
    pool = Pool((part("a", 5), part("b", 5, "code")), (0.83, 0.17))
    counts = Counter(family(one) for one in pool.stream(17, CYCLE, seed=0))
    assert counts == {"math": 830, "code": 170}


def test_the_stream_is_a_function_of_the_place() -> None:
    whole = POOL.stream(0, 2500, seed=3)
    assert POOL.stream(990, 40, seed=3) == whole[990:1030]
    assert POOL.stream(2400, 100, seed=3) == whole[2400:]
    assert POOL.stream(0, 40, seed=4) != whole[:40]


def test_every_epoch_of_a_source_is_a_permutation_of_it() -> None:
    stream = [one for one in POOL.stream(0, 400, seed=0) if family(one) == "code"]
    epochs = [stream[start : start + 7] for start in range(0, 98, 7)]
    assert all(sorted(one.id for one in epoch) == [f"b{number}" for number in range(7)] for epoch in epochs)
    assert len({tuple(one.id for one in epoch) for epoch in epochs}) > 5


def test_the_head_is_in_proportion_too() -> None:
    assert Counter(family(one) for one in POOL.head(20)) == {"math": 10, "code": 5, "lean": 5}
    assert POOL.head(0) == POOL.problems and len(POOL.problems) == 66
    assert Pool((part("a", 50),), (1.0,)).head(12) == list(part("a", 12))


def test_a_source_without_problems_leaves_its_share_to_the_others() -> None:
    left = POOL.where(lambda one: one.verifier != "math")
    assert left.shares == (0.5, 0.5) and len(left.problems) == 16
    with pytest.raises(ValueError, match="no training problems"):
        POOL.where(lambda one: False)


def test_each_source_holds_out_its_own() -> None:
    pool, held_out, overlap = read_pool(MIXTURE, seed=0, measured=0)
    assert pool.shares == (0.5, 0.25, 0.25) and overlap == 0
    families = by_family(held_out)
    assert list(families) == ["arithmetic", "programs.en", "theorems"]
    assert len(families["programs.en"]) == 4
    assert all("level=2" in one.tags for one in families["programs.en"])
    assert not {one.prompt for one in pool.problems} & {one.prompt for one in held_out}
    assert len(pool.parts[0]) + len(families["arithmetic"]) == 200
    _, few, _ = read_pool(MIXTURE, seed=0, measured=3)
    assert {name: len(part) for name, part in by_family(few).items()} == {
        "arithmetic": 3,
        "programs.en": 4,
        "theorems": 3,
    }


def test_one_source_is_split_as_ever() -> None:
    pool, held_out, _ = read_pool(DataConfig(size=100, limit=20), seed=0, measured=3)
    assert len(pool.parts) == 1 and len(pool.problems) == 20
    assert len(held_out) > 3, "the evaluation takes its head"


def test_languages_are_told_apart_in_the_same_order_for_every_seed() -> None:
    data = DataConfig(
        mixture=(ProblemPart(source="word_problems:zh+en", size=200), ProblemPart(source="arithmetic", size=100))
    )
    for seed in range(4):
        _, held_out, _ = read_pool(data, seed=seed, measured=0)
        families = by_family(held_out)
        assert list(families) == ["word_problems.en", "word_problems.zh", "arithmetic"]
        assert all("variant=zh" in one.tags for one in families["word_problems.zh"])
        assert [one for one in held_out if one in families["word_problems.zh"]] == families["word_problems.zh"]


def test_a_judge_of_ones_own_leaves_the_families_apart(tmp_path: Path) -> None:
    (tmp_path / "judge.py").write_text("def parity(completion, reference):\n    return 1.0\n")
    data = MIXTURE.model_copy(update={"verifier": f"{tmp_path}/judge.py:parity"})
    _, held_out, _ = read_pool(data, seed=0, measured=0)
    assert {one.verifier for one in held_out} == {f"{tmp_path}/judge.py:parity"}
    assert list(by_family(held_out)) == ["arithmetic", "programs.en", "theorems"]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (DataConfig(mixture=(ProblemPart(source="theorems", size=9, levels=(7,)),)), "theorems has no level 7"),
        (DataConfig(mixture=(ProblemPart(source="arithmetic", size=9, levels=(1,)),)), "arithmetic has no levels"),
        (DataConfig(mixture=(ProblemPart(source="arithmetics", size=9),)), "unknown data source 'arithmetics'"),
        (
            DataConfig(mixture=(ProblemPart(source="programs", size=9, options={"show": 1}),)),
            "programs has no option 'show': it has shown",
        ),
        (
            DataConfig(mixture=(ProblemPart(source="programs", size=9, options={"shown": 3}),)),
            "shown=3 .*0 to 2",
        ),
        (DataConfig(mixture=(ProblemPart(source="rows.jsonl", options={"shown": 3}),)), "rows.jsonl has no options"),
        (DataConfig(mixture=(ProblemPart(source="rows.jsonl", levels=(1,)),)), "rows.jsonl has no levels"),
        (
            DataConfig(mixture=(ProblemPart(source="arithmetic", size=99), ProblemPart(source="arithmetic", size=99))),
            "have the same problem",
        ),
        (DataConfig(held_out_share=0, mixture=(ProblemPart(source="arithmetic", size=99),)), "held_out_share above 0"),
    ],
)
def test_mixtures_that_are_refused(data: DataConfig, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read_pool(data, seed=0, measured=0)
