"""Muon against external values, and what it does where a gradient is missing, broken or split over ranks."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from rlcore.config.learner import OptimConfig
from rlcore.learn.optim import partitions
from rlcore.learn.optim.muon import Muon, direction, orthogonalise, parameter_groups
from rlcore.policy.records import ARCHITECTURES

WEIGHT = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
GRADIENT = torch.tensor([[0.1, -0.2, 0.3], [0.4, 0.5, -0.6]])


def muon(*weights: torch.Tensor, stacked: int = 1, **options: Any) -> Muon:
    settings = {"lr": 0.02, "weight_decay": 0.1, "momentum": 0.95, "use_muon": True} | options
    rule = Muon([{"params": list(weights), **settings}])
    rule.partitions = partitions.of_parameters(weights, lambda _: stacked)
    return rule


def weight_of(values: torch.Tensor, gradient: torch.Tensor) -> torch.nn.Parameter:
    weight = torch.nn.Parameter(values.clone())
    weight.grad = gradient.clone()
    return weight


def test_orthogonalise_equals_torch_muon_in_fp32() -> None:
    """torch.optim.Muon's Newton-Schulz of this gradient; it computes in bf16, which is off by up to 2 % here."""
    expected = torch.tensor([[0.51953125, -0.22070312, 0.42382812], [0.47265625, 0.390625, -0.43164062]])
    found = orthogonalise(GRADIENT)
    assert torch.allclose(found, expected, atol=1.1e-2)
    singular = torch.linalg.svdvals(found)
    assert ((singular > 0.6) & (singular < 1.2)).all()


def test_one_step_equals_torch_match_rms_adamw() -> None:
    """lr .02, weight decay .1, momentum .95, Nesterov, first step."""
    weight = weight_of(WEIGHT, GRADIENT)
    muon(weight).step()
    expected = torch.tensor([[0.99440062, 1.99752915, 2.99106359], [3.98872542, 4.98729372, 5.99099064]])
    # The scale 0.2 sqrt(3) and the 2 % of bf16, times the learning rate.
    assert torch.allclose(weight, expected, atol=0.02 * 0.2 * 3**0.5 * 1.1e-2)


def test_momentum_of_two_steps_by_hand() -> None:
    """m = .05 g, then .95 * .05 g + .05 * 2 g = .1475 g."""
    weight = weight_of(WEIGHT, GRADIENT)
    rule = muon(weight)
    rule.step()
    weight.grad = 2 * GRADIENT
    rule.step()
    torch.testing.assert_close(rule.state[weight]["momentum_buffer"], 0.1475 * GRADIENT)


def test_experts_and_stacked_halves_are_orthogonalised_apart() -> None:
    gradient = torch.randn(3, 8, 4, generator=torch.Generator().manual_seed(0))
    together = direction(gradient, stacked=2)
    for expert in range(3):
        for half in (slice(0, 4), slice(4, 8)):
            assert torch.allclose(together[expert, half], direction(gradient[expert, half]), atol=1e-5)


def test_an_expert_without_tokens_stays_where_it_is() -> None:
    """The direction of a momentum alone is as long as any other; neither it nor decay may move the expert."""
    generator = torch.Generator().manual_seed(0)
    first = torch.randn(3, 8, 4, generator=generator)
    weight = weight_of(torch.randn(3, 8, 4, generator=generator), first)
    rule = muon(weight, stacked=2)
    rule.step()
    before, momentum = weight.detach().clone(), rule.state[weight]["momentum_buffer"].clone()
    weight.grad = first.clone()
    weight.grad[1] = 0.0
    rule.step()
    assert torch.equal(weight[1], before[1]) and torch.equal(rule.state[weight]["momentum_buffer"][1], momentum[1])
    moved = (weight - before)[[0, 2]].abs().amax((1, 2))
    assert (moved > 1e-3).all(), "the others stood still too"


def test_a_skipped_step_changes_nothing() -> None:
    adam = torch.nn.Parameter(torch.ones(3))
    adam.grad = torch.ones(3)
    weight = weight_of(WEIGHT, torch.full_like(WEIGHT, float("nan")))
    rule = muon(weight)
    rule.add_param_group(
        {"params": [adam], "lr": 0.1, "weight_decay": 0.0, "betas": (0.9, 0.95), "eps": 1e-10, "use_muon": False}
    )
    rule.skipping = True
    rule.step()
    assert torch.equal(weight, WEIGHT) and torch.equal(adam, torch.ones(3)) and not rule.state
    rule.skipping = False
    weight.grad = GRADIENT.clone()
    rule.step()
    # AdamW's first step is the learning rate along the sign.
    torch.testing.assert_close(adam.detach(), torch.full((3,), 0.9))


@pytest.mark.parametrize(
    ("name", "shape", "expected"),
    [
        ("lm.model.layers.0.self_attn.q_proj.weight", (4, 4), True),
        ("lm.model.layers.0.mlp.experts.gate_up_proj", (2, 8, 4), True),
        ("lm.model.layers.0.mlp.gate_proj.weight", (8, 4), True),
        ("lm.model.layers.0.mlp.gate.weight", (2, 4), False),
        ("lm.model.embed_tokens.weight", (9, 4), False),
        ("lm.lm_head.weight", (9, 4), False),
        ("lm.model.layers.0.self_attn.q_norm.weight", (4,), False),
    ],
)
def test_what_muon_takes(name: str, shape: tuple[int, ...], expected: bool) -> None:
    assert ARCHITECTURES["qwen3_moe"].is_hidden_matrix(name, len(shape)) is expected


def test_only_matrices_decay() -> None:
    named = [
        ("a.q_proj.weight", torch.nn.Parameter(torch.zeros(2, 2))),
        ("a.norm.weight", torch.nn.Parameter(torch.zeros(2))),
    ]
    groups = parameter_groups(named, OptimConfig(kind="muon", weight_decay=0.1), ARCHITECTURES["llama"])
    assert [group["weight_decay"] for group in groups] == [0.1, 0.0]
    assert [group["use_muon"] for group in groups] == [True, False]
    adamw = parameter_groups(named, OptimConfig(kind="adamw", weight_decay=0.1), ARCHITECTURES["llama"])
    assert [group["use_muon"] for group in adamw] == [False, False]
