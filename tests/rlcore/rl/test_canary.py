"""What the canary may never let pass."""

from __future__ import annotations

import math

import pytest

from rlcore.rl.canary import Canary, largest_difference


def test_a_difference_is_found_wherever_it_is() -> None:
    assert largest_difference([[-1.0, -2.0], [-3.0]], [[-1.0, -2.25], [-3.0]]) == 0.25


@pytest.mark.parametrize("broken", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_is_infinitely_different(broken: float) -> None:
    assert largest_difference([[-1.0, -2.0]], [[-1.0, broken]]) == math.inf
    assert largest_difference([[broken, -2.0]], [[broken, -2.0]]) == math.inf


def test_it_survives_the_checkpoint() -> None:
    canary = Canary(((1, 2, 3), (4,)), 0.75)
    assert Canary.from_json(canary.to_json()) == canary
