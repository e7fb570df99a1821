"""DAPO against external reference values and hand-worked examples."""

from __future__ import annotations

import math

import pytest
from loss_tokens import fixture, tokens, value_and_gradient

from rlcore.rl.algorithms.dapo import NEEDS, Options, advantages, loss


# Reference: TRL 1.16 and verl's core_algos on this fixture (docs/LOG.md); the first with GRPO's clips, token-mean.
@pytest.mark.parametrize("padded", [False, True])
def test_equals_the_external_values(padded: bool) -> None:
    given = fixture(padded)
    value, gradient = value_and_gradient(loss(given, Options())[0], given)
    assert value == pytest.approx(0.04463974, abs=1e-6)
    assert gradient.norm().item() == pytest.approx(0.19405410, abs=1e-6)
    assert gradient[~given.mask_T].abs().sum().item() == 0.0


def test_four_tokens_by_hand() -> None:
    """Ratios e^.3, e^-.3 with advantages 1, -1 are clipped at 1.28 and .8; e^.1 and e^-.1 are not. 5 tokens in all.

    L = -(1/5) (1.28 - .8 + e^.1 * 2 - e^-.1), and dL/dl = -r A / 5 where nothing is clipped.
    """
    given = tokens(
        [-1.0, -1.3, -1.0, -1.1], [-1.3, -1.0, -1.1, -1.0], [1.0, -1.0, 2.0, -1.0], [0, 0, 0, 1],
        num_sequences=2, num_tokens=5,
    )  # fmt: skip
    result, metrics = loss(given, Options())
    value, gradient = value_and_gradient(result, given)
    assert value == pytest.approx(-(1.28 - 0.8 + 2 * math.exp(0.1) - math.exp(-0.1)) / 5, abs=1e-12)
    assert gradient.tolist() == pytest.approx([0, 0, -2 * math.exp(0.1) / 5, math.exp(-0.1) / 5], abs=1e-12)
    assert metrics["clip_share_low"].item() == metrics["clip_share_high"].item() == pytest.approx(0.2)
    assert metrics["ratio_max"].item() == pytest.approx(math.exp(0.3))


def test_the_other_sign_is_not_clipped() -> None:
    given = tokens([-1.0, -1.3], [-1.3, -1.0], [-1.0, 1.0], [0, 0], num_sequences=1, num_tokens=2)
    result, metrics = loss(given, Options())
    _, gradient = value_and_gradient(result, given)
    assert gradient.tolist() == pytest.approx([math.exp(0.3) / 2, -math.exp(-0.3) / 2], abs=1e-12)
    assert metrics["clip_share_low"].item() == metrics["clip_share_high"].item() == 0.0


def test_what_is_masked_is_not_counted_as_clipped() -> None:
    given = tokens(
        [-1.0, -1.3, -1.0], [-1.3, -1.0, -1.0], [1.0, -1.0, 1.0], [0, 0, 0], mask=[False, False, True],
        num_sequences=1, num_tokens=1,
    )  # fmt: skip
    result, metrics = loss(given, Options())
    assert result.item() == -1.0
    assert {name: value.item() for name, value in metrics.items()} == {
        "clip_share_low": 0.0, "clip_share_high": 0.0, "ratio_max": 1.0,
    }  # fmt: skip


def test_copies_are_as_many_sequences() -> None:
    """A clipped token and one that is not, three times each."""
    given = tokens(
        [-1.0, -1.0], [-1.3, -1.1], [1.0, 1.0], [0, 0], copies=[3.0, 3.0], num_sequences=3, num_tokens=6
    )  # fmt: skip
    result, metrics = loss(given, Options())
    value, gradient = value_and_gradient(result, given)
    assert value == pytest.approx(-(1.28 + math.exp(0.1)) / 2, abs=1e-12)
    assert gradient.tolist() == pytest.approx([0.0, -math.exp(0.1) / 2], abs=1e-12)
    assert metrics["clip_share_high"].item() == pytest.approx(0.5)


def test_at_the_bound_and_without_an_advantage_nothing_is_clipped() -> None:
    """A ratio of 1 with clips of 0 keeps its gradient; where the advantage is 0 there is none to take away."""
    given = tokens([-1.0, -1.0], [-1.0, -1.0], [-1.0, 1.0], [0, 1], num_sequences=2, num_tokens=2)
    result, metrics = loss(given, Options(clip_low=0.0, clip_high=0.0))
    _, gradient = value_and_gradient(result, given)
    assert gradient.tolist() == [0.5, -0.5]
    assert metrics["clip_share_low"].item() == metrics["clip_share_high"].item() == 0.0
    given = tokens([-1.5, -0.5], [-1.0, -1.0], [0.0, 0.0], [0, 1], num_sequences=2, num_tokens=2)
    _, metrics = loss(given, Options())
    assert metrics["clip_share_low"].item() == metrics["clip_share_high"].item() == 0.0


def test_advantages_are_divided_by_the_standard_deviation_unless_told_otherwise() -> None:
    found = advantages([1, 0, None, 0], Options())
    assert found == [pytest.approx(1.1545), pytest.approx(-0.57725, abs=1e-5), None, pytest.approx(-0.57725, abs=1e-5)]
    assert advantages([1, 0, 1, 0], Options(std_normalise=False)) == [0.5, -0.5, 0.5, -0.5]


def test_it_needs_the_log_probs_before_the_update_as_it_reads_them() -> None:
    one, other = (tokens([-1.0], [old], [1.0], [0], num_sequences=1, num_tokens=1) for old in (-1.0, -0.9))
    assert loss(one, Options())[0].item() != loss(other, Options())[0].item()
    assert "old" in NEEDS
