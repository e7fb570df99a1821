"""Router load against values worked by hand and transformers' own."""

from __future__ import annotations

import pytest
import torch

from rlcore.learn.balance import balance_loss, expert_counts, max_over_mean


def test_balance_loss_values() -> None:
    """Values of transformers' load_balancing_loss_func on single layers; two collapsed layers stay at 8."""
    every = torch.ones(10, dtype=torch.bool)
    assert balance_loss([torch.zeros(10, 8)], every, 2).item() == pytest.approx(2.0)
    logits = torch.tensor([[2.0, 1, 0, -1], [0, 3, 1, -2], [1, 0, 2, 0.5]])
    three = torch.ones(3, dtype=torch.bool)
    assert balance_loss([logits], three, 2).item() == pytest.approx(2.51825619, abs=1e-6)
    assert balance_loss([logits, logits.flip(-1)], three, 2).item() == pytest.approx(2.51825619, abs=1e-6)
    collapsed = torch.full((10, 8), -50.0)
    first, second = collapsed.clone(), collapsed.clone()
    first[:, 0], second[:, 5] = 50.0, 50.0
    assert balance_loss([first, second], every, 1).item() == pytest.approx(8.0)


def test_padding_does_not_vote_on_the_load() -> None:
    logits = torch.tensor([[9.0, 0], [9.0, 0], [0, 9.0]])
    real = torch.tensor([True, True, False])
    assert expert_counts([logits], real, 1).tolist() == [[2, 0]]
    assert balance_loss([logits], real, 1).item() == pytest.approx(2.0, abs=1e-3)


def test_router_logits_of_16_bits_are_summed_in_32() -> None:
    """Where T = 1 and k = 1 the loss is E P_max: here 2 e / (1 + e), which bf16 holds to two digits alone."""
    loss = balance_loss([torch.tensor([[1.0, 0.0]], dtype=torch.bfloat16)], torch.tensor([True]), 1)
    assert loss.dtype == torch.float32
    assert loss.item() == pytest.approx(1.4621172, abs=1e-6)


def test_counts_by_hand() -> None:
    """Two layers of three experts, two each for two tokens."""
    first = torch.tensor([[3.0, 2, 1], [3.0, 1, 2]], requires_grad=True)
    second = torch.tensor([[0.0, 2, 1], [0.0, 1, 2]])
    counts = expert_counts([first, second], torch.tensor([True, True]), 2)
    assert counts.tolist() == [[2, 1, 1], [0, 2, 2]]
    assert not counts.requires_grad


def test_max_over_mean() -> None:
    """4 over 2 in the worse layer, 1 over 1 in the other; no token at all is no load."""
    found = max_over_mean(torch.tensor([[1, 1, 1], [4, 0, 2]]))
    assert found == 2.0 and isinstance(found, float)
    assert max_over_mean(torch.tensor([[0, 0]])) == 0.0
