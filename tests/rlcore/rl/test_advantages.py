"""Advantages of a group against external values, those of an attempt's tokens by hand, and their invariants."""

from __future__ import annotations

import pytest

from rlcore.rl.advantages import group_advantages, has_variance, step_advantages


# verl, groups [1,0,0,0] and [1,1,0,1]; its delta is 1e-6 and ours 1e-4, hence the tolerance.
@pytest.mark.parametrize(
    ("rewards", "expected"),
    [
        ([1, 0, 0, 0], [1.499997, -0.499999, -0.499999, -0.499999]),
        ([1, 1, 0, 1], [0.499999, 0.499999, -1.499997, 0.499999]),
    ],
)
def test_grpo_values(rewards: list[float], expected: list[float]) -> None:
    assert group_advantages(rewards, std_normalise=True) == pytest.approx(expected, abs=5e-4)


def test_trl_value() -> None:
    assert group_advantages([1, 0, 1, 0], std_normalise=True) == pytest.approx([0.86587542, -0.86587542] * 2, abs=1e-7)


def test_dr_grpo_values() -> None:
    assert group_advantages([1, 0, 0, 0], std_normalise=False) == [0.75, -0.25, -0.25, -0.25]


def test_a_failed_judge_leaves_mean_and_std() -> None:
    with_hole = group_advantages([1, None, 0, 1, 0], std_normalise=True)
    without = group_advantages([1, 0, 1, 0], std_normalise=True)
    assert with_hole[1] is None
    assert [value for value in with_hole if value is not None] == without


def test_a_group_of_one_has_no_baseline() -> None:
    assert group_advantages([1, None], std_normalise=True) == [None, None]


def test_two_are_a_group() -> None:
    assert group_advantages([1, None, 0], std_normalise=False) == [0.5, None, -0.5]


@pytest.mark.parametrize("rewards", [[0.2, 0.9, 0.4], [1, 0, 0, 1, 1]])
def test_they_sum_to_zero_and_ignore_shift_and_scale(rewards: list[float]) -> None:
    plain = group_advantages(rewards, std_normalise=True)
    moved = group_advantages([3 * reward + 7 for reward in rewards], std_normalise=True)
    assert sum(value or 0.0 for value in plain) == pytest.approx(0.0, abs=1e-12)
    assert moved == pytest.approx(plain, abs=1e-3)


@pytest.mark.parametrize(
    ("rewards", "expected"),
    [([1, 0], True), ([1, 1], False), ([0, None], False), ([1, None, 0], True), ([None, None], False)],
)
def test_has_variance(rewards: list[float | None], expected: bool) -> None:
    assert has_variance(rewards) is expected


def test_steps_by_hand() -> None:
    """A = -1, weight .5: two credited tokens, one to blame: m = .5, so -1 + .25 twice and -1 - .5 once."""
    assert step_advantages(-1.0, [0, 1, 1, 0], [0, 0, 0, 1], weight=0.5) == [-1.0, -0.75, -0.75, -1.5]


def test_tokens_that_lie_in_steps_by_parts() -> None:
    """A = -2, weight 1/4, C = 2: with B = 1/2, |A| m = 1/4, so -2 + (c/2 - 2b) / 4; with B = 4 (and m = 1/2 of C = 2),
    -2 + (c/2 - b/4).
    """
    found = step_advantages(-2.0, [1.0, 0.5, 0.5, 0.0], [0.0, 0.0, 0.25, 0.25], weight=0.25)
    assert found == [-1.875, -1.9375, -2.0625, -2.125]
    found = step_advantages(-2.0, [1, 1, 0, 0, 0, 0], [0, 0, 1, 1, 1, 1], weight=0.25)
    assert found == [-1.5, -1.5, -2.25, -2.25, -2.25, -2.25]


@pytest.mark.parametrize(
    ("advantage", "credit_T", "blame_T"),
    [
        (0.7, [0, 1, 1], [1, 0, 0]),
        (0.0, [0, 1, 1], [1, 0, 0]),
        (-1.0, [0, 0, 0], [1, 0, 0]),
        (-1.0, [0, 1, 1], [0, 0, 0]),
    ],
)
def test_steps_move_nothing_without_a_failure_credit_and_blame(
    advantage: float, credit_T: list[float], blame_T: list[float]
) -> None:
    assert step_advantages(advantage, credit_T, blame_T, weight=0.5) == [advantage] * 3


def test_no_token_passes_the_bounds_in_the_last_bit() -> None:
    """-.1 + .09 is -.009999999999999995, above -.1 * (1 - .9); and -.1 - .02 is below -.1 * (1 + .2)."""
    highest = step_advantages(-0.1, [1, 0, 0], [0, 1, 1], weight=0.9)[0]
    assert highest == -0.1 * (1 - 0.9) < -0.1 + 0.1 * 0.9
    lowest = step_advantages(-0.1, [1, 1, 1, 0, 0], [0, 0, 0, 1, 1], weight=0.2)[3]
    assert lowest >= -0.1 * (1 + 0.2)


def test_credit_and_blame_are_of_the_same_tokens() -> None:
    with pytest.raises(ValueError, match="zip"):
        step_advantages(-1.0, [1, 0, 0], [0, 1], weight=0.5)
