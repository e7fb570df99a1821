"""Losses against external reference values, hand-worked examples and identities."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from rlcore.rl.losses import dapo, gspo, nll

# Four sequences of 5, 4, 3, 5 tokens, one group, rewards 1, 0, 1, 0.
NEW = [[-0.10, -1.20, -0.50, -2.00, -0.05], [-0.70, -0.30, -1.50, -0.20], [-2.20, -0.90, -0.40], [-0.60] * 5]
OLD = [[-0.15, -1.00, -0.80, -1.70, -0.05], [-0.60, -0.35, -1.20, -0.25], [-2.00, -1.10, -0.40], [-0.60] * 5]
ADVANTAGE = 0.86587542
PADDING = -9.0


def fixture(padded: bool = False) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """(logp, old, advantages, mask, sequence) flat; with `padded`, garbage under a False mask fills up to 5 tokens."""
    new, old, adv, mask, sequence = [], [], [], [], []
    for index, (row_new, row_old) in enumerate(zip(NEW, OLD, strict=True)):
        fill = 5 - len(row_new) if padded else 0
        new += row_new + [PADDING] * fill
        old += row_old + [PADDING] * fill
        mask += [True] * len(row_new) + [False] * fill
        sequence += [index] * (len(row_new) + fill)
        adv += [ADVANTAGE if index in (0, 2) else -ADVANTAGE] * (len(row_new) + fill)
    logp = torch.tensor(new, dtype=torch.float64, requires_grad=True)
    return logp, torch.tensor(old).double(), torch.tensor(adv).double(), torch.tensor(mask), torch.tensor(sequence)


def value_and_gradient(loss: Tensor, logp: Tensor) -> tuple[float, Tensor]:
    (gradient,) = torch.autograd.grad(loss, logp)
    return loss.item(), gradient


# Reference: loss and gradient norm of TRL 1.16 and verl's core_algos on this fixture (docs/LOG.md).
@pytest.mark.parametrize("padded", [False, True])
@pytest.mark.parametrize(
    ("loss_function", "clip_low", "clip_high", "expected", "norm"),
    [
        (gspo, 3e-4, 4e-4, 0.00633268, 0.18389487),
        (gspo, 1e9, 1e9, -0.00924367, 0.20952387),
        (dapo, 0.2, 0.28, 0.04463974, 0.19405410),
    ],
)
def test_equals_the_external_values(loss_function, clip_low, clip_high, expected, norm, padded) -> None:  # type: ignore[no-untyped-def]
    logp, old, adv, mask, sequence = fixture(padded)
    loss, _ = loss_function(
        logp, old, adv, mask, sequence, num_sequences=4, num_tokens=17, clip_low=clip_low, clip_high=clip_high
    )
    value, gradient = value_and_gradient(loss, logp)
    assert value == pytest.approx(expected, abs=1e-6)
    assert gradient.norm().item() == pytest.approx(norm, abs=1e-6)
    assert gradient[~mask].abs().sum().item() == 0.0


def test_gspo_two_sequences_by_hand() -> None:
    """y_1 has log-ratios .2, 0 (s = e^.1), advantage 1; y_2 has -.3 (s = e^-.3), advantage -2. Wide clips.

    L = -(1/2) (e^.1 * 1 + e^-.3 * -2), and dL/dl = -s A / (2 |y|) at each token.
    """
    logp = torch.tensor([-1.0, -2.0, -0.8], dtype=torch.float64, requires_grad=True)
    old = torch.tensor([-1.2, -2.0, -0.5], dtype=torch.float64)
    adv = torch.tensor([1.0, 1.0, -2.0], dtype=torch.float64)
    loss, metrics = gspo(
        logp,
        old,
        adv,
        torch.ones(3, dtype=torch.bool),
        torch.tensor([0, 0, 1]),
        num_sequences=2,
        num_tokens=3,
        clip_low=0.9,
        clip_high=0.9,
    )
    value, gradient = value_and_gradient(loss, logp)
    assert value == pytest.approx(-0.5 * (math.exp(0.1) - 2 * math.exp(-0.3)), abs=1e-12)
    expected = [-math.exp(0.1) / 4, -math.exp(0.1) / 4, math.exp(-0.3)]
    assert gradient.tolist() == pytest.approx(expected, abs=1e-12)
    assert metrics["clip_share_low"].item() == metrics["clip_share_high"].item() == 0.0
    assert metrics["ratio_max"].item() == pytest.approx(math.exp(0.1))


def test_gspo_clips_both_of_them_at_the_default_epsilon() -> None:
    """s_1 = e^.1 > 1.0004 with A > 0, s_2 = e^-.3 < 0.9997 with A < 0: both are clipped, no gradient is left."""
    logp = torch.tensor([-1.0, -2.0, -0.8], dtype=torch.float64, requires_grad=True)
    old = torch.tensor([-1.2, -2.0, -0.5], dtype=torch.float64)
    loss, metrics = gspo(
        logp,
        old,
        torch.tensor([1.0, 1.0, -2.0]).double(),
        torch.ones(3, dtype=torch.bool),
        torch.tensor([0, 0, 1]),
        num_sequences=2,
        num_tokens=3,
        clip_low=3e-4,
        clip_high=4e-4,
    )
    value, gradient = value_and_gradient(loss, logp)
    assert value == pytest.approx(-0.5 * (1.0004 - 2 * 0.9997), abs=1e-9)
    assert gradient.abs().sum().item() == 0.0
    assert metrics["clip_share_low"].item() == metrics["clip_share_high"].item() == 0.5


def test_gspo_clip_share_of_the_fixture() -> None:
    logp, old, adv, mask, sequence = fixture()
    _, metrics = gspo(logp, old, adv, mask, sequence, num_sequences=4, num_tokens=17, clip_low=3e-4, clip_high=4e-4)
    assert metrics["clip_share_low"].item() == pytest.approx(0.25)


def test_gradient_sums_to_the_loss_when_nothing_is_clipped() -> None:
    logp, old, adv, mask, sequence = fixture()
    loss, _ = gspo(logp, old, adv, mask, sequence, num_sequences=4, num_tokens=17, clip_low=9.0, clip_high=9.0)
    value, gradient = value_and_gradient(loss, logp)
    assert gradient.sum().item() == pytest.approx(value, abs=1e-12)


def test_gspo_is_unchanged_by_repeating_every_token() -> None:
    logp, old, adv, mask, sequence = (tensor.detach() for tensor in fixture())
    options = {"num_sequences": 4, "num_tokens": 17, "clip_low": 3e-4, "clip_high": 4e-4}
    once, _ = gspo(logp, old, adv, mask, sequence, **options)
    twice, _ = gspo(*(tensor.repeat_interleave(2) for tensor in (logp, old, adv, mask, sequence)), **options)
    assert once.item() == pytest.approx(twice.item(), abs=1e-12)


@pytest.mark.parametrize("loss_function", [gspo, dapo])
def test_on_policy_it_is_reinforce(loss_function) -> None:  # type: ignore[no-untyped-def]
    """With equal log-probs and advantages that sum to 0 per token the value is -mean(A), the gradient -A/normaliser."""
    logp, _, adv, mask, sequence = fixture()
    loss, metrics = loss_function(
        logp, logp.detach(), adv, mask, sequence, num_sequences=4, num_tokens=17, clip_low=3e-4, clip_high=4e-4
    )
    _, gradient = value_and_gradient(loss, logp)
    lengths = torch.tensor([5.0, 4, 3, 5], dtype=torch.float64)[sequence]
    weight = 1 / (4 * lengths) if loss_function is gspo else torch.full_like(lengths, 1 / 17)
    assert torch.allclose(gradient, -adv * weight, atol=1e-12)
    assert metrics["ratio_max"].item() == 1.0


@pytest.mark.parametrize("loss_function", [gspo, dapo])
def test_micro_batches_add_up(loss_function) -> None:  # type: ignore[no-untyped-def]
    options = {"num_sequences": 4, "num_tokens": 17, "clip_low": 3e-4, "clip_high": 4e-4}
    logp, old, adv, mask, sequence = fixture()
    whole, _ = loss_function(logp, old, adv, mask, sequence, **options)
    parts = 0.0
    for index in range(4):
        here = sequence == index
        part, _ = loss_function(
            logp[here], old[here], adv[here], mask[here], torch.zeros_like(sequence[here]), **options
        )
        parts += part.item()
    assert parts == pytest.approx(whole.item(), abs=1e-12)


def test_garbage_under_the_mask_leaves_no_trace() -> None:
    logp = torch.tensor([-1.0, float("-inf")], requires_grad=True)
    old = torch.tensor([-1.0, 5.0])
    for loss_function in (gspo, dapo):
        loss, _ = loss_function(
            logp,
            old,
            torch.tensor([1.0, float("nan")]),
            torch.tensor([True, False]),
            torch.tensor([0, 0]),
            num_sequences=1,
            num_tokens=1,
            clip_low=0.2,
            clip_high=0.28,
        )
        value, gradient = value_and_gradient(loss, logp)
        assert value == -1.0
        assert gradient.tolist() == [-1.0, 0.0]


def test_nll_is_the_mean_over_tokens() -> None:
    logp = torch.tensor([-1.0, -3.0], requires_grad=True)
    mask = torch.ones(2, dtype=torch.bool)
    loss, _ = nll(logp, logp, logp, mask, torch.zeros(2, dtype=torch.int64), num_sequences=1, num_tokens=2)
    assert loss.item() == 2.0
