"""What a prompt has to say besides the task: what the function is called that the tests call."""

from __future__ import annotations

import re
from typing import TypeVar

from verifiers.code.reference import entry_names
from verifiers.types import Json, Message

Prompt = str | tuple[Message, ...]
_Same = TypeVar("_Same", str, Prompt)


def fitting(asked: _Same, reference: Json, *, starter: str = "", header: str = "") -> _Same:
    """The prompt, with the code that the data set has the answer begin with, or else the names that its tests call,
    where they are not in it.

    Args:
        reference: for the code judge; one of the kind stdin needs nothing.
        starter: code that the answer should begin with.
        header: `def f(a, b):` of the function.

    Raises ValueError for what is no name.
    """
    if reference["kind"] == "stdin":
        return asked
    said = shown(asked)
    if starter.strip() and starter.strip() not in said:
        return _longer(asked, f"Begin with this code:\n```python\n{starter.strip()}\n```")
    entry = reference["entry_point"]
    entry_names(entry if isinstance(entry, str) else tuple(entry))
    names = [entry] if isinstance(entry, str) else entry
    unknown = [name for name in names if not re.search(rf"\b{re.escape(name.rpartition('.')[2])}\b", said)]
    if not unknown:
        return asked
    if header and len(unknown) == 1:
        return _longer(asked, f"Write a Python function that begins with `{header}`.")
    return _longer(asked, f"The tests call {', '.join(f'`{name}`' for name in unknown)}.")


def shown(asked: Prompt) -> str:
    """All of its texts."""
    return asked if isinstance(asked, str) else "\n".join(message.content for message in asked)


def _longer(asked: _Same, sentence: str) -> _Same:
    if isinstance(asked, str):
        return f"{asked.rstrip()}\n\n{sentence}\n"
    *before, last = asked
    return (*before, Message(role=last.role, content=f"{last.content.rstrip()}\n\n{sentence}\n"))
