"""Problems from every source a run file can name."""

from __future__ import annotations

import difflib
import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from rlcore.data import arithmetic, leandojo, programs, theorems, word_problems
from rlcore.data.readers import FORMATS, Row, detect, hf_rows, jsonl_rows, parquet_rows
from verifiers.math.judge import reference_problem
from verifiers.types import Problem

log = logging.getLogger(__name__)

# Families whose answers are single numbers with one right value (reasoning-gym 0.1.25, 60 problems of each).
NUMERIC_FAMILIES = (
    "aiw", "basic_arithmetic", "binary_alternation", "chain_sum", "circuit_logic", "count_bits", "count_primes",
    "decimal_arithmetic", "decimal_chain_sum", "dice", "gcd", "gsm_symbolic", "largest_island", "lcm", "leg_counting",
    "letter_counting", "maze", "number_format", "number_sequence", "products", "rectangle_count", "rotten_oranges",
    "self_reference", "simple_equations", "simple_geometry",
)  # fmt: skip

Language = Literal["en", "zh"]
LANGUAGES: tuple[Language, ...] = ("en", "zh")
_LEVELS = {"word_problems": word_problems.LEVELS, "programs": programs.LEVELS, "theorems": theorems.LEVELS}

_NUMBER = re.compile(r"-?\d+(\.\d+)?(/\d+)?")


def load_problems(
    source: str,
    *,
    format: str = "auto",
    size: int,
    seed: int,
    verifier: str = "",
    levels: tuple[int, ...] = (),
    shown: int = programs.SHOWN_CASES,
) -> list[Problem]:
    """The problems of a source, in its order, ids unique.

    A problem whose gold answer the math judge cannot use is dropped and logged: no answer to it could ever be right.

    Args:
        source: `arithmetic`, `theorems`, `word_problems[:LANGUAGES]`, `programs[:LANGUAGES]` (LANGUAGES is en, zh or
            en+zh), `reasoning_gym:FAMILY`, `leandojo:FILE.json[@CHECKOUT]`, `hf:NAME_OR_FOLDER[@SUBSET][:SPLIT]`, or a
            path ending in .jsonl or .parquet.
        format: of rows: `problems`, `gsm8k`, `verl`, or `auto` by the keys of the first row.
        size: problems a generated family makes; files are read whole.
        seed: of a generated family.
        verifier: judge of every problem instead of the loader's.
        levels: of a family that has levels; empty is all.
        shown: examples in the prompt of `programs`, 0 to 2.

    Raises:
        ValueError: unknown source, missing or malformed data, no problem left; the message names place and remedy.
    """
    problems = _family(source, size, seed, levels, shown) or _read(source, format, size, seed, levels)
    if verifier:
        problems = [problem.model_copy(update={"verifier": verifier}) for problem in problems]
    if not problems:
        raise ValueError(f"{source}: no problems in it: give a source with at least one row")
    _check_ids(source, problems)
    return _drop_unjudgeable(source, problems)


def _family(source: str, size: int, seed: int, levels: tuple[int, ...], shown: int) -> list[Problem] | None:
    """The problems of one of our families that have levels; None where the source is another."""
    name, _, rest = source.partition(":")
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


def _read(source: str, format: str, size: int, seed: int, levels: tuple[int, ...]) -> list[Problem]:
    if levels:
        raise ValueError(f"{source} has no levels ({', '.join(_LEVELS)} have): leave `levels` out")
    if source == "arithmetic":
        return arithmetic.problems(size, seed)
    scheme, _, rest = source.partition(":")
    if scheme == "reasoning_gym" and rest:
        return reasoning_gym_problems(rest, size, seed)
    if scheme == "leandojo" and rest:
        return leandojo.load(rest)
    if scheme == "hf" and rest:
        return _to_problems(hf_rows(rest), format)
    if source.endswith(".jsonl"):
        return _to_problems(jsonl_rows(Path(source)), format)
    if source.endswith(".parquet"):
        return _to_problems(parquet_rows(Path(source)), format)
    raise ValueError(
        f"unknown data source {source!r}: write arithmetic, theorems, reasoning_gym:FAMILY, "
        "word_problems:LANGUAGES, programs:LANGUAGES, leandojo:FILE.json[@CHECKOUT], "
        "hf:NAME_OR_FOLDER[@SUBSET][:SPLIT], or a path ending in .jsonl or .parquet"
    )


def _languages(source: str, names: str) -> tuple[Language, ...]:
    languages: tuple[Language, ...] = tuple(name for name in LANGUAGES if name in (names or "en").split("+"))
    if len(languages) != len((names or "en").split("+")):
        raise ValueError(f"data source {source!r}: after the colon stand languages, en, zh or en+zh")
    return languages


def _to_problems(rows: Iterator[Row], format: str) -> list[Problem]:
    problems = []
    for row in rows:
        if format == "auto":
            format = detect(row)
        if format not in FORMATS:
            raise ValueError(f"unknown data.format {format!r}: write auto, {', '.join(FORMATS)}")
        problems.append(FORMATS[format](row))
    return problems


def reasoning_gym_problems(family: str, size: int, seed: int) -> list[Problem]:
    """Problems of a reasoning-gym family whose answers are single numbers, for the math judge.

    Other families need their own scoring, since equality is not what makes their answers right (a countdown puzzle
    has many solutions): write their problems to JSON Lines and name a `path/to/file.py:function` judge.
    """
    if size < 1:
        raise ValueError(f"{size} problems of reasoning_gym:{family} asked for: set data.size to 1 or more")
    import reasoning_gym
    from reasoning_gym.factory import DATASETS

    if family not in DATASETS:
        near = difflib.get_close_matches(family, DATASETS, n=3, cutoff=0.0)
        raise ValueError(f"reasoning_gym has no family {family!r}; the nearest are {', '.join(near)}")
    problems = []
    for number, item in enumerate(reasoning_gym.create_dataset(family, size=size, seed=seed), start=1):
        answer = str(item["answer"]).strip()
        if not _NUMBER.fullmatch(answer):
            raise ValueError(
                f"reasoning_gym:{family}: the answer {answer[:60]!r} is no number, so the math judge cannot score this "
                f"family; use one of {', '.join(NUMERIC_FAMILIES)}, or write its problems to a .jsonl file "
                "and name your own judge in data.verifier"
            )
        problems.append(
            Problem(
                id=f"{family}-{seed}-{number}",
                prompt=item["question"],
                reference={"answer": answer},
                tags=("reasoning_gym", family),
            )
        )
    return problems


def _check_ids(source: str, problems: list[Problem]) -> None:
    seen: set[str] = set()
    for problem in problems:
        if problem.id in seen:
            raise ValueError(f"{source}: the id {problem.id!r} occurs twice: ids are keys, make each one different")
        seen.add(problem.id)


def _drop_unjudgeable(source: str, problems: list[Problem]) -> list[Problem]:
    faults = {problem.id: reference_problem(problem.reference) for problem in problems if problem.verifier == "math"}
    kept = [problem for problem in problems if faults.get(problem.id) is None]
    dropped = [(id, fault) for id, fault in faults.items() if fault is not None]
    if dropped:
        first = "; ".join(f"{id}: {fault}" for id, fault in dropped[:3])
        if not kept:
            raise ValueError(f"{source}: the judge can use none of the gold answers ({first}): correct them")
        log.warning(
            "%s: %d of %d problems dropped, the judge cannot use their gold answer (%s)",
            source, len(dropped), len(problems), first,
        )  # fmt: skip
    return kept
