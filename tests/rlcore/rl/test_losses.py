"""What losses are made of, and what holds for every algorithm that comes with the package."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from loss_tokens import fixture, tokens, value_and_gradient

from rlcore.rl import algorithm
from rlcore.rl.losses import nll

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
    assert value == -1.0
    assert gradient.tolist() == [-1.0, 0.0]
    assert metrics["ratio_max"].item() == 1.0


def test_every_array_has_one_entry_for_each_token() -> None:
    with pytest.raises(AssertionError, match="one entry for each token"):
        tokens([-1.0, -2.0], [-1.0], [1.0, 1.0], [0, 0], num_sequences=1, num_tokens=2)
