"""Problems from every source a run file can name."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Literal

from rlcore.data.families import arithmetic, programs, puzzles, theorems, word_problems
from rlcore.data.screening import Screening
from rlcore.data.sources import leandojo
from rlcore.data.sources.drops import Dropped, Drops, Placed
from rlcore.data.sources.readers import to_problems
from rlcore.data.sources.rows import SUFFIXES, file_rows, hf_rows
from verifiers import registry
from verifiers.types import Problem

Language = Literal["en", "zh"]
LANGUAGES: tuple[Language, ...] = ("en", "zh")
_LEVELS = {"word_problems": word_problems.LEVELS, "programs": programs.LEVELS, "theorems": theorems.LEVELS}


def load_problems(
    source: str,
    *,
    format: str = "auto",
    size: int,
    seed: int,
    verifier: str = "",
    levels: tuple[int, ...] = (),
    shown: int = programs.SHOWN_CASES,
    drops: Drops | None = None,
    screening: Screening | None = None,
) -> list[Problem]:
    """The problems of a source, in its order, ids unique.

    A row that is malformed, or whose reference the judge cannot judge against (`rlcore.data.screening`), is dropped
    and logged with its place and reason. The families that we generate ourselves are not screened for the judge that
    they were made for: their tests prove their references.

    Args:
        source: `arithmetic`, `theorems`, `word_problems[:LANGUAGES]`, `programs[:LANGUAGES]` (LANGUAGES is en, zh or
            en+zh), `reasoning_gym:FAMILY`, `leandojo:FILE.json[@CHECKOUT]`, `hf:NAME_OR_FOLDER[@SUBSET][:SPLIT]`, or a
            path ending in one of `rlcore.data.sources.rows.SUFFIXES`.
        format: of rows: a name of `rlcore.data.layouts.LAYOUTS`, or `auto` by the keys of each row.
        size: problems a generated family makes; files are read whole.
        seed: of a generated family.
        verifier: judge of every problem instead of the loader's.
        levels: of a family that has levels; empty is all.
        shown: examples in the prompt of `programs`, 0 to 2.
        drops: collects what is dropped, and says how much is too much; None: anything short of all rows may go.
        screening: None: with the user's own cache, and for this call only.

    Raises:
        ValueError: unknown source, format or verifier, data that cannot be read as a whole, no problem left, or more
            dropped than `drops` allows; the message names place and remedy.
    """
    if verifier:
        check_verifier(verifier)
    ours = _family(source, size, seed, levels, shown)
    if ours is not None and not verifier:
        return ours
    found = [Placed(each, source) for each in ours] if ours is not None else _read(source, format, size, seed, levels)
    if verifier:
        changed = {"verifier": verifier}
        found = [
            Placed(each.problem.model_copy(update=changed), each.place) if isinstance(each, Placed) else each
            for each in found
        ]
    found = _sound_names(_different_ids(found))
    with contextlib.ExitStack() as stack:
        faults = (screening or stack.enter_context(Screening())).faults(
            [each.problem for each in found if isinstance(each, Placed)]
        )
    reasons = iter(faults)
    found = [_judgeable(each, next(reasons)) if isinstance(each, Placed) else each for each in found]
    kept = [each.problem for each in found if isinstance(each, Placed)]
    (drops or Drops()).settle(source, [each for each in found if isinstance(each, Dropped)], len(kept))
    return kept


def _family(source: str, size: int, seed: int, levels: tuple[int, ...], shown: int) -> list[Problem] | None:
    """The problems of one of our families; None where the source is another."""
    name, _, rest = source.partition(":")
    if source == "arithmetic" and not levels:
        return arithmetic.problems(size, seed)
    if name not in _LEVELS or (name == "theorems" and rest):
        return None
    if wrong := set(levels) - set(_LEVELS[name]):
        there = ", ".join(map(str, _LEVELS[name]))
        raise ValueError(f"{source} has no level {min(wrong)}: its levels are {there}")
    levels = levels or _LEVELS[name]
    if name == "theorems":
        return theorems.problems(size, seed, levels=levels)
    if name == "programs":
        return programs.problems(size, seed, languages=_languages(source, rest), levels=levels, shown=shown)
    return word_problems.problems(size, seed, languages=_languages(source, rest), levels=levels)


def _read(source: str, format: str, size: int, seed: int, levels: tuple[int, ...]) -> list[Placed | Dropped]:
    if levels:
        raise ValueError(f"{source} has no levels ({', '.join(_LEVELS)} have): leave `levels` out")
    scheme, _, rest = source.partition(":")
    if scheme == "reasoning_gym" and rest:
        return [Placed(problem, source) for problem in puzzles.problems(rest, size, seed)]
    if scheme == "leandojo" and rest:
        return leandojo.load(rest)
    if scheme == "hf" and rest:
        return list(to_problems(hf_rows(rest), format))
    if source.endswith(SUFFIXES):
        return list(to_problems(file_rows(Path(source)), format))
    raise ValueError(
        f"unknown data source {source!r}: write arithmetic, theorems, reasoning_gym:FAMILY, "
        "word_problems:LANGUAGES, programs:LANGUAGES, leandojo:FILE.json[@CHECKOUT], "
        f"hf:NAME_OR_FOLDER[@SUBSET][:SPLIT], or a path ending in {', '.join(SUFFIXES)}"
    )


def _languages(source: str, names: str) -> tuple[Language, ...]:
    languages: tuple[Language, ...] = tuple(name for name in LANGUAGES if name in (names or "en").split("+"))
    if len(languages) != len((names or "en").split("+")):
        raise ValueError(f"data source {source!r}: after the colon stand languages, en, zh or en+zh")
    return languages


def check_verifier(name: str) -> None:
    """ValueError where no judge answers to the name, or a user's file is not there."""
    if name not in registry.VERIFIERS:
        registry.resolve(name)


def _different_ids(found: Iterable[Placed | Dropped]) -> Iterator[Placed | Dropped]:
    places: dict[str, str] = {}
    for each in found:
        if isinstance(each, Placed) and each.problem.id in places:
            first = places[each.problem.id]
            reason = f"the id {each.problem.id!r} occurs twice, first in {first}: ids are keys, make each one different"
            yield Dropped(each.place, reason, each.problem.id)
            continue
        if isinstance(each, Placed):
            places[each.problem.id] = each.place
        yield each


def _sound_names(found: Iterable[Placed | Dropped]) -> list[Placed | Dropped]:
    """Without problems for judges that there are not."""
    wrong: dict[str, str] = {}

    def problem_of(name: str) -> str:
        if name not in wrong:
            try:
                check_verifier(name)
                wrong[name] = ""
            except ValueError as error:
                wrong[name] = str(error)
        return wrong[name]

    return [_judgeable(each, problem_of(each.problem.verifier)) if isinstance(each, Placed) else each for each in found]


def _judgeable(each: Placed, reason: str) -> Placed | Dropped:
    return Dropped(each.place, reason, each.problem.id) if reason else each
