"""Rows that a run does without: which, why, and how many are too many."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from rlcore.run.folder import write_lines
from verifiers.types import Problem

log = logging.getLogger(__name__)

SHOWN = 3
_REASON_CHARS = 240


class Placed(NamedTuple):
    """A problem, and where it came from (`train.jsonl, line 7`)."""

    problem: Problem
    place: str


class Dropped(NamedTuple):
    """A row that no problem came of; `id` is "" where it has none of its own."""

    place: str
    reason: str
    id: str = ""

    def __str__(self) -> str:
        """One line, however long the reason is (Lean's messages are)."""
        said = " ".join(self.reason.split())
        return f"{self.place}: {said[:_REASON_CHARS]}{'...' if len(said) > _REASON_CHARS else ''}"


class Drops:
    """The dropped rows of all sources of a run.

    Args:
        path: a file that gets one JSON line for each (source, place, id, reason); None: they are only logged.
        max_share: of the rows of one source; when more are dropped it is no longer about single rows.
    """

    def __init__(self, path: Path | None = None, *, max_share: float = 1.0) -> None:
        self.rows: list[tuple[str, Dropped]] = []
        self._path, self._max_share = path, max_share

    def settle(self, source: str, dropped: Sequence[Dropped], kept: int) -> None:
        """Write down and log what a source lost.

        Raises:
            ValueError: nothing is left of it, or more was dropped than `max_share`; with counts, the first reasons
                and the remedy.
        """
        total = len(dropped) + kept
        if not total:
            raise ValueError(f"{source}: no problems in it: give a source with at least one row")
        if not dropped:
            return
        self.rows += [(source, row) for row in dropped]
        where = ""
        if self._path is not None:
            write_lines(self._path, ({"source": name, **row._asdict()} for name, row in self.rows))
            where = f"; all reasons are in {self._path}"
        first = "; ".join(map(str, dropped[:SHOWN]))
        counted = f"{source}: {len(dropped)} of {total} rows dropped"
        if not kept:
            raise ValueError(
                f"{counted}, none is left ({first}{where}): mend the rows, or correct data.format or data.verifier"
            )
        if len(dropped) > self._max_share * total:
            raise ValueError(
                f"{counted}, more than data.max_dropped_share={self._max_share:g} ({first}{where}): mend the rows, or "
                "raise data.max_dropped_share"
            )
        log.warning("%s, %.1f%% (%s%s)", counted, 100 * len(dropped) / total, first, where)
