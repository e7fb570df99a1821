"""What the canary may never let pass."""

from __future__ import annotations

import math

import pytest
import torch

from rlcore.rl.canary import Canary, Difference, agree, difference, mean_difference


def test_a_difference_is_the_largest_the_mean_and_k3() -> None:
    found = difference(torch.tensor([-1.0, -2.0, -3.0]), torch.tensor([-1.0, -2.5, -3.25]))
    assert (found.largest, found.mean) == (0.5, 0.25)
    # (0 + (e^.5 - 1.5) + (e^.25 - 1.25)) / 3
    assert found.k3 == pytest.approx((0.148721 + 0.034025) / 3, abs=1e-6)
    assert difference(torch.empty(0), torch.empty(0)) == Difference(0.0, 0.0, 0.0)


def test_one_token_that_went_to_another_expert_counts_as_one_nat_in_k3() -> None:
    assert difference(torch.tensor([0.0]), torch.tensor([-9.0])) == Difference(9.0, 9.0, pytest.approx(math.e - 2))


@pytest.mark.parametrize("broken", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_is_infinitely_different_and_never_agrees(broken: float) -> None:
    for ours, theirs in (([-1.0, -2.0], [-1.0, broken]), ([broken, -2.0], [broken, -2.0])):
        found = difference(torch.tensor(ours), torch.tensor(theirs))
        assert found == Difference(math.inf, math.inf, math.inf)
        assert not agree(found, None, 1e-4) and not agree(found, Difference(1.0, 1.0, 1.0), 0.0)


def test_exact_weights_are_judged_by_the_largest_difference_and_rounded_ones_by_mean_and_k3() -> None:
    assert agree(Difference(1e-4, 1.0, 1.0), None, 1e-4) and not agree(Difference(1.1e-4, 0.0, 0.0), None, 1e-4)
    noise = Difference(0.0, 0.01, 0.001)
    assert agree(Difference(4.0, 0.02, 0.003), noise, 0.0)
    assert not agree(Difference(0.0, 0.021, 0.0), noise, 0.0)
    assert not agree(Difference(0.0, 0.0, 0.0031), noise, 0.0)


def test_noise_is_the_mean_of_its_passes() -> None:
    assert mean_difference([Difference(1.0, 2.0, 3.0), Difference(3.0, 6.0, 9.0)]) == Difference(2.0, 4.0, 6.0)


def test_it_survives_the_checkpoint() -> None:
    canary = Canary(((1, 2, 3), (4,)), 0.75)
    assert Canary.from_json(canary.to_json()) == canary
