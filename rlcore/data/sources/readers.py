"""Rows as problems: each in its layout (`rlcore.data.layouts`), one by one.

A row that does not fit its layout is `Dropped` with its place and reason and stops nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from rlcore.data.layouts import LAYOUTS, detect
from rlcore.data.sources.drops import Dropped, Placed
from rlcore.data.sources.rows import Row
from verifiers.types import Problem

# `services.settings` allows 32, of which a request takes five, and 16 MiB for all of a request.
_MAX_DEPTH = 26
_MAX_BYTES = 15 << 20


def to_problems(rows: Iterable[Row | Dropped], format: str) -> Iterator[Placed | Dropped]:
    """What the rows say.

    Args:
        format: a layout's name, or `auto`: of each row the layout that its keys fit, else that of the row before it,
            whose reader says what is missing.

    Raises ValueError for an unknown format.
    """
    if format not in ("auto", *LAYOUTS):
        raise ValueError(f"unknown data.format {format!r}: write auto, {', '.join(LAYOUTS)}")
    last = "" if format == "auto" else format
    for row in rows:
        if isinstance(row, Dropped):
            yield row
            continue
        try:
            if format == "auto":
                last = _layout(row, last)
            problem = LAYOUTS[last].read(row)
            check_travels(problem)
        except ValueError as error:
            own = row.values.get("id")
            yield Dropped(row.place, str(error), own if isinstance(own, str) else row.id)
        else:
            yield Placed(problem, row.place)


def _layout(row: Row, last: str) -> str:
    try:
        return detect(row)
    except ValueError:
        if not last:
            raise
        return last


def check_travels(problem: Problem) -> None:
    """A problem is hashed, written down and sent as JSON in UTF-8. ValueError where a part of it has no such form."""
    if _is_deeper(problem.reference, _MAX_DEPTH):
        raise ValueError(f"the reference is nested deeper than {_MAX_DEPTH}, which no reward service takes: flatten it")
    try:
        size = len(json.dumps(problem.model_dump(), ensure_ascii=False, allow_nan=False).encode())
    except UnicodeEncodeError:
        raise ValueError("half of a surrogate pair in a text: it is no valid Unicode, write the row again") from None
    # What is no number would arrive as null, which a program that returns nothing fits.
    except (TypeError, ValueError) as error:
        raise ValueError(f"the reference is not JSON ({error}): write numbers, texts, lists and objects") from None
    if size > _MAX_BYTES:
        raise ValueError(
            f"{size / 1e6:.0f} MB with its tests, and a reward service takes {_MAX_BYTES / 1e6:.0f}: leave tests out"
        )


def _is_deeper(value: Any, levels: int) -> bool:
    if not isinstance(value, dict | list):
        return False
    inner = value.values() if isinstance(value, dict) else value
    return not levels or any(_is_deeper(item, levels - 1) for item in inner)
