"""Router load: values by hand and of transformers, padding, and parts of a step that add up to the whole."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from rlcore.learn.balance import Routed, balance_loss, expert_counts, max_over_mean


def routed(logits_TE: Tensor, top_k: int, scores: str = "softmax") -> Routed:
    return Routed(logits_TE, logits_TE.topk(top_k, dim=-1).indices, scores)


def test_balance_loss_values() -> None:
    """Values of transformers' load_balancing_loss_func on single layers; two collapsed layers stay at 8."""
    every = torch.ones(10)
    assert balance_loss([routed(torch.zeros(10, 8), 2)], every).item() == pytest.approx(2.0)
    logits = torch.tensor([[2.0, 1, 0, -1], [0, 3, 1, -2], [1, 0, 2, 0.5]])
    one, other = routed(logits, 2), routed(logits.flip(-1), 2)
    assert balance_loss([one], torch.ones(3)).item() == pytest.approx(2.51825619, abs=1e-6)
    assert balance_loss([one, other], torch.ones(3)).item() == pytest.approx(2.51825619, abs=1e-6)
    collapsed = torch.full((10, 8), -50.0)
    first, second = collapsed.clone(), collapsed.clone()
    first[:, 0], second[:, 5] = 50.0, 50.0
    assert balance_loss([routed(first, 1), routed(second, 1)], every).item() == pytest.approx(8.0)


def test_sigmoid_scores_by_hand() -> None:
    """sigmoid(0) = 1/2, sigmoid(ln 3) = 3/4: shares 2/5 and 3/5; all tokens go to the second: 2 * 3/5."""
    logits = torch.tensor([[0.0, 1.0986123]])
    assert balance_loss([routed(logits, 1, "sigmoid")], torch.ones(1)).item() == pytest.approx(1.2)


def test_padding_does_not_vote_on_the_load() -> None:
    logits = torch.tensor([[9.0, 0], [9.0, 0], [0, 9.0]])
    real = torch.tensor([True, True, False])
    assert expert_counts([routed(logits, 1)], real).tolist() == [[2, 0]]
    assert balance_loss([routed(logits, 1)], real).item() == pytest.approx(2.0, abs=1e-3)


def test_the_experts_are_those_the_model_chose() -> None:
    """A bias or a limit by groups makes other choices than the largest logits."""
    logits = torch.tensor([[9.0, 0.0, 1.0]])
    assert expert_counts([Routed(logits, torch.tensor([[2]]))], torch.ones(1)).tolist() == [[0, 0, 1]]


def test_parts_add_up_to_the_whole_and_a_weight_is_a_repetition() -> None:
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(12, 4, generator=generator, dtype=torch.float64, requires_grad=True)
    weight = torch.tensor([1.0, 3, 0, 2] * 3, dtype=torch.float64)
    repeated = logits.repeat_interleave(weight.long(), dim=0)
    whole = balance_loss([routed(repeated, 2)], torch.ones(len(repeated)))
    load_LE = expert_counts([routed(logits, 2)], weight) / weight.sum()
    parts = [
        balance_loss([routed(logits[part], 2)], weight[part], load_LE=load_LE, tokens=float(weight.sum()))
        for part in (slice(0, 5), slice(5, 6), slice(6, 12))
    ]
    torch.testing.assert_close(sum(parts), whole, rtol=1e-12, atol=0)
    (expected,) = torch.autograd.grad(whole, logits)
    (found,) = torch.autograd.grad(sum(parts), logits)
    torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-15)


def test_router_logits_of_16_bits_are_summed_in_32() -> None:
    """One token and k = 1: the loss is E P_max, here 2 e / (1 + e), which bf16 holds to two digits alone."""
    loss = balance_loss([routed(torch.tensor([[1.0, 0.0]], dtype=torch.bfloat16), 1)], torch.ones(1))
    assert loss.dtype == torch.float32
    assert loss.item() == pytest.approx(1.4621172, abs=1e-6)
    weighted = balance_loss([routed(torch.zeros(3, 2), 1)], torch.ones(3, dtype=torch.float64))
    assert weighted.dtype == torch.float32
    scores = routed(torch.tensor([[1.0, 0.0]], dtype=torch.bfloat16), 1, "sigmoid").probs_TE()
    assert scores.dtype == torch.float32 and scores.sum().item() == pytest.approx(1.0, abs=1e-6)


def test_sigmoids_are_shares_of_their_token() -> None:
    """sigmoid(0) = 1/2, sigmoid(ln 3) = 3/4, sigmoid(-ln 3) = 1/4: shares 2/5, 3/5 and 2/3, 1/3."""
    logits = torch.tensor([[0.0, 1.0986123], [0.0, -1.0986123]])
    assert routed(logits, 1, "sigmoid").probs_TE().flatten().tolist() == pytest.approx([2 / 5, 3 / 5, 2 / 3, 1 / 3])


def test_scores_are_a_softmax_where_nothing_else_is_said() -> None:
    """e^0 : e^(ln 3) is 1 : 3."""
    found = Routed(torch.tensor([[0.0, 1.0986123]]), torch.tensor([[1]])).probs_TE()
    assert found.tolist() == [pytest.approx([0.25, 0.75])]


def test_the_loss_is_of_shares_and_not_of_single_tokens() -> None:
    """P is (1/4 + 1/2) / 2 and (3/4 + 1/2) / 2; the load of a step elsewhere is 1 and 0: 2 * 3/8."""
    one = Routed(torch.tensor([[0.0, 1.0986123], [0.0, 0.0]]), torch.tensor([[1], [1]]))
    found = balance_loss([one], torch.ones(2), load_LE=torch.tensor([[1.0, 0.0]]), tokens=2.0)
    assert found.shape == () and found.item() == pytest.approx(0.75)


def test_counts_by_hand() -> None:
    """Two layers of three experts, two for each of two tokens; the second token counts three times."""
    first = torch.tensor([[3.0, 2, 1], [3.0, 1, 2]], requires_grad=True)
    second = torch.tensor([[0.0, 2, 1], [1.0, 2, 0]])
    counts = expert_counts([routed(first, 2), routed(second, 2)], torch.tensor([1.0, 3.0]))
    assert counts.tolist() == [[4, 1, 3], [3, 4, 1]]
    assert counts.dtype == torch.float64 and not counts.requires_grad


def test_the_load_is_of_the_same_layers() -> None:
    with pytest.raises(ValueError, match="zip"):
        balance_loss([routed(torch.zeros(1, 2), 1)], torch.ones(1), load_LE=torch.ones(2, 2))


def test_max_over_mean() -> None:
    """4 over 2 in the worse layer, 1 over 1 in the other; no token at all is no load."""
    found = max_over_mean(torch.tensor([[1, 1, 1], [4, 0, 2]]))
    assert found == 2.0 and isinstance(found, float)
    assert max_over_mean(torch.tensor([[0, 0]])) == 0.0
