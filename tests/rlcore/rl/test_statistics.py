import itertools
import math
import random

import pytest

from rlcore.rl.statistics import mean_and_ci, mean_pass_at_k, paired_difference, pass_at_k


@pytest.mark.parametrize(
    ("n", "c", "k", "expected"),
    [
        (5, 2, 1, 0.4),
        (5, 2, 2, 0.7),
        (10, 3, 1, 0.3),
        (10, 3, 5, 0.91666667),
        (16, 1, 8, 0.5),
        (16, 4, 4, 0.72802198),
        (64, 1, 32, 0.5),
        (200, 10, 100, 0.99922897),
        (16, 0, 4, 0.0),
        (4, 3, 2, 1.0),
    ],
)
def test_pass_at_k_literals(n: int, c: int, k: int, expected: float) -> None:
    assert pass_at_k(n, c, k) == pytest.approx(expected, abs=1e-8)


def test_pass_at_k_is_the_share_of_subsets_with_a_correct_sample() -> None:
    for n, c in itertools.product(range(1, 7), range(7)):
        if c > n:
            continue
        for k in range(1, n + 1):
            subsets = list(itertools.combinations([True] * c + [False] * (n - c), k))
            assert pass_at_k(n, c, k) == pytest.approx(sum(map(any, subsets)) / len(subsets))


@pytest.mark.parametrize(("n", "c", "k"), [(4, 1, 5), (4, 1, 0), (4, 5, 1), (4, -1, 1), (0, 0, 1)])
def test_pass_at_k_refuses_what_it_cannot_estimate(n: int, c: int, k: int) -> None:
    with pytest.raises(ValueError, match=r"eval\.ks|give 0 <= c"):
        pass_at_k(n, c, k)


def test_mean_and_interval_by_hand() -> None:
    found = mean_and_ci([0.0, 1.0, 0.0, 1.0])
    # s^2 = 4 * .25 / 3; half = 1.96 * sqrt(s^2 / 4)
    assert found.mean == 0.5 and found.problems == 4
    half = 1.959964 * math.sqrt(1 / 3 / 4)
    assert (found.low, found.high) == pytest.approx((0.5 - half, 0.5 + half), abs=1e-6)
    assert mean_and_ci([0.25] * 9) == (0.25, 0.25, 0.25, 9, 0)
    with pytest.raises(ValueError, match=r"at least 2 problems, got 1: raise eval\.problems"):
        mean_and_ci([1.0])


def test_interval_covers_the_truth_about_95_percent_of_the_time() -> None:
    rng = random.Random(0)
    hits = 0
    for _ in range(1000):
        # Problems differ in difficulty (mean .5) and each has 4 samples.
        values = []
        for _ in range(60):
            rate = rng.random()
            values.append(sum(rng.random() < rate for _ in range(4)) / 4)
        found = mean_and_ci(values)
        hits += found.low <= 0.5 <= found.high
    assert 0.92 <= hits / 1000 <= 0.975


def test_mean_pass_at_k_leaves_out_problems_with_masked_samples() -> None:
    found = mean_pass_at_k([(8, 8), (8, 0), (8, 4), (7, 7)], 8)
    assert found.mean == pytest.approx(2 / 3) and (found.problems, found.left_out) == (3, 1)
    assert mean_pass_at_k([(8, 4), (4, 1)], 1).mean == pytest.approx(0.375)
    with pytest.raises(ValueError, match=r"only 1 of 2 problems have 8 judged samples"):
        mean_pass_at_k([(8, 4), (4, 1)], 8)


def test_paired_difference_by_hand() -> None:
    before = {"a": 0.2, "b": 0.4, "c": 0.9, "only before": 1.0}
    after = {"c": 1.0, "a": 0.5, "b": 0.6}
    found = paired_difference(before, after)
    # Differences .3, .2, .1: mean .2, s = .1.
    assert found.mean == pytest.approx(0.2)
    half = 1.959964 * 0.1 / math.sqrt(3)
    assert (found.low, found.high) == pytest.approx((0.2 - half, 0.2 + half), abs=1e-6)
    assert (found.problems, found.left_out) == (3, 1)
    back = paired_difference(after, before)
    assert (back.low, back.high) == pytest.approx((-found.high, -found.low))


def test_a_pair_of_problems_is_enough_for_a_difference_and_one_is_not() -> None:
    """Differences .3 and .1: mean .2, s = .2 / sqrt 2, and s / sqrt 2 = .1."""
    found = paired_difference({"a": 0.2, "b": 0.4}, {"b": 0.5, "a": 0.5})
    assert (found.mean, found.high) == pytest.approx((0.2, 0.2 + 1.959964 * 0.1), abs=1e-6)
    assert (found.problems, found.left_out) == (2, 0)
    with pytest.raises(ValueError, match="share 1 problems: measure both on the same held-out problems"):
        paired_difference({"a": 1.0, "b": 1.0}, {"b": 1.0, "c": 1.0})
