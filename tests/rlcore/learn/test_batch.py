"""Packed rows: literals, and that padding and sharding lose and add nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from rlcore.learn.batch import TrainSequence, merge_equal, pack_rows, shard

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


def test_equal_sequences_are_one_by_hand() -> None:
    one = TrainSequence([1, 5, 6, 2], 2, advantage=0.5, rollout_logp=[-0.1, -0.2])
    other = TrainSequence([1, 7, 2], 1, advantage=[-1.0, -2.0], rollout_logp=[-0.3, -0.4])
    merged = merge_equal(
        [one, other, replace(one, ids=np.array([1, 5, 6, 2])), one, replace(other, advantage=[-1.0, -2.0])]
    )
    assert [(list(sequence.ids), sequence.copies) for sequence in merged] == [([1, 5, 6, 2], 3), ([1, 7, 2], 2)]
    rows = pack_rows(merged, 8)
    assert rows.copies.tolist() == [[3, 3, 3, 3, 2, 2, 2, 0]]
    assert (rows.num_tokens, rows.num_sequences, rows.real_tokens) == (3 * 2 + 2 * 2, 5, 3 * 4 + 2 * 3)


def test_what_is_merged_already_counts_as_often_as_it_stands_for() -> None:
    one = TrainSequence([1, 5, 2], 2, advantage=0.5)
    assert [sequence.copies for sequence in merge_equal([replace(one, copies=2), one, replace(one, copies=4)])] == [7]


def test_copies_are_counted_exactly() -> None:
    """2^24 + 1 is no number of fp32."""
    many, one = TrainSequence([1, 5], 1, copies=2**24), TrainSequence([1, 6], 1)
    rows = pack_rows([many, one], 4)
    assert (rows.num_tokens, rows.num_sequences, rows.real_tokens) == (2**24 + 1, 2**24 + 1, 2**25 + 2)
    assert {type(count) for count in (rows.num_tokens, rows.num_sequences, rows.real_tokens)} == {int}


@pytest.mark.parametrize(
    "change",
    [
        {"ids": [1, 5, 6, 3]},
        {"prompt_length": 3},
        {"advantage": 0.5000001},
        {"advantage": [0.5, 0.4]},
        {"rollout_logp": [-0.1, -0.2000001]},
        {"rollout_logp": None},
        {"versions": [3, 4]},
    ],
)
def test_what_differs_in_anything_stays_apart(change: dict[str, Any]) -> None:
    one = TrainSequence([1, 5, 6, 2], 2, advantage=0.5, rollout_logp=[-0.1, -0.2])
    assert [sequence.copies for sequence in merge_equal([one, replace(one, **change), one])] == [2, 1]


@pytest.mark.parametrize("ranks", [1, 2, 3, 40])
@pytest.mark.parametrize("tokens", [1, 24, 10_000])
def test_shards_have_equally_many_micro_batches_and_hold_every_row_once(ranks: int, tokens: int) -> None:
    sequences = [TrainSequence(list(range(10, 10 + 3 + n % 4)), 1, advantage=float(n)) for n in range(23)]
    rows = pack_rows(sequences, 8)
    shards = shard(rows, ranks, tokens=tokens)
    assert len(shards) == ranks and len({len(parts) for parts in shards}) == 1
    every = [part for parts in shards for part in parts]
    assert sorted(index for part in every for index in part.places) == list(range(len(rows)))
    assert all(len(part.places) <= max(1, tokens // 8) for part in every)
    for part in every:
        width = part.rows.ids.shape[1]
        assert torch.equal(part.rows.ids, rows.ids[part.places, :width]) or not part.places
        assert not rows.real[part.places, width:].any()


def test_a_micro_batch_has_the_rows_that_its_tokens_hold() -> None:
    """Rows of 2 tokens: two of them in 4, and in 5."""
    rows = pack_rows([TrainSequence([1, 9], 1) for _ in range(5)], 2)
    for tokens in (4, 5):
        assert [[len(part.places) for part in rank] for rank in shard(rows, 1, tokens=tokens)] == [[2, 2, 1]]


@pytest.mark.parametrize(("rows", "first"), [(torch.tensor([2, 0]), [5, 3]), (slice(1, None), [4, 5])])
def test_a_slice_has_its_rows_in_every_array(rows: torch.Tensor | slice, first: list[int]) -> None:
    whole = pack_rows([TrainSequence([n + 3, 9], 1, advantage=float(n + 3)) for n in range(3)], 2)
    part = whole.slice(rows)
    assert part.ids[:, 0].tolist() == first and part.advantage[:, 1].tolist() == first
    assert len(part) == 2 and part.mask.shape == part.copies.shape == (2, 2) and part.old_logp is None


def test_shards_keep_the_old_log_probs() -> None:
    """Without them every ratio is 1 and nothing is ever clipped."""
    rows = pack_rows([TrainSequence([1, n + 3, 2], 1) for n in range(3)], 4)
    rows.old_logp = torch.arange(12.0).view(3, 4)
    [[first], [second]] = shard(rows, 2, tokens=8)
    assert first.rows.old_logp is not None and second.rows.old_logp is not None
    assert first.places == [0, 2] and first.rows.old_logp.tolist() == [[0, 1, 2], [8, 9, 10]]
    assert second.places == [1] and second.rows.old_logp.tolist() == [[4, 5, 6]]


@pytest.mark.parametrize("old", [None, torch.zeros(1, 4)])
def test_a_rank_without_rows_gets_a_token_of_padding(old: torch.Tensor | None) -> None:
    rows = pack_rows([TrainSequence([1, 5, 2], 1)], 4)
    rows.old_logp = old
    [[full], [empty]] = shard(rows, 2, tokens=1024)
    assert (full.places, empty.places) == ([0], [])
    assert empty.rows.ids.shape == (1, 1)
    assert (empty.rows.num_tokens, empty.rows.num_sequences, bool(empty.rows.real.any())) == (0, 0, False)
    found = empty.rows.old_logp
    assert (None if found is None else found.tolist()) == (None if old is None else [[0.0]]), (
        "ranks take different ways"
    )
