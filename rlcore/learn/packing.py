"""Sequences of different lengths into rows of one length, and rows into micro-batches of about equal cost."""

from __future__ import annotations

import heapq
from collections.abc import Sequence


def pack(lengths: Sequence[int], capacity: int) -> list[list[int]]:
    """Rows of indices into `lengths`, each row at most `capacity` long: first-fit decreasing.

    Longest first (ties by index), each into the first row with room, so at most 11/9 of the optimal number of rows
    plus one (Dosa 2007). A tree of the largest free space under each node finds that row in O(log n).
    Deterministic; every index occurs exactly once.

    Raises:
        ValueError: a length is below 1 or above capacity.
    """
    for index, length in enumerate(lengths):
        if not 1 <= length <= capacity:
            raise ValueError(
                f"sequence {index} has {length} tokens but a row holds 1 to {capacity}: "
                "raise row_tokens, or shorten or drop the sequence"
            )
    leaves = 1
    while leaves < len(lengths):
        leaves *= 2
    # free[1] is the root, free[leaves + row] the room in a row; rows nobody has used yet are simply empty.
    free = [capacity] * (2 * leaves)
    rows: list[list[int]] = []
    for index in sorted(range(len(lengths)), key=lambda index: -lengths[index]):
        length = lengths[index]
        node = 1
        while node < leaves:
            node *= 2
            if free[node] < length:
                node += 1
        if node - leaves == len(rows):
            rows.append([])
        rows[node - leaves].append(index)
        free[node] -= length
        while node > 1:
            node //= 2
            largest = max(free[2 * node], free[2 * node + 1])
            if free[node] == largest:
                break
            free[node] = largest
    return rows


def deal(fill_R: Sequence[int], ranks: int, rows_at_once: int) -> list[list[list[int]]]:
    """[rank][micro-batch] -> indices of rows: every rank has as many micro-batches, of about equal fill.

    Ranks must meet in the same collectives, so the number of micro-batches is one for all, the smallest with which none
    holds more than `rows_at_once` rows. The fullest row goes first, each to the micro-batch with the fewest tokens that
    has room (ties: the first). Where there are fewer rows than micro-batches some are empty.

    Args:
        fill_R: real tokens of each row.
    """
    slots = ranks * max(1, -(-len(fill_R) // (ranks * rows_at_once)))
    open_slots = [(0, slot) for slot in range(slots)]
    members: list[list[int]] = [[] for _ in range(slots)]
    for row in sorted(range(len(fill_R)), key=lambda row: -fill_R[row]):
        tokens, slot = heapq.heappop(open_slots)
        members[slot].append(row)
        if len(members[slot]) < rows_at_once:
            heapq.heappush(open_slots, (tokens + fill_R[row], slot))
    return [[sorted(part) for part in members[rank::ranks]] for rank in range(ranks)]
