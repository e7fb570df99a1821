"""Problems from several sources with shares: who is trained on, in which order, and what is held out."""

from __future__ import annotations

import functools
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rlcore.config.data import DataConfig, ProblemPart
from rlcore.data.origin import family, ordered
from rlcore.data.problems import load_problems
from rlcore.data.screening import Screening
from rlcore.data.sources.drops import Drops
from rlcore.data.split import split, without
from verifiers.types import Problem

# After so many prompts the order of the sources begins anew, so that a place in the stream is found without
# walking there. A share below one in so many is not served.
CYCLE = 1000


def by_family(problems: Sequence[Problem]) -> dict[str, list[Problem]]:
    """The problems of each family in their order; the families in the order of their sources, then by variant."""
    found: dict[str, list[Problem]] = {}
    for problem in problems:
        found.setdefault(family(problem), []).append(problem)
    return {name: found[name] for name in ordered(list(found))}


@dataclass(frozen=True)
class Mixture:
    """Training problems by source, and each source's share of the prompts (the shares add up to 1)."""

    parts: tuple[tuple[Problem, ...], ...]
    shares: tuple[float, ...]

    @property
    def problems(self) -> list[Problem]:
        """All of them, source by source."""
        return [problem for part in self.parts for problem in part]

    def head(self, count: int) -> list[Problem]:
        """The first problems of each source in proportion to the shares, about `count` in all; 0 is all."""
        if not count:
            return self.problems
        return [
            problem
            for part, share in zip(self.parts, self.shares, strict=True)
            for problem in part[: max(1, round(count * share))]
        ]

    def where(self, keep: Callable[[Problem], bool]) -> Mixture:
        """The problems that are kept. A source that loses all of them leaves its share to the others.

        Raises:
            ValueError: none is left.
        """
        parts = [tuple(filter(keep, part)) for part in self.parts]
        left = [(part, share) for part, share in zip(parts, self.shares, strict=True) if part]
        if not left:
            raise ValueError("no training problems: check data.source and the filter's band")
        total = sum(share for _, share in left)
        return Mixture(tuple(part for part, _ in left), tuple(share / total for _, share in left))

    def stream(self, cursor: int, count: int, *, seed: int) -> list[Problem]:
        """Prompts cursor..cursor+count-1 of an endless stream.

        Every head of the stream holds the sources in proportion to their shares, to within a prompt or two; each
        epoch of a source is a new permutation of it.
        """
        cycle = _cycle(self.shares)
        rounds, rest = divmod(cursor, len(cycle))
        seen = [rounds * cycle.count(index) + cycle[:rest].count(index) for index in range(len(self.parts))]
        taken = []
        for position in range(cursor, cursor + count):
            index = cycle[position % len(cycle)]
            epoch, at = divmod(seen[index], len(self.parts[index]))
            seen[index] += 1
            taken.append(self.parts[index][_permutation(len(self.parts[index]), f"{seed}/prompts/{epoch}")[at]])
        return taken


@functools.lru_cache(maxsize=4)
def _cycle(shares: tuple[float, ...]) -> list[int]:
    """Whose turn it is in CYCLE prompts: each time the source that is furthest behind its share."""
    given = [0] * len(shares)
    turns = []
    for position in range(1, CYCLE + 1):
        # Rounded: equal deficits must not be told apart by the last bit.
        behind = [round(share * position - had, 9) for share, had in zip(shares, given, strict=True)]
        index = behind.index(max(behind))
        given[index] += 1
        turns.append(index)
    return turns


@functools.lru_cache(maxsize=16)
def _permutation(size: int, seed: str) -> list[int]:
    order = list(range(size))
    random.Random(seed).shuffle(order)
    return order


def read_problems(
    data: DataConfig, *, seed: int, measured: int, drops: Drops | None = None, screening: Screening | None = None
) -> tuple[Mixture, list[Problem], int]:
    """(what is trained on, what is held out, training problems removed because they are held out too).

    Args:
        data: one source, or a mixture; each source of a mixture is split by itself.
        seed: of the families and of the split.
        measured: held-out problems of a source that are measured where the mixture does not say; 0 is all.
        drops, screening: as of `load_problems`, for all sources.

    Raises:
        ValueError: as of `load_problems` and `split`, two sources with the same problem, or nothing left.
    """

    def load(part: ProblemPart, seed: int) -> list[Problem]:
        return load_problems(
            part.source,
            format=data.format,
            size=part.size or data.size,
            seed=seed,
            verifier=data.verifier,
            levels=part.levels,
            options=part.options,
            drops=drops,
            screening=screening,
        )

    if data.mixture:
        return _mixture(data, [load(part, seed) for part in data.mixture], seed, measured)
    everything = load(ProblemPart(source=data.source), seed)
    overlap = 0
    if data.held_out:
        held_out = load(ProblemPart(source=data.held_out), seed + 1)
        train, overlap = without(everything, held_out)
    else:
        train, held_out = split(everything, held_out_share=data.held_out_share, seed=seed)
    if not train or not held_out:
        raise ValueError(
            f"data.source={data.source!r} leaves {len(train)} training and {len(held_out)} held-out problems: "
            "give more problems, or another data.held_out_share"
        )
    return Mixture((tuple(train[: data.limit or None]),), (1.0,)), held_out, overlap


def _mixture(
    data: DataConfig, loaded: Sequence[list[Problem]], seed: int, measured: int
) -> tuple[Mixture, list[Problem], int]:
    total = sum(part.share for part in data.mixture)
    parts, shares, held_out = [], [], []
    for part, problems in zip(data.mixture, loaded, strict=True):
        train, held = split(problems, held_out_share=data.held_out_share, seed=seed)
        if not held:
            raise ValueError("a mixture splits its own held-out problems off: set data.held_out_share above 0")
        parts.append(tuple(train[: data.limit or None]))
        shares.append(part.share / total)
        held_out += held[: part.held_out or measured or None]
    ids = [problem.id for part in (*parts, held_out) for problem in part]
    # By ids alone: equal texts of two sources have one hash, so no problem is trained on that is held out.
    if len(set(ids)) < len(ids):
        raise ValueError(
            "two sources of data.mixture have the same problem: name each source once, with the sum of the shares"
        )
    return Mixture(tuple(parts), tuple(shares)), held_out, 0
