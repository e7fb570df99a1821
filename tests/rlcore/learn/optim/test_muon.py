"""Muon against external values, and which parameters it takes."""

from __future__ import annotations

import pytest
import torch

from rlcore.config.learner import OptimConfig
from rlcore.learn.optim.muon import is_muon_matrix, muon_update, orthogonalise, parameter_groups

WEIGHT = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
GRADIENT = torch.tensor([[0.1, -0.2, 0.3], [0.4, 0.5, -0.6]])


def test_orthogonalise_equals_torch_muon_in_fp32() -> None:
    """torch.optim.Muon's Newton-Schulz of this gradient; it computes in bf16, which is off by up to 2 % here."""
    expected = torch.tensor([[0.51953125, -0.22070312, 0.42382812], [0.47265625, 0.390625, -0.43164062]])
    found = orthogonalise(GRADIENT)
    assert torch.allclose(found, expected, atol=1.1e-2)
    singular = torch.linalg.svdvals(found)
    assert ((singular > 0.6) & (singular < 1.2)).all()


def test_one_step_equals_torch_match_rms_adamw() -> None:
    """lr .02, weight decay .1, momentum .95, Nesterov, first step."""
    update = muon_update(GRADIENT.clone(), torch.zeros(2, 3), 0.95)
    found = WEIGHT * (1 - 0.02 * 0.1) - 0.02 * update
    expected = torch.tensor([[0.99440062, 1.99752915, 2.99106359], [3.98872542, 4.98729372, 5.99099064]])
    # The scale 0.2 sqrt(3) and the 2 % of bf16, times the learning rate.
    assert torch.allclose(found, expected, atol=0.02 * 0.2 * 3**0.5 * 1.1e-2)


def test_experts_and_fused_halves_are_orthogonalised_apart() -> None:
    gradient = torch.randn(3, 8, 4, generator=torch.Generator().manual_seed(0))
    together = muon_update(gradient.clone(), torch.zeros(3, 8, 4), fused=2)
    for expert in range(3):
        for half in (slice(0, 4), slice(4, 8)):
            alone = muon_update(gradient[expert, half].clone(), torch.zeros(4, 4))
            assert torch.allclose(together[expert, half], alone, atol=1e-5)


def test_a_gradient_that_is_not_finite_leaves_the_momentum() -> None:
    momentum = torch.ones(2, 2)
    broken = torch.tensor([[float("inf"), 0.0], [0.0, 0.0]])
    assert torch.isinf(muon_update(broken, momentum)).any()
    assert torch.equal(momentum, torch.ones(2, 2))


@pytest.mark.parametrize(
    ("name", "shape", "expected"),
    [
        ("lm.model.layers.0.self_attn.q_proj.weight", (4, 4), True),
        ("lm.model.layers.0.mlp.experts.gate_up_proj", (2, 8, 4), True),
        ("lm.model.layers.0.mlp.gate.weight", (2, 4), False),
        ("lm.model.embed_tokens.weight", (9, 4), False),
        ("lm.lm_head.weight", (9, 4), False),
        ("lm.model.layers.0.self_attn.q_norm.weight", (4,), False),
    ],
)
def test_what_muon_takes(name: str, shape: tuple[int, ...], expected: bool) -> None:
    assert is_muon_matrix(name, torch.zeros(shape)) is expected


def test_only_matrices_decay() -> None:
    named = [
        ("a.q_proj.weight", torch.nn.Parameter(torch.zeros(2, 2))),
        ("a.norm.weight", torch.nn.Parameter(torch.zeros(2))),
    ]
    groups = parameter_groups(named, OptimConfig(kind="muon", weight_decay=0.1))
    assert [group["weight_decay"] for group in groups] == [0.1, 0.0]
    assert [group["use_muon"] for group in groups] == [True, False]
