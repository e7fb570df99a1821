"""From a source that a run file names to the problems that the run takes."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rlcore.data import family, origin
from rlcore.data.admission import check_verifier, different_ids, judgeable, sound_judges
from rlcore.data.family import Family
from rlcore.data.screening import Screening
from rlcore.data.sources import leandojo
from rlcore.data.sources.drops import Dropped, Drops, Placed
from rlcore.data.sources.readers import check_travels, to_problems
from rlcore.data.sources.rows import SUFFIXES, file_rows, hf_rows
from verifiers.types import Problem


def load_problems(
    source: str,
    *,
    format: str = "auto",
    size: int,
    seed: int,
    verifier: str = "",
    levels: tuple[int, ...] = (),
    options: Mapping[str, Any] | None = None,
    drops: Drops | None = None,
    screening: Screening | None = None,
) -> list[Problem]:
    """The problems of a source, in its order, ids unique, each with its family as a tag (`rlcore.data.origin`).

    A row that is malformed, or whose reference the judge cannot judge against (`rlcore.data.screening`), is dropped
    and logged with its place and reason. A family whose tests prove its references is not screened for the judge that
    it was made for.

    Args:
        source: a family, `NAME[:VARIANTS]` or `path/to/file.py[:VARIANTS]` (`rlcore.data.family`);
            `leandojo:FILE.json[@CHECKOUT]`, `hf:NAME_OR_FOLDER[@SUBSET][:SPLIT]`, or a path ending in one of
            `rlcore.data.sources.rows.SUFFIXES`.
        format: of rows: a name of `rlcore.data.layouts.LAYOUTS`, or `auto` by the keys of each row.
        size: problems a family makes; files are read whole.
        seed: of a family.
        verifier: judge of every problem instead of the loader's.
        levels: of a family that has levels; empty is all.
        options: of a family that has options.
        drops: collects what is dropped, and says how much is too much; None: anything short of all rows may go.
        screening: None: with the user's own cache, and for this call only.

    Raises:
        ValueError: unknown source, format or verifier, data that cannot be read as a whole, no problem left, or more
            dropped than `drops` allows; the message names place and remedy.
    """
    if verifier:
        check_verifier(verifier)
    made_by = family.find(source)
    if made_by is None:
        if levels or options:
            name = "levels" if levels else "options"
            raise ValueError(f"{source} has no {name} (families may have): leave `{name}` out")
        found = [
            Placed(_from(source, each.problem), each.place) if isinstance(each, Placed) else each
            for each in _read(source, format)
        ]
    else:
        made = made_by.problems(size, seed, levels=levels, options=options)
        if made_by.is_proven and not verifier:
            return made
        found = [_made(made_by, problem) for problem in made]
    if verifier:
        changed = {"verifier": verifier}
        found = [
            Placed(each.problem.model_copy(update=changed), each.place) if isinstance(each, Placed) else each
            for each in found
        ]
    found = sound_judges(different_ids(found))
    with contextlib.ExitStack() as stack:
        faults = (screening or stack.enter_context(Screening())).faults(
            [each.problem for each in found if isinstance(each, Placed)]
        )
    reasons = iter(faults)
    found = [judgeable(each, next(reasons)) if isinstance(each, Placed) else each for each in found]
    kept = [each.problem for each in found if isinstance(each, Placed)]
    (drops or Drops()).settle(source, [each for each in found if isinstance(each, Dropped)], len(kept))
    return kept


def _read(source: str, format: str) -> list[Placed | Dropped]:
    scheme, _, rest = source.partition(":")
    if scheme == "leandojo" and rest:
        return leandojo.load(rest)
    if scheme == "hf" and rest:
        return list(to_problems(hf_rows(rest), format))
    if source.endswith(SUFFIXES):
        return list(to_problems(file_rows(Path(source)), format))
    raise ValueError(
        f"unknown data source {source!r}: write {', '.join(family.names())}, leandojo:FILE.json[@CHECKOUT], "
        f"hf:NAME_OR_FOLDER[@SUBSET][:SPLIT], or a path ending in {', '.join(SUFFIXES)}, or in .py (a family)"
    )


def _from(source: str, problem: Problem) -> Problem:
    """The problem with its family: its own, where a row says one."""
    return origin.labelled(problem, origin.said(problem) or origin.name_of(source))


def _made(made_by: Family, problem: Problem) -> Placed | Dropped:
    place = f"{made_by.source}, problem {problem.id[:80]!r}"
    try:
        check_travels(problem)
    except ValueError as error:
        return Dropped(place, str(error), problem.id)
    return Placed(problem, place)
