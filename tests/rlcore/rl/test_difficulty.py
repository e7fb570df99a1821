import pytest

from rlcore.rl.difficulty import (
    NO_VERDICT,
    TOO_EASY,
    TOO_HARD,
    FamilyCount,
    PassRate,
    count_families,
    count_reasons,
    estimate,
    keep,
    posterior_below,
)
from verifiers.types import Status, Verdict

RIGHT, WRONG = Verdict.of(Status.CORRECT), Verdict.of(Status.WRONG)
PARTIAL = Verdict.of(Status.PARTIAL, reward=0.5)
FAILED = Verdict.failed("deadline", "the judge was late")


def rate_of(*verdicts: Verdict) -> PassRate:
    return estimate({"p": verdicts})["p"]


def test_posterior_literals() -> None:
    assert 1 - posterior_below(0.2, 0, 8) == pytest.approx(0.134, abs=5e-4)
    assert posterior_below(0.8, 1, 8) - posterior_below(0.2, 1, 8) == pytest.approx(0.436, abs=5e-4)
    assert posterior_below(0.8, 4, 8) - posterior_below(0.2, 4, 8) == pytest.approx(0.961, abs=5e-4)
    four_of_8 = rate_of(*[RIGHT, WRONG] * 4)
    assert (four_of_8.low, four_of_8.high) == pytest.approx((0.212, 0.788), abs=5e-4)
    eight_of_16 = rate_of(*[RIGHT, WRONG] * 8)
    assert (eight_of_16.low, eight_of_16.high) == pytest.approx((0.278, 0.722), abs=5e-4)
    ends = posterior_below(0.0, 3, 8), posterior_below(1.0, 3, 8)
    assert ends == (0.0, 1.0) and all(isinstance(end, float) for end in ends)
    assert posterior_below(0.5, 1000, 2000) == pytest.approx(0.5, abs=1e-6)


@pytest.mark.parametrize(("correct", "judged"), [(3, 2), (-1, 2)])
def test_counts_that_cannot_be(correct: int, judged: int) -> None:
    with pytest.raises(ValueError, match=f"{correct} correct of {judged} judged: give 0 <= correct <= judged"):
        posterior_below(0.5, correct, judged)


def test_a_failed_judge_is_missing_and_not_zero() -> None:
    found = rate_of(RIGHT, FAILED, WRONG, FAILED)
    assert (found.correct, found.judged, found.errors, found.rate) == (1, 2, 2, 0.5)
    alone = rate_of(FAILED, FAILED)
    assert (alone.correct, alone.judged, alone.errors, alone.rate) == (0, 0, 2, None)
    assert (alone.low, alone.high) == pytest.approx((0.025, 0.975), abs=1e-6)


def test_partial_credit_is_not_solved() -> None:
    assert rate_of(PARTIAL, RIGHT).rate == 0.5


def test_band_is_inclusive_and_reasons_are_counted() -> None:
    verdicts = {
        "easy": [RIGHT] * 8,
        "low edge": [RIGHT] + [WRONG] * 3,
        "failed": [FAILED] * 8,
        "middle": [RIGHT, WRONG],
        "high edge": [RIGHT] * 3 + [WRONG],
        "hard": [WRONG] * 8,
        "hard with failures": [WRONG] * 2 + [FAILED] * 6,
    }
    kept, reasons = keep(estimate(verdicts), minimum=0.25, maximum=0.75)
    assert kept == ["low edge", "middle", "high edge"]
    assert reasons == {"easy": TOO_EASY, "failed": NO_VERDICT, "hard": TOO_HARD, "hard with failures": TOO_HARD}
    assert count_reasons(reasons) == {"too easy": 1, "too hard": 2, "no verdict": 1}
    assert count_reasons({}) == {"too easy": 0, "too hard": 0, "no verdict": 0}


def test_the_widest_band_keeps_all_and_the_narrowest_one_rate() -> None:
    found = estimate({"all": [RIGHT], "half": [RIGHT, WRONG], "none": [WRONG], "failed": [FAILED]})
    assert keep(found, minimum=0.0, maximum=1.0) == (["all", "half", "none"], {"failed": NO_VERDICT})
    assert keep(found, minimum=0.5, maximum=0.5)[0] == ["half"]


def test_a_symmetric_band_is_symmetric_under_a_flip_of_the_rewards() -> None:
    flip = {Status.CORRECT: WRONG, Status.WRONG: RIGHT}
    verdicts = {str(correct): [RIGHT] * correct + [WRONG] * (8 - correct) for correct in range(9)}
    flipped = {problem: [flip[verdict.status] for verdict in samples] for problem, samples in verdicts.items()}
    kept, _ = keep(estimate(verdicts), minimum=0.2, maximum=0.8)
    assert keep(estimate(flipped), minimum=0.2, maximum=0.8)[0] == kept == ["2", "3", "4", "5", "6"]


@pytest.mark.parametrize(("minimum", "maximum"), [(0.8, 0.2), (-0.1, 0.5), (0.5, 1.1)])
def test_an_empty_band(minimum: float, maximum: float) -> None:
    with pytest.raises(ValueError, match=r"filter\.min_pass_rate"):
        keep({}, minimum=minimum, maximum=maximum)


def test_families_are_counted_by_hand() -> None:
    verdicts = {"a": [RIGHT, WRONG], "b": [RIGHT, RIGHT], "c": [FAILED, FAILED], "d": [WRONG, WRONG]}
    rates = estimate(verdicts)
    _, reasons = keep(rates, minimum=0.25, maximum=0.75)
    families = {"words.en": ["a", "b", "c"], "words.zh": ["d"], "sums": ["c"]}
    assert count_families(families, rates, reasons) == {
        "words.en": FamilyCount(3, 1, 0.75),
        "words.zh": FamilyCount(1, 0, 0.0),
        "sums": FamilyCount(1, 0, 0.0),
    }
    rates = estimate({"e": [RIGHT, WRONG], "f": [RIGHT, WRONG], "g": [RIGHT]})
    assert count_families({"both": ["e", "f"], "one": ["g"]}, rates, {"g": TOO_EASY}) == {
        "both": FamilyCount(2, 2, 0.5),
        "one": FamilyCount(1, 0, 1.0),
    }
