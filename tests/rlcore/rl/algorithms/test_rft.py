"""Rejection sampling: which completions are learnt from, and its loss."""

from __future__ import annotations

import pytest
from loss_tokens import tokens, value_and_gradient

from rlcore.rl.algorithms.rft import Options, advantages, loss


def test_only_the_whole_reward_is_learnt_from() -> None:
    assert advantages([1.0, 0.0, None, 0.5, 1.0], Options()) == [1.0, None, None, None, 1.0]


def test_the_loss_is_the_mean_over_tokens_whatever_the_advantage() -> None:
    given = tokens([-1.0, -3.0], [-2.0, -2.0], [1.0, 7.0], [0, 1], num_sequences=2, num_tokens=4)
    value, gradient = value_and_gradient(loss(given, Options())[0], given)
    assert value == 1.0
    assert gradient.tolist() == pytest.approx([-0.25, -0.25])
