"""Packed rows: literals, and that padding and sharding lose and add nothing."""

from __future__ import annotations

import pytest
import torch

from rlcore.learn.batch import TrainSequence, pack_rows, shard

SEQUENCES = [
    TrainSequence([1, 5, 6, 2], 2, advantage=0.5, rollout_logp=[-0.1, -0.2]),
    TrainSequence([1, 7, 2], 1, advantage=[-1.0, -2.0], rollout_logp=[-0.3, -0.4]),
    TrainSequence([1, 8, 9, 9, 2], 4, advantage=2.0),
]


def test_a_row_by_hand() -> None:
    rows = pack_rows(SEQUENCES[:2], 10)
    assert rows.ids.tolist() == [[1, 5, 6, 2, 1, 7, 2, 0, 0, 0]]
    assert rows.positions.tolist() == [[0, 1, 2, 3, 0, 1, 2, 0, 1, 2]]
    assert rows.mask.tolist() == [[False, False, True, True, False, True, True, False, False, False]]
    assert rows.real.tolist() == [[True] * 7 + [False] * 3]
    assert rows.sequence.tolist() == [[0, 0, 0, 0, 1, 1, 1, 0, 0, 0]]
    assert rows.advantage.tolist() == [[0, 0, 0.5, 0.5, 0, -1.0, -2.0, 0, 0, 0]]
    assert rows.rollout_logp[0].tolist() == pytest.approx([0, 0, -0.1, -0.2, 0, -0.3, -0.4, 0, 0, 0])
    assert rows.ids.dtype == rows.positions.dtype == rows.sequence.dtype == torch.int64
    assert (rows.num_tokens, rows.num_sequences, len(rows)) == (4, 2, 1)
    assert type(rows.num_tokens) is type(rows.num_sequences) is int


def test_what_a_sequence_does_not_say_is_zero() -> None:
    """Texts to pretrain on have neither an advantage nor a sampler."""
    rows = pack_rows([TrainSequence([1, 5, 2], 1), TrainSequence([1, 4], 1, advantage=1)], 5)
    assert rows.advantage.tolist() == [[0, 0, 0, 0, 1]]
    assert not rows.rollout_logp.any() and rows.old_logp is None


def test_a_prompt_without_a_completion_is_in_no_loss() -> None:
    rows = pack_rows([TrainSequence([1, 5, 2], 3, advantage=1.0), TrainSequence([1, 5], 1)], 8)
    assert (rows.num_tokens, rows.num_sequences) == (1, 1)
    assert rows.real.sum() == 5


def test_a_sequence_longer_than_a_row_is_refused() -> None:
    with pytest.raises(ValueError, match="5"):
        pack_rows(SEQUENCES, 4)


@pytest.mark.parametrize("prompt_length", [0, 5])
def test_a_prompt_must_leave_a_predecessor(prompt_length: int) -> None:
    with pytest.raises(ValueError, match="prompt_length"):
        pack_rows([TrainSequence([1, 2, 3, 4], prompt_length)], 8)


@pytest.mark.parametrize("ranks", [1, 2, 3])
def test_shards_have_equal_size_and_hold_every_token_once(ranks: int) -> None:
    sequences = [TrainSequence(list(range(10, 10 + 3 + n % 4)), 1, advantage=float(n)) for n in range(23)]
    rows = pack_rows(sequences, 8)
    shards = shard(rows, ranks, multiple=4)
    assert len({len(part) for part in shards}) == 1
    assert len(shards[0]) % 4 == 0
    assert sum(part.num_tokens for part in shards) == rows.num_tokens
    found = sorted(torch.cat([part.advantage[part.mask] for part in shards]).tolist())
    assert found == sorted(rows.advantage[rows.mask].tolist())


def test_shards_go_back_in_order() -> None:
    rows = pack_rows([TrainSequence([1, n + 3, 2], 1) for n in range(7)], 4)
    shards = shard(rows, 2, multiple=2)
    back = torch.stack([part.ids for part in shards], dim=1).flatten(0, 1)[: len(rows)]
    assert torch.equal(back, rows.ids)


def test_shards_keep_the_old_log_probs() -> None:
    """Without them every ratio is 1 and nothing is ever clipped."""
    rows = pack_rows([TrainSequence([1, n + 3, 2], 1) for n in range(3)], 4)
    rows.old_logp = torch.arange(12.0).view(3, 4)
    first, second = shard(rows, 2, multiple=2)
    assert first.old_logp is not None and second.old_logp is not None
    assert first.old_logp.tolist() == [[0, 1, 2, 3], [8, 9, 10, 11]]
    assert second.old_logp.tolist() == [[4, 5, 6, 7], [0, 0, 0, 0]]


def test_padding_rows_are_in_no_loss() -> None:
    rows = pack_rows([TrainSequence([1, 5, 2], 1)], 4)
    _, padding = shard(rows, 2, multiple=1)
    assert (padding.num_tokens, padding.num_sequences, bool(padding.real.any())) == (0, 0, False)
