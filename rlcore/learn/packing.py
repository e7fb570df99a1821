"""Putting sequences of different lengths into rows of one length with little padding."""

from __future__ import annotations

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
