"""What losses are made of, and what holds for every algorithm that comes with the package."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch
from loss_tokens import fixture, tokens, value_and_gradient

from rlcore.rl import algorithm
from rlcore.rl.losses import Tokens, clip_metrics, nll

POLICY_LOSSES = [name for name in algorithm.names() if algorithm.load(name).NEEDS]


def test_nll_is_the_mean_over_tokens() -> None:
    given = tokens([-1.0, -3.0], [0.0, 0.0], [0.0, 0.0], [0, 0], num_sequences=1, num_tokens=2)
    assert nll(given)[0].item() == 2.0


def test_nll_leaves_out_what_is_masked_and_counts_copies() -> None:
    given = tokens(
        [-1.0, -50.0, -3.0], [0.0] * 3, [0.0] * 3, [0, 0, 1], mask=[True, False, True], copies=[1.0, 1.0, 2.0],
        num_sequences=3, num_tokens=4,
    )  # fmt: skip
    value, gradient = value_and_gradient(nll(given)[0], given)
    assert value == pytest.approx((1 + 2 * 3) / 4)
    assert gradient.tolist() == pytest.approx([-0.25, 0.0, -0.5])


@pytest.mark.parametrize("name", POLICY_LOSSES)
def test_on_policy_it_is_reinforce(name: str) -> None:
    """With equal log-probs the gradient is -A over the normaliser, and every ratio is 1."""
    given = fixture()
    given = replace(given, old_T=given.logp_T.detach())
    result, metrics = algorithm.load(name).loss(given, algorithm.options(name, {}))
    _, gradient = value_and_gradient(result, given)
    lengths = torch.tensor([5.0, 4, 3, 5], dtype=torch.float64)[given.sequence_T]
    weight = 1 / (4 * lengths) if name == "gspo" else torch.full_like(lengths, 1 / 17)
    assert torch.allclose(gradient, -given.advantage_T * weight, atol=1e-12)
    assert metrics["ratio_max"].item() == 1.0


@pytest.mark.parametrize("name", algorithm.names())
def test_micro_batches_add_up(name: str) -> None:
    loss, options = algorithm.load(name).loss, algorithm.options(name, {})
    given = fixture()
    parts: dict[str, float] = {}
    for index in range(4):
        here = given.sequence_T == index
        fields = ("logp_T", "old_T", "advantage_T", "mask_T", "copies_T")
        part = {field: getattr(given, field)[here] for field in fields}
        result, metrics = loss(replace(given, **part, sequence_T=torch.zeros_like(given.sequence_T[here])), options)
        for metric, value in {"loss": result, **metrics}.items():
            merged = max(parts.get(metric, 0.0), value.item())
            parts[metric] = merged if metric.endswith("_max") else parts.get(metric, 0.0) + value.item()
    whole, metrics = loss(given, options)
    expected = {metric: value.item() for metric, value in {"loss": whole, **metrics}.items()}
    assert parts == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("name", POLICY_LOSSES)
def test_garbage_under_the_mask_leaves_no_trace(name: str) -> None:
    given = tokens(
        [-1.0, float("-inf")], [-1.0, 5.0], [1.0, float("nan")], [0, 0], mask=[True, False],
        num_sequences=1, num_tokens=1,
    )  # fmt: skip
    result, metrics = algorithm.load(name).loss(given, algorithm.options(name, {}))
    value, gradient = value_and_gradient(result, given)
    assert math.isfinite(value)
    assert gradient.tolist() == [-1.0, 0.0]
    assert metrics["ratio_max"].item() == 1.0


def test_every_array_has_one_entry_for_each_token() -> None:
    with pytest.raises(AssertionError, match="one entry for each token"):
        tokens([-1.0, -2.0], [-1.0], [1.0, 1.0], [0, 0], num_sequences=1, num_tokens=2)


def test_tokens_are_flat() -> None:
    given = fixture()
    fields = ("logp_T", "old_T", "advantage_T", "mask_T", "sequence_T", "copies_T")
    with pytest.raises(AssertionError, match="losses take flat tokens"):
        replace(given, **{name: getattr(given, name)[None] for name in fields})


def test_sums_and_lengths_of_sequences_that_are_interleaved() -> None:
    """The second of three sequences has no token here, and one token is masked, which counts in no length."""
    given = tokens(
        [-1.0, -2.0, -4.0], [-1.0] * 3, [0.0] * 3, [0, 2, 0], mask=[True, True, False], num_sequences=2, num_tokens=2
    )
    assert given.sums_B(given.logp_T).tolist() == [-5.0, 0.0, -2.0]
    assert given.lengths_B().tolist() == [1.0, 0.0, 1.0]
    assert given.masked(given.logp_T).tolist() == [-1.0, -2.0, 0.0]
    empty = torch.zeros(0)
    nothing = Tokens(empty, empty, empty, empty.bool(), empty.long(), empty, num_sequences=1, num_tokens=1)
    assert nothing.sums_B(empty).shape == nothing.lengths_B().shape == (0,)


def test_the_log_ratio_has_a_gradient_under_the_learner_alone() -> None:
    given = tokens([-1.0, -2.0], [-1.5, -1.0], [1.0] * 2, [0, 0], mask=[True, False], num_sequences=1, num_tokens=1)
    given.old_T.requires_grad_()
    ratio = given.log_ratio_T()
    assert ratio.tolist() == [0.5, 0.0]
    ratio.sum().backward()
    assert given.logp_T.grad is not None and given.logp_T.grad.tolist() == [1.0, 0.0]
    assert given.old_T.grad is None


def test_clip_metrics_by_hand() -> None:
    """Of 10 in all: below 1 + 4 copies, above 2."""
    low, high = torch.tensor([True, False, True]), torch.tensor([False, True, False])
    ratio = torch.tensor([0.5, 2.0, 0.25], requires_grad=True)
    found = clip_metrics(low, high, ratio, torch.tensor([1.0, 2.0, 4.0]), 10)
    assert {name: value.item() for name, value in found.items()} == {
        "clip_share_low": 0.5,
        "clip_share_high": pytest.approx(0.2),
        "ratio_max": 2.0,
    }
    assert not any(value.requires_grad for value in found.values())


def test_clip_metrics_of_nothing_are_zero() -> None:
    none, empty = torch.zeros(0, dtype=torch.bool), torch.zeros(0)
    found = clip_metrics(none, none, empty, empty, 1)
    assert {name: value.item() for name, value in found.items()} == {
        "clip_share_low": 0.0,
        "clip_share_high": 0.0,
        "ratio_max": 0.0,
    }
