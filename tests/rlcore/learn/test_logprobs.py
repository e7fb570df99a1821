"""Log-probs and entropy by hand, and that chunks change neither them nor the gradient."""

from __future__ import annotations

import math

import pytest
import torch

from rlcore.learn.logprobs import selected_logprobs


def test_chunks_change_nothing_and_gradients_agree() -> None:
    hidden = torch.randn(10, 8, generator=torch.Generator().manual_seed(0), requires_grad=True)
    head = torch.nn.Linear(8, 16, bias=False)
    targets = torch.arange(10)
    whole, entropy = selected_logprobs(hidden, targets, head, temperature=0.7, chunk=100)
    parts, entropy_parts = selected_logprobs(hidden, targets, head, temperature=0.7, chunk=3)
    assert torch.allclose(whole, parts, atol=1e-6)
    assert torch.allclose(entropy, entropy_parts, atol=1e-6)
    (one,) = torch.autograd.grad(whole.sum(), hidden, retain_graph=True)
    (other,) = torch.autograd.grad(parts.sum(), hidden)
    assert torch.allclose(one, other, atol=1e-6)


def test_logprob_and_entropy_by_hand() -> None:
    """Logits ln 1, ln 3 at temperature 1: p = 1/4, 3/4; at temperature 2 they are 1, sqrt 3 before normalising."""
    logits = torch.tensor([[0.0, math.log(3)]])
    logp, entropy = selected_logprobs(logits, torch.tensor([1]), torch.nn.Identity(), temperature=1.0, chunk=8)
    assert logp.item() == pytest.approx(math.log(0.75))
    assert entropy.item() == pytest.approx(-(0.25 * math.log(0.25) + 0.75 * math.log(0.75)))
    logp, _ = selected_logprobs(logits, torch.tensor([1]), torch.nn.Identity(), temperature=2.0, chunk=8)
    assert logp.item() == pytest.approx(math.log(3**0.5 / (1 + 3**0.5)))
