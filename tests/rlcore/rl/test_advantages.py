"""Group advantages against external values and their invariants."""

from __future__ import annotations

import pytest

from rlcore.rl.advantages import group_advantages, has_variance


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
