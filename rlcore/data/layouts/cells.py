"""What a layout is, and how cells of a row are read. A cell that is null is not there."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection
from typing import Any, NamedTuple

from pydantic import ValidationError

from rlcore.data.sources.rows import Row
from verifiers.code.reference import read_reference
from verifiers.expected.tests import unpacked
from verifiers.sandbox.types import Limits
from verifiers.types import Json, Message, Problem

_DEFAULT = Limits()
_SHOWN_CHARS = 80
# Of ShareGPT's messages.
_ROLES = {"human": "user", "gpt": "assistant"}
_FENCED = re.compile(r"\s*```[\w+]*\n(.*?)\n?```\s*", re.DOTALL)


class Layout(NamedTuple):
    """A public layout of rows.

    Attributes:
        keys: what a row of it has: for each, names of which one is there, `|` between them.
        read: a row as a problem; ValueError with the reason and the remedy where it is none.
    """

    keys: str
    read: Callable[[Row], Problem]

    def missing(self, there: Collection[str]) -> list[str]:
        """Of `keys` those that are not there."""
        return [key for key in self.keys.split() if not any(name in there for name in key.split("|"))]


def has(row: Row, key: str) -> bool:
    """Whether a cell is there and not null."""
    return row.values.get(key) is not None


def text(row: Row, *keys: str) -> str:
    """The first of these cells that has something, a text that is not blank. Raises ValueError."""
    key = next((key for key in keys if has(row, key)), keys[0])
    value = row.values.get(key)
    if isinstance(value, str) and value.strip():
        return value
    raise ValueError(f"`{key}` is {shown(value)}: give a text that is not empty, or drop the row")


def text_or_empty(row: Row, *keys: str) -> str:
    """The first of these cells that is a text and not blank, or ""."""
    texts = (row.values.get(key) for key in keys)
    return next((value for value in texts if isinstance(value, str) and value.strip()), "")


def number(value: Any) -> float | None:
    """A number as such, or at the beginning of a text (`2.5 seconds`); else None."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        found = float(value.split()[0] if isinstance(value, str) else value)
    except (ValueError, IndexError, OverflowError):
        return None
    return found if math.isfinite(found) else None


def records(value: Any) -> list[Json]:
    """A list of objects, also where it is an object of lists (as `datasets` keeps it), or JSON of either.

    Raises ValueError.
    """
    value = unpacked(value)
    if isinstance(value, dict) and value and all(isinstance(column, list) for column in value.values()):
        if len({len(column) for column in value.values()}) > 1:
            raise ValueError(f"the lists of {', '.join(value)} differ in length: write the row again")
        return [dict(zip(value, items, strict=True)) for items in zip(*value.values(), strict=True)]
    if isinstance(value, list) and all(isinstance(item, dict) for item in value):
        return value
    if value is None:
        return []
    raise ValueError(f"{shown(value)} is no list of objects: write the row again")


def function_name(row: Row) -> str:
    """The function that is called, of `fn_name` and `func_name`, which LiveCodeBench has in `metadata`; "" for none."""
    metadata = unpacked(row.values.get("metadata"))
    named = metadata if isinstance(metadata, dict) else {}
    found = (row.values.get("fn_name"), row.values.get("func_name"), named.get("func_name"), named.get("fn_name"))
    return next((name.strip() for name in found if isinstance(name, str) and name.strip()), "")


def first_solution(given: Any) -> str:
    """The first of a data set's own programs, out of its fence: a list, JSON of one, or a text; "" for none."""
    found = unpacked(given)
    if isinstance(found, list):
        found = next((one for one in found if isinstance(one, str) and one.strip()), "")
    if not isinstance(found, str):
        return ""
    fenced = _FENCED.fullmatch(found)
    return f"{fenced[1]}\n" if fenced else found


def prompt(row: Row, *keys: str) -> str | tuple[Message, ...]:
    """The first of these cells that has something: a text, or chat messages. Raises ValueError."""
    key = next((key for key in keys if has(row, key)), keys[0])
    value = row.values.get(key)
    if not isinstance(value, list):
        return text(row, key)
    try:
        messages = tuple(map(_message, value))
    except (TypeError, KeyError, ValidationError):
        messages = ()
    if any(message.content.strip() for message in messages):
        return messages
    raise ValueError(
        f"`{key}` is no list of messages: each is an object with the texts role and content, or from and value"
    )


def _message(item: Json) -> Message:
    if "from" in item:
        said: str = item["from"]
        return Message(role=_ROLES.get(said, said), content=item["value"])
    return Message(role=item["role"], content=item["content"])


def tags(row: Row, *keys: str, first: str | None = None) -> tuple[str, ...]:
    """A word of the layout's own and the texts and numbers in these cells, in order, each once."""
    values = (first, *(row.values.get(key) for key in keys))
    texts = (str(value).strip() for value in values if isinstance(value, str | int) and not isinstance(value, bool))
    return tuple(dict.fromkeys(filter(None, texts)))


def code_problem(
    row: Row,
    asked: str | tuple[Message, ...],
    reference: Json,
    *,
    solution: str = "",
    seconds: float | None = None,
    memory_bytes: float | None = None,
    tags: tuple[str, ...] = (),
) -> Problem:
    """A problem for the code judge. Raises ValueError for a reference that it cannot read.

    Args:
        seconds, memory_bytes: the row's own limits, if any. They raise the judge's and never lower them: they were set
            for compiled programs, and for memory that is in use, where ours is address space.
    """
    limits: Json = {}
    if seconds is not None and seconds > _DEFAULT.cpu_seconds:
        limits["cpu_seconds"] = seconds
    if memory_bytes is not None and memory_bytes > _DEFAULT.memory_bytes:
        limits["memory_bytes"] = int(memory_bytes)
    reference = reference | ({"limits": limits} if limits else {})
    reference = reference | ({"solution": solution} if solution.strip() else {})
    read_reference(reference)
    return Problem(id=row.id, prompt=asked, verifier="code", reference=reference, tags=tags)


def shown(value: Any) -> str:
    """A value in a message."""
    said = repr(value)
    return said if len(said) <= _SHOWN_CHARS else f"{said[:_SHOWN_CHARS]}..."
