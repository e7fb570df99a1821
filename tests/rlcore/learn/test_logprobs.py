"""Log-probs of selected tokens: by hand, and against autograd in fp64 for any chunk."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from rlcore.learn.logprobs import selected_logprobs


def by_autograd(hidden: Tensor, targets: Tensor, weight: Tensor, bias: Tensor | None, temperature: float) -> Tensor:
    logits = torch.nn.functional.linear(hidden, weight, bias) / temperature
    return logits.log_softmax(-1).gather(-1, targets[:, None])[:, 0]


@pytest.mark.parametrize("tokens", [1, 3, 10, 11])
@pytest.mark.parametrize("with_bias", [False, True])
def test_values_and_gradients_are_autograds_for_any_chunk(tokens: int, with_bias: bool) -> None:
    generator = torch.Generator().manual_seed(tokens)

    def draw(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator, dtype=torch.float64, requires_grad=True)

    hidden, weight, bias = draw(tokens, 8), draw(16, 8), draw(16) if with_bias else None
    targets = torch.randint(0, 16, (tokens,), generator=generator)
    upstream = torch.randn(tokens, generator=generator, dtype=torch.float64)
    inputs = [hidden, weight] + ([bias] if bias is not None else [])
    expected = by_autograd(hidden, targets, weight, bias, 0.7)
    expected_gradients = torch.autograd.grad(expected, inputs, upstream)
    for chunk in (1, 3, 100):
        found, entropy = selected_logprobs(hidden, targets, weight, bias, temperature=0.7, chunk=chunk)
        assert entropy is not None and not entropy.requires_grad
        torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-12)
        for one, other in zip(torch.autograd.grad(found, inputs, upstream), expected_gradients, strict=True):
            torch.testing.assert_close(one, other, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("with_bias", [False, True])
@pytest.mark.parametrize("right", [True, False])
def test_a_gradient_known_ahead_is_the_same_and_a_wrong_one_does_no_harm(right: bool, with_bias: bool) -> None:
    generator = torch.Generator().manual_seed(0)
    hidden, weight = (torch.randn(*shape, generator=generator).double() for shape in ((10, 8), (16, 8)))
    inputs = [hidden.requires_grad_(), weight.requires_grad_()]
    bias = torch.randn(16, generator=generator).double().requires_grad_() if with_bias else None
    inputs += [bias] if bias is not None else []
    targets = torch.randint(0, 16, (10,), generator=generator)
    counted = torch.tensor([1.0, 3, 1, 0, 2, 1, 1, 5, 1, 1])
    upstream = -0.37 * counted.double()
    if not right:
        upstream[4] *= 1.0 + 1e-9
    expected = torch.autograd.grad(by_autograd(hidden, targets, weight, bias, 0.7), inputs, upstream)
    logp, _ = selected_logprobs(hidden, targets, weight, bias, temperature=0.7, chunk=3, expected_T=counted)
    for one, other in zip(torch.autograd.grad(logp, inputs, upstream), expected, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-12, atol=1e-13)


def test_no_token_at_all_still_gives_a_gradient() -> None:
    """A rank without work must take part in the backward pass: zero, not None."""
    hidden, weight = torch.zeros(0, 8, requires_grad=True), torch.randn(16, 8, requires_grad=True)
    logp, _ = selected_logprobs(hidden, torch.zeros(0, dtype=torch.int64), weight, temperature=1.0, chunk=4)
    logp.sum().backward()
    assert hidden.grad is not None and hidden.grad.shape == (0, 8)
    assert weight.grad is not None and not weight.grad.any()


def test_logprob_and_entropy_by_hand() -> None:
    """Logits ln 1, ln 3 at temperature 1: p = 1/4, 3/4; at temperature 2 they are 1, sqrt 3 before normalising."""
    hidden, eye = torch.tensor([[0.0, math.log(3)]]), torch.eye(2)
    logp, entropy = selected_logprobs(hidden, torch.tensor([1]), eye, temperature=1.0, chunk=8)
    assert logp.item() == pytest.approx(math.log(0.75))
    assert entropy is not None and entropy.item() == pytest.approx(-(0.25 * math.log(0.25) + 0.75 * math.log(0.75)))
    logp, entropy = selected_logprobs(hidden, torch.tensor([1]), eye, temperature=2.0, chunk=8, entropy=False)
    assert entropy is None
    assert logp.item() == pytest.approx(math.log(3**0.5 / (1 + 3**0.5)))


def test_bf16_chunks_add_up_in_fp32() -> None:
    """256 chunks whose gradients cancel but for 1/256 each: bf16 sums lose what fp32 keeps."""
    tokens = 256
    hidden = torch.ones(tokens, 1, dtype=torch.bfloat16)
    weight = torch.zeros(2, 1, dtype=torch.bfloat16, requires_grad=True)
    logp, _ = selected_logprobs(hidden, torch.zeros(tokens, dtype=torch.int64), weight, temperature=1.0, chunk=1)
    upstream = torch.full((tokens,), 2.0**-8)
    upstream[0] = 1.0 + 2.0**-8
    (found,) = torch.autograd.grad(logp, weight, upstream)
    # 1 + 256/256 = 2, times (1 - 1/2) for the target; a bf16 sum would stop at 1/2 + 1/512 + nothing.
    assert found[0].item() == 1.0 and found[1].item() == -1.0
