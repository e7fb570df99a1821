r"""Expected answers that are several values in an order and no list that the reader knows.

- With dots: `2, 4, 8, \ldots`. The same elements and the dots in the same place are the same sequence, nothing else is:
  what goes on where nobody wrote it is not guessed.
- Numbers parted by spaces: `1 2 3 4`.
- Amounts with their nouns: `20 (cows); 30 (hens)`, `5 apples, 3 pears`.
- Words: `red, blue, green`.

Each element is compared as an answer of its own, in order.
"""

from __future__ import annotations

import re

from verifiers.math.exact import read_quantity

DOTS = "..."
_DOTS = re.compile(r"\\(?:[lc]?dots[cbmio]?)(?![A-Za-z])|\.{3,6}|…+|⋯+")
_NUMBERS = re.compile(r"-?[0-9]+(?:\.[0-9]+)?(?:[ ]+-?[0-9]+(?:\.[0-9]+)?){1,200}")
# 70 000 is one number to many.
_THOUSANDS = re.compile(r"-?[0-9]{1,3}(?:[ ]+[0-9]{3})+")
_WORD = r"(?:[A-Za-z\u4e00-\u9fff][A-Za-z\u4e00-\u9fff'-]*)(?: [A-Za-z\u4e00-\u9fff'-]+){0,3}"
_WORDS = re.compile(rf"(?=.*(?:[A-Za-z]{{2}}|[\u4e00-\u9fff])){_WORD}(?:\s?[,;、]\s?(?:and )?{_WORD}){{1,50}}")
_BRACKETS = {"(": ")", "[": "]", r"\{": r"\}", "{": "}", "<": ">"}
_AND = re.compile(r"^(?:and|\\text\s?\{\s?and\s?\})\s")
_SPACED_AND = re.compile(r"\s(?:and|\\text\s?\{\s?and\s?\})\s")


def expected(text: str) -> tuple[str, ...]:
    """The elements of a tidied expected answer that is a sequence of this module; () for any other."""
    if _NUMBERS.fullmatch(text) and not _THOUSANDS.fullmatch(text):
        return tuple(text.split())
    if _WORDS.fullmatch(text):
        return tuple(_AND.sub("", part.strip()) for part in re.split("[,;、]", text))
    parts = _parted(text)
    if DOTS in parts:
        return parts if len(set(parts) - {DOTS, ""}) > 1 and "" not in parts else ()
    amounts = [read_quantity(part, None) for part in parts]
    # 5 cm, 3 is no list of amounts, and of numbers alone the reader makes one.
    return parts if len(parts) > 1 and all(amount is not None and amount.unit for amount in amounts) else ()


def said(text: str, count: int) -> tuple[str, ...]:
    """The elements that a tidied answer says, where so many are expected; () for another number of them."""
    for opening, closing in _BRACKETS.items():
        if text.startswith(opening) and text.endswith(closing) and closing not in text[len(opening) : -len(closing)]:
            text = text[len(opening) : -len(closing)].strip()
            break
    parts = tuple(text.split()) if _NUMBERS.fullmatch(text) else _parted(text)
    return parts if len(parts) == count else ()


def _parted(text: str) -> tuple[str, ...]:
    """At the commas and semicolons outside of brackets; dots are `DOTS`."""
    text = _DOTS.sub(DOTS, text)
    parts, depth, start = [], 0, 0
    for position, character in enumerate(text):
        depth += (character in "([{") - (character in ")]}")
        if character in ",;、" and not depth:
            parts.append(text[start:position])
            start = position + 1
    parts.append(text[start:])
    if len(parts) == 2 and not parts[1].strip() and DOTS not in text:
        return ()
    if DOTS not in text:
        parts = [one for part in parts for one in _SPACED_AND.split(part)]
    return tuple(_AND.sub("", part.strip()) for part in parts)
