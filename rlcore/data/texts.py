"""One text of a generated corpus, and what a corpus is made of."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from random import Random
from typing import NamedTuple


class Document(NamedTuple):
    """One text of the corpus. `style` is what the log and the report count it under; `right`: its answer is."""

    text: str
    style: str
    right: bool


class Share(NamedTuple):
    """What one style makes up of a corpus; `right` is the share of its documents whose answer is right."""

    documents: int
    share: float
    characters: int
    right: float


def mix(texts: Iterable[Document]) -> dict[str, Share]:
    """The shares that were really generated, the largest first. Consumes all of `texts`."""
    counts: dict[str, list[int]] = {}
    for document in texts:
        count = counts.setdefault(document.style, [0, 0, 0])
        count[0] += 1
        count[1] += len(document.text)
        count[2] += document.right
    total = sum(count[0] for count in counts.values())
    return {
        style: Share(number, number / total, length, right / number)
        for style, (number, length, right) in sorted(counts.items(), key=lambda item: (-item[1][0], item[0]))
    }


def draw_style(rng: Random, shares: Mapping[str, float]) -> str:
    """A style with a chance in proportion to its share."""
    limits = list(itertools.accumulate(shares.values()))
    point = rng.random() * limits[-1]
    return list(shares)[next(index for index, limit in enumerate(limits) if point < limit)]
