"""Encoded values (`verifiers.code.values`) as Python spells them, for people.

What is spelled comes from a program that nobody trusts: nothing of it is built, the text is bounded, and a payload that
is no such value is spelled as the JSON that it is.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterable
from typing import Any

_MOST_DEPTH = 30
# Of a mapping: more have no room.
_MOST_PAIRS = 2_000
_HEXADECIMAL = re.compile(r"-?0x[0-9a-f]{1,1000}")
_BRACKETS = {
    "tuple": ("(", ")"),
    "set": ("{", "}"),
    "frozenset": ("frozenset({", "})"),
    "deque": ("deque([", "])"),
    "iterator": ("iter([", "])"),
}
_MAPPINGS = {"dict": ("{", "}"), "counter": ("Counter({", "})"), "ordereddict": ("OrderedDict({", "})")}
_EMPTY = {"set": "set()", "frozenset": "frozenset()"}

Put = Callable[[str], None]


class _Full(Exception):
    """There is no room for more."""


def spelled(form: Any, most: int) -> str:
    """The value of a form as text: of a longer one the first `most` + 1 characters. Raises nothing."""
    parts: list[str] = []
    left = most + 1

    def put(text: str) -> None:
        nonlocal left
        parts.append(text[:left])
        left -= len(text)
        if left <= 0:
            raise _Full

    def spell(form: Any, depth: int) -> None:
        if depth == 0:
            put("...")
        elif isinstance(form, str):
            put(repr(form[: most + 1]))
        elif isinstance(form, list):
            _listed(put, form, "[", "]", lambda item: spell(item, depth - 1))
        elif isinstance(form, dict) and len(form) == 1:
            [(tag, payload)] = form.items()
            _tagged(put, tag, payload, lambda item: spell(item, depth - 1))
        elif isinstance(form, dict):
            _paired(put, [[*pair] for pair in form.items()], "{", "}", lambda item: spell(item, depth - 1))
        else:
            put(_atom(form))

    with contextlib.suppress(_Full):
        spell(form, _MOST_DEPTH)
    return "".join(parts)


def _atom(form: Any) -> str:
    try:
        return repr(form)
    except ValueError:
        # A whole number of more digits than Python spells.
        return "..."


def _tagged(put: Put, tag: str, payload: Any, spell: Callable[[Any], None]) -> None:
    if tag == "int" and isinstance(payload, str) and _HEXADECIMAL.fullmatch(payload):
        put(str(int(payload, 16)))
    elif tag in _EMPTY and payload == []:
        put(_EMPTY[tag])
    elif tag == "tuple" and isinstance(payload, list) and len(payload) == 1:
        _listed(put, payload, "(", ",)", spell)
    elif tag in _BRACKETS and isinstance(payload, list):
        _listed(put, payload, *_BRACKETS[tag], spell)
    elif tag in _MAPPINGS and isinstance(payload, list) and _are_pairs(payload[:_MOST_PAIRS]):
        _paired(put, payload[:_MOST_PAIRS], *_MAPPINGS[tag], spell)
    else:
        put(f"{tag[:40]}(")
        spell(payload)
        put(")")


def _are_pairs(payload: list[Any]) -> bool:
    return all(isinstance(pair, list) and len(pair) == 2 for pair in payload)


def _listed(put: Put, items: Iterable[Any], opening: str, closing: str, spell: Callable[[Any], None]) -> None:
    put(opening)
    for index, item in enumerate(items):
        if index:
            put(", ")
        spell(item)
    put(closing)


def _paired(put: Put, pairs: Iterable[Any], opening: str, closing: str, spell: Callable[[Any], None]) -> None:
    put(opening)
    for index, (key, value) in enumerate(pairs):
        if index:
            put(", ")
        spell(key)
        put(": ")
        spell(value)
    put(closing)
