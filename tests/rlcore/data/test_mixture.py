"""Several sources in one run: whose turn it is, what is held out, what is refused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from rlcore.config.data import DataConfig, ProblemPart
from rlcore.data.mixture import CYCLE, Mixture, by_family, read_problems
from rlcore.data.origin import family
from rlcore.data.screening import Screening
from rlcore.data.sources.drops import Drops
from verifiers.types import Problem


def problem(name: str, verifier: str = "math") -> Problem:
    return Problem(id=name, prompt=f"prompt of {name}", verifier=verifier, reference={"answer": "1"})


def part(name: str, count: int, verifier: str = "math") -> tuple[Problem, ...]:
    return tuple(problem(f"{name}{number}", verifier) for number in range(count))


POOL = Mixture((part("a", 50), part("b", 7, "code"), part("c", 9, "lean")), (0.5, 0.25, 0.25))
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
    pool = Mixture((part("a", 5), part("b", 5, "code")), (0.83, 0.17))
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
    assert Mixture((part("a", 50),), (1.0,)).head(12) == list(part("a", 12))


def test_every_source_has_a_problem_in_the_head() -> None:
    head = Mixture((part("a", 50), part("b", 7)), (0.99, 0.01)).head(10)
    assert head == [*part("a", 10), *part("b", 1)]


def test_the_source_furthest_behind_its_share_is_next() -> None:
    """Shares 7, 2, 1 in ten: equal deficits go to the first, which the last bit of .7 * 2 - 1 must not change."""
    pool = Mixture((part("a", 50), part("b", 50, "code"), part("c", 50, "lean")), (0.7, 0.2, 0.1))
    turns = [one.id[0] for one in pool.stream(0, 20, seed=0)]
    assert "".join(turns) == "aabaacaaba" * 2
    three_cycles = Counter(one.id[0] for one in pool.stream(0, 3 * CYCLE, seed=0))
    assert three_cycles == {"a": 2100, "b": 600, "c": 300}


def test_every_source_has_its_share() -> None:
    pool = Mixture((part("a", 2), part("b", 2)), (1.0,))
    with pytest.raises(ValueError, match="zip"):
        pool.head(2)
    with pytest.raises(ValueError, match="zip"):
        pool.where(lambda one: True)


def test_a_source_without_problems_leaves_its_share_to_the_others() -> None:
    left = POOL.where(lambda one: one.verifier != "math")
    assert left.shares == (0.5, 0.5) and len(left.problems) == 16
    two_left = Mixture((part("a", 2), part("b", 2), part("c", 2)), (0.2, 0.2, 0.6)).where(lambda one: one.id[0] != "b")
    assert two_left.shares == pytest.approx((0.25, 0.75)) and two_left.parts == (part("a", 2), part("c", 2))
    with pytest.raises(ValueError, match="no training problems"):
        POOL.where(lambda one: False)


def test_each_source_holds_out_its_own() -> None:
    pool, held_out, overlap = read_problems(MIXTURE, seed=0, measured=0)
    assert pool.shares == (0.5, 0.25, 0.25) and overlap == 0
    families = by_family(held_out)
    assert list(families) == ["arithmetic", "programs.en", "theorems"]
    assert len(families["programs.en"]) == 4
    assert all("level=2" in one.tags for one in families["programs.en"])
    assert not {one.prompt for one in pool.problems} & {one.prompt for one in held_out}
    assert len(pool.parts[0]) + len(families["arithmetic"]) == 200
    _, few, _ = read_problems(MIXTURE, seed=0, measured=3)
    assert {name: len(part) for name, part in by_family(few).items()} == {
        "arithmetic": 3,
        "programs.en": 4,
        "theorems": 3,
    }


def test_one_source_is_split_as_ever() -> None:
    pool, held_out, overlap = read_problems(DataConfig(size=100, limit=20), seed=0, measured=3)
    assert len(pool.parts) == 1 and len(pool.problems) == 20 and overlap == 0
    assert len(held_out) > 3, "the evaluation takes its head"


def rows(path: Path, problems: Sequence[Problem], *more: str) -> str:
    path.write_text("".join(line + "\n" for line in (*(one.model_dump_json() for one in problems), *more)), "utf-8")
    return str(path)


def test_a_held_out_source_of_its_own(tmp_path: Path) -> None:
    """What it shares with the training problems is not trained on, and counted; bad rows of both go to `drops`."""
    train = rows(tmp_path / "train.jsonl", part("a", 4), '{"id": "x"}')
    held_out = rows(tmp_path / "test.jsonl", [*part("b", 2), problem("a1")])
    drops = Drops(tmp_path / "dropped.jsonl", max_share=0.5)
    pool, held, overlap = read_problems(DataConfig(source=train, held_out=held_out), seed=0, measured=1, drops=drops)
    assert sorted(one.id for one in pool.problems) == ["a0", "a2", "a3"] and pool.shares == (1.0,)
    assert sorted(one.id for one in held) == ["a1", "b0", "b1"]
    assert overlap == 1 and len(drops.rows) == 1
    with pytest.raises(ValueError, match="leaves 0 training and 4 held-out problems: give more problems"):
        everything = rows(tmp_path / "all.jsonl", [*part("b", 3), problem("a1")])
        read_problems(DataConfig(source=held_out, held_out=everything), seed=0, measured=1)


def test_the_layout_that_is_named_is_taken(tmp_path: Path) -> None:
    source = rows(tmp_path / "rows.jsonl", part("a", 4))
    with pytest.raises(ValueError, match="`test_list` is None"):
        read_problems(DataConfig(source=source, format="mbpp"), seed=0, measured=0)


@pytest.mark.parametrize("enabled", [True, False])
def test_what_the_judge_cannot_use_is_screened_out_unless_that_is_off(tmp_path: Path, enabled: bool) -> None:
    """A program that prints nothing would pass, which only the judge finds out."""
    reference = {"kind": "stdin", "cases": [{"stdin": "1", "stdout": ""}]}
    weak = Problem(id="weak", prompt="Print nothing.", verifier="code", reference=reference)
    data = DataConfig(source=rows(tmp_path / "rows.jsonl", [*part("a", 9), weak]), held_out_share=0.5)
    drops = Drops(tmp_path / "dropped.jsonl", max_share=0.5)
    with Screening(say=print, enabled=enabled) as screening:
        pool, held_out, _ = read_problems(data, seed=0, measured=0, drops=drops, screening=screening)
    assert ("weak" in {one.id for one in (*pool.problems, *held_out)}) is not enabled
    assert len(drops.rows) == int(enabled)


def test_a_held_out_family_is_drawn_with_another_seed() -> None:
    data = DataConfig(source="arithmetic", held_out="arithmetic", size=50)
    pool, held_out, _ = read_problems(data, seed=3, measured=0)
    again, _, _ = read_problems(DataConfig(source="arithmetic", size=50, held_out_share=0.1), seed=4, measured=0)
    assert len(held_out) == 50
    assert {one.prompt for one in again.problems} < {one.prompt for one in held_out}
    assert {one.prompt for one in pool.problems} != {one.prompt for one in held_out}


def test_the_limit_is_of_each_source_and_the_seed_decides_what_is_held_out() -> None:
    data = MIXTURE.model_copy(update={"limit": 5})
    pool, held_out, _ = read_problems(data, seed=0, measured=0)
    assert [len(part) for part in pool.parts] == [5, 5, 5]
    assert read_problems(data, seed=1, measured=0)[1] != held_out


def two_sources(folder: Path, first: Problem, second: Problem) -> DataConfig:
    """40 problems and one more each, half of them held out."""
    one = rows(folder / "one.jsonl", [first, *part("a", 40)])
    two = rows(folder / "two.jsonl", [*part("b", 40), second])
    return DataConfig(mixture=(ProblemPart(source=one), ProblemPart(source=two)), held_out_share=0.5)


def test_two_sources_with_a_problem_of_one_id_are_refused(tmp_path: Path) -> None:
    data = two_sources(tmp_path, problem("x"), problem("x").model_copy(update={"prompt": "another"}))
    for seed in range(4):
        with pytest.raises(ValueError, match=r"two sources of data\.mixture have the same problem"):
            read_problems(data, seed=seed, measured=0)


def test_a_prompt_of_two_sources_is_on_one_side(tmp_path: Path) -> None:
    data = two_sources(tmp_path, problem("q"), problem("y").model_copy(update={"prompt": "Prompt of Q"}))
    sides = set()
    for seed in range(3):
        pool, held_out, _ = read_problems(data, seed=seed, measured=0)
        trained = {"q", "y"} & {one.id for one in pool.problems}
        assert trained in (set(), {"q", "y"}) and trained ^ {"q", "y"} == {"q", "y"} & {one.id for one in held_out}
        sides.add(bool(trained))
    assert sides == {True, False}


def test_a_run_needs_something_held_out() -> None:
    with pytest.raises(ValueError, match="leaves 50 training and 0 held-out problems"):
        read_problems(DataConfig(size=50, held_out_share=0), seed=0, measured=0)


def test_languages_are_told_apart_in_the_same_order_for_every_seed() -> None:
    data = DataConfig(
        mixture=(ProblemPart(source="word_problems:zh+en", size=200), ProblemPart(source="arithmetic", size=100))
    )
    for seed in range(4):
        _, held_out, _ = read_problems(data, seed=seed, measured=0)
        families = by_family(held_out)
        assert list(families) == ["word_problems.en", "word_problems.zh", "arithmetic"]
        assert all("variant=zh" in one.tags for one in families["word_problems.zh"])
        assert [one for one in held_out if one in families["word_problems.zh"]] == families["word_problems.zh"]


def test_a_judge_of_ones_own_leaves_the_families_apart(tmp_path: Path) -> None:
    (tmp_path / "judge.py").write_text("def parity(completion, reference):\n    return 1.0\n")
    data = MIXTURE.model_copy(update={"verifier": f"{tmp_path}/judge.py:parity"})
    _, held_out, _ = read_problems(data, seed=0, measured=0)
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
        read_problems(data, seed=0, measured=0)
