"""GSPO against external reference values and hand-worked examples."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch
from loss_tokens import fixture, tokens, value_and_gradient

from rlcore.rl.algorithms.gspo import NEEDS, Options, advantages, loss

WIDE = Options(clip_low=0.9, clip_high=0.9)


def two(advantage: list[float]) -> object:
    """y_1 has log-ratios .2, 0 (s = e^.1); y_2 has -.3 (s = e^-.3)."""
    return tokens([-1.0, -2.0, -0.8], [-1.2, -2.0, -0.5], advantage, [0, 0, 1], num_sequences=2, num_tokens=3)


# Reference: loss and gradient norm of TRL 1.16 and verl's core_algos on this fixture (docs/LOG.md).
@pytest.mark.parametrize("padded", [False, True])
@pytest.mark.parametrize(
    ("options", "expected", "norm"),
    [(Options(), 0.00633268, 0.18389487), (Options(clip_low=1e9, clip_high=1e9), -0.00924367, 0.20952387)],
)
def test_equals_the_external_values(options: Options, expected: float, norm: float, padded: bool) -> None:
    given = fixture(padded)
    value, gradient = value_and_gradient(loss(given, options)[0], given)
    assert value == pytest.approx(expected, abs=1e-6)
    assert gradient.norm().item() == pytest.approx(norm, abs=1e-6)
    assert gradient[~given.mask_T].abs().sum().item() == 0.0


def test_two_sequences_by_hand() -> None:
    """Advantages 1 and -2: L = -(1/2) (e^.1 * 1 + e^-.3 * -2), and dL/dl = -s A / (2 |y|) at each token."""
    given = two([1.0, 1.0, -2.0])
    result, metrics = loss(given, WIDE)
    value, gradient = value_and_gradient(result, given)
    assert value == pytest.approx(-0.5 * (math.exp(0.1) - 2 * math.exp(-0.3)), abs=1e-12)
    expected = [-math.exp(0.1) / 4, -math.exp(0.1) / 4, math.exp(-0.3)]
    assert gradient.tolist() == pytest.approx(expected, abs=1e-12)
    assert metrics["clip_share_low"].item() == metrics["clip_share_high"].item() == 0.0
    assert metrics["ratio_max"].item() == pytest.approx(math.exp(0.1))


def test_both_are_clipped_at_the_default_epsilon() -> None:
    """s_1 = e^.1 > 1.0004 with A > 0, s_2 = e^-.3 < 0.9997 with A < 0: both are clipped, no gradient is left."""
    given = two([1.0, 1.0, -2.0])
    result, metrics = loss(given, Options())
    value, gradient = value_and_gradient(result, given)
    assert value == pytest.approx(-0.5 * (1.0004 - 2 * 0.9997), abs=1e-9)
    assert gradient.abs().sum().item() == 0.0
    assert metrics["clip_share_low"].item() == metrics["clip_share_high"].item() == 0.5


def test_the_other_sign_is_not_clipped() -> None:
    """s_1 above the range with A < 0, s_2 below it with A > 0: the pessimistic side, where the gradient stays."""
    given = two([-1.0, -1.0, 2.0])
    result, metrics = loss(given, Options())
    _, gradient = value_and_gradient(result, given)
    assert gradient.tolist() == pytest.approx([math.exp(0.1) / 4, math.exp(0.1) / 4, -math.exp(-0.3)], abs=1e-12)
    assert metrics["clip_share_low"].item() == metrics["clip_share_high"].item() == 0.0


def test_a_ratio_just_inside_the_range_is_not_clipped() -> None:
    given = tokens([0.0003, -0.0002], [0.0, 0.0], [1.0, -1.0], [0, 1], num_sequences=2, num_tokens=2)
    result, metrics = loss(given, Options())
    _, gradient = value_and_gradient(result, given)
    assert gradient.tolist() == pytest.approx([-math.exp(0.0003) / 2, math.exp(-0.0002) / 2], abs=1e-12)
    assert metrics["clip_share_low"].item() == metrics["clip_share_high"].item() == 0.0


def test_clip_share_of_the_fixture() -> None:
    assert loss(fixture(), Options())[1]["clip_share_low"].item() == pytest.approx(0.25)


def test_gradient_sums_to_the_loss_when_nothing_is_clipped() -> None:
    given = fixture()
    value, gradient = value_and_gradient(loss(given, Options(clip_low=9.0, clip_high=9.0))[0], given)
    assert gradient.sum().item() == pytest.approx(value, abs=1e-12)


def test_unchanged_by_repeating_every_token() -> None:
    given = fixture()
    fields = ("logp_T", "old_T", "advantage_T", "mask_T", "sequence_T", "copies_T")
    twice = replace(given, **{name: getattr(given, name).detach().repeat_interleave(2) for name in fields})
    assert loss(given, Options())[0].item() == pytest.approx(loss(twice, Options())[0].item(), abs=1e-12)


def test_step_advantages_move_the_gradient_and_not_the_value() -> None:
    """s = e^.1 unclipped: each token's gradient is -s A_t / |y|, so advantages .5 and 1.5 share what 1 and 1 get."""
    plain = tokens([-1.0, -2.0], [-1.2, -2.0], [1.0, 1.0], [0, 0], num_sequences=1, num_tokens=2)
    stepped = tokens([-1.0, -2.0], [-1.2, -2.0], [0.5, 1.5], [0, 0], num_sequences=1, num_tokens=2)
    (value, _), (step_value, gradient) = (value_and_gradient(loss(given, WIDE)[0], given) for given in (plain, stepped))
    assert step_value == pytest.approx(value, abs=1e-12)
    assert gradient.tolist() == pytest.approx([-math.exp(0.1) / 4, -3 * math.exp(0.1) / 4], abs=1e-12)


def test_copies_are_as_many_sequences() -> None:
    """One sequence that stands for two, against the two: value, clip shares, and the gradient of both together."""
    two_of_them = tokens(
        [-1.0, -2.0, -1.0, -2.0, -0.8], [-1.2, -2.0, -1.2, -2.0, -0.5], [1.0, 1.0, 1.0, 1.0, -2.0], [0, 0, 1, 1, 2],
        num_sequences=3, num_tokens=5,
    )  # fmt: skip
    merged = tokens(
        [-1.0, -2.0, -0.8], [-1.2, -2.0, -0.5], [1.0, 1.0, -2.0], [0, 0, 1], copies=[2.0, 2.0, 1.0],
        num_sequences=3, num_tokens=5,
    )  # fmt: skip
    for options in (WIDE, Options()):
        (result, metrics), (merged_result, merged_metrics) = loss(two_of_them, options), loss(merged, options)
        value, gradient = value_and_gradient(result, two_of_them)
        merged_value, merged_gradient = value_and_gradient(merged_result, merged)
        assert merged_value == pytest.approx(value, abs=1e-15)
        assert merged_gradient.tolist() == pytest.approx(
            torch.cat([gradient[:2] + gradient[2:4], gradient[4:]]).tolist(), abs=1e-15
        )
        assert {name: m.item() for name, m in merged_metrics.items()} == pytest.approx(
            {name: m.item() for name, m in metrics.items()}, abs=1e-15
        )


def test_a_sequence_that_is_masked_whole_counts_nowhere() -> None:
    given = tokens(
        [-1.0, -3.0], [-1.2, -9.0], [1.0, -1.0], [0, 1], mask=[True, False], num_sequences=1, num_tokens=1
    )  # fmt: skip
    result, metrics = loss(given, Options())
    assert result.item() == pytest.approx(-1.0004)
    assert metrics["clip_share_high"].item() == 1.0 and metrics["clip_share_low"].item() == 0.0
    assert metrics["ratio_max"].item() == pytest.approx(math.exp(0.2))


def test_the_largest_ratio_is_of_what_is_learnt_from() -> None:
    """s = e^-.2 beside a sequence that is masked whole, whose ratio would be 1."""
    given = tokens([-1.2, -3.0], [-1.0, -9.0], [1.0, 1.0], [0, 1], mask=[True, False], num_sequences=1, num_tokens=1)
    assert loss(given, Options())[1]["ratio_max"].item() == pytest.approx(math.exp(-0.2))


def test_no_tokens_at_all() -> None:
    given = tokens([], [], [], [], num_sequences=1, num_tokens=1)
    given = replace(given, sequence_T=torch.zeros(0, dtype=torch.int64), mask_T=torch.zeros(0, dtype=torch.bool))
    result, metrics = loss(given, Options())
    assert result.item() == 0.0 and metrics["ratio_max"].item() == 0.0


def test_at_the_bound_and_without_an_advantage_nothing_is_clipped() -> None:
    """A ratio of 1 with clips of 0 keeps its gradient; where the advantage is 0 there is none to take away."""
    given = tokens([-1.0, -1.0], [-1.0, -1.0], [-1.0, 1.0], [0, 1], num_sequences=2, num_tokens=2)
    result, metrics = loss(given, Options(clip_low=0.0, clip_high=0.0))
    _, gradient = value_and_gradient(result, given)
    assert gradient.tolist() == [0.5, -0.5]
    assert metrics["clip_share_low"].item() == metrics["clip_share_high"].item() == 0.0
    # Of two tokens with advantages 1 and -1 the sequence's sum is 0.
    given = tokens([-1.5, -1.5, -0.5, -0.5], [-1.0] * 4, [1.0, -1.0] * 2, [0, 0, 1, 1], num_sequences=2, num_tokens=4)
    _, metrics = loss(given, Options())
    assert metrics["clip_share_low"].item() == metrics["clip_share_high"].item() == 0.0


def test_small_advantages_are_clipped_like_large_ones() -> None:
    given = tokens([-1.5, -0.5], [-1.0, -1.0], [-0.25, 0.25], [0, 1], num_sequences=2, num_tokens=2)
    _, metrics = loss(given, Options())
    assert metrics["clip_share_low"].item() == metrics["clip_share_high"].item() == 0.5


def test_advantages_are_divided_by_the_standard_deviation_unless_told_otherwise() -> None:
    found = advantages([1, 0, None, 0], Options())
    assert found == [pytest.approx(1.1545), pytest.approx(-0.57725, abs=1e-5), None, pytest.approx(-0.57725, abs=1e-5)]
    assert advantages([1, 0, 1, 0], Options(std_normalise=False)) == [0.5, -0.5, 0.5, -0.5]


def test_it_needs_the_log_probs_before_the_update_as_it_reads_them() -> None:
    one, other = (tokens([-1.0], [old], [1.0], [0], num_sequences=1, num_tokens=1) for old in (-1.0, -0.9))
    assert loss(one, Options())[0].item() != loss(other, Options())[0].item()
    assert "old" in NEEDS
