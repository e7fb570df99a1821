import random

import pytest

from rlcore.learn.packing import deal, pack


def naive_first_fit_decreasing(lengths: list[int], capacity: int) -> list[list[int]]:
    rows: list[list[int]] = []
    for index in sorted(range(len(lengths)), key=lambda index: (-lengths[index], index)):
        for row in rows:
            if sum(lengths[other] for other in row) + lengths[index] <= capacity:
                row.append(index)
                break
        else:
            rows.append([index])
    return rows


def test_by_hand() -> None:
    assert pack([4, 8, 1, 4, 2, 1], 10) == [[1, 4], [0, 3, 2, 5]]
    assert pack([6, 6], 10) == [[0], [1]]
    assert pack([], 10) == [] and pack([10], 10) == [[0]]


@pytest.mark.parametrize("seed", range(30))
def test_equals_the_naive_algorithm(seed: int) -> None:
    rng = random.Random(seed)
    capacity = rng.choice([5, 32, 128])
    lengths = [rng.randint(1, capacity) for _ in range(rng.randint(1, 120))]
    rows = pack(lengths, capacity)
    assert rows == naive_first_fit_decreasing(lengths, capacity)
    assert sorted(index for row in rows for index in row) == list(range(len(lengths)))
    assert all(sum(lengths[index] for index in row) <= capacity for row in rows)


def test_many_short_sequences_fill_rows() -> None:
    rng = random.Random(0)
    lengths = [rng.randint(20, 90) for _ in range(20_000)]
    assert sum(lengths) / (128 * len(pack(lengths, 128))) > 0.95


@pytest.mark.parametrize("length", [0, -1, 11])
def test_a_sequence_that_fits_no_row(length: int) -> None:
    with pytest.raises(ValueError, match=r"sequence 1 has .* a row holds 1 to 10: raise row_tokens"):
        pack([3, length], 10)


def test_deal_by_hand() -> None:
    """Two ranks, two rows at once: five rows need two micro-batches each; 9, 8, 7, 6 go first, 1 to the emptiest."""
    assert deal([8, 9, 1, 6, 7], 2, 2) == [[[1], [4]], [[0], [2, 3]]]
    assert deal([5, 5, 5], 4, 8) == [[[0]], [[1]], [[2]], [[]]]
    assert deal([], 2, 8) == [[[]], [[]]]


def test_a_micro_batch_that_is_full_takes_no_row_even_where_it_has_the_fewest_tokens() -> None:
    assert deal([10, 1, 1, 1], 1, 2) == [[[0, 3], [1, 2]]]


def test_71_rows_stay_71() -> None:
    """Rounded up to 32 rows at once they were 128 for two ranks."""
    dealt = deal([160] * 71, 2, 32)
    assert [[len(part) for part in rank] for rank in dealt] == [[18, 18], [18, 17]]


@pytest.mark.parametrize("seed", range(30))
def test_micro_batches_cost_about_the_same(seed: int) -> None:
    rng = random.Random(seed)
    fill = [rng.randint(1, 128) for _ in range(rng.randint(0, 200))]
    ranks, at_once = rng.randint(1, 5), rng.randint(1, 40)
    dealt = deal(fill, ranks, at_once)
    parts = [part for rank in dealt for part in rank]
    assert sorted(row for part in parts for row in part) == list(range(len(fill)))
    assert {len(rank) for rank in dealt} == {max(1, -(-len(fill) // (ranks * at_once)))}
    assert all(len(part) <= at_once for part in parts)
    # Where the limit of rows binds nobody, no micro-batch is further above another than one row.
    tokens = [sum(fill[row] for row in part) for part in parts]
    if all(len(part) < at_once for part in parts):
        assert max(tokens) - min(tokens) <= max(fill, default=0)
