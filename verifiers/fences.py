"""Fenced blocks of a completion (backticks or tildes), for the judges that look for a program or a proof in one.

After `</think>` only what follows the last one counts; a text that begins with an open `<think>` holds nothing. A fence
may stand in a list or quotation. It is closed by one of the same sign that is at least as long; one that nobody closes
runs to the end. Linear scans.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

# The part that counts may begin in the middle of a line. One class for all that may stand behind the sign: two that
# overlap would make the search quadratic.
_FENCE = re.compile(r"(?:^|(?<=</think>))([ \t>]*)((?:[-*+]|\d{1,9}[.)])[ \t]+)?(`{3,}|~{3,})([^\n`]*)$", re.MULTILINE)
_TAG = re.compile(r"[\w+#.-]*")


@dataclass(frozen=True, slots=True)
class Block:
    """`tag` in lower case, "" for none; `start` and `end` are characters of the text, the fences not included.

    `margin` is what stands before the opening fence in its line, in the width that it has: the lines of a block in a
    list or quotation begin with as much that is not theirs.
    """

    tag: str
    start: int
    end: int
    closed: bool
    margin: str = ""


def visible_start(text: str) -> int | None:
    """Where the part that counts begins; None when there is none."""
    closed = text.rfind("</think>")
    if closed >= 0:
        return closed + len("</think>")
    return None if text.lstrip().startswith("<think>") else 0


def blocks(text: str, start: int) -> Iterator[Block]:
    """The fenced blocks from `start` on, in the order of the text."""
    opened: re.Match[str] | None = None
    for fence in _FENCE.finditer(text, start):
        if opened is None:
            opened = fence
        elif fence[2] is None and fence[3].startswith(opened[3]) and not fence[4].strip():
            yield Block(_tag(opened), opened.end() + 1, fence.start(), True, _margin(opened))
            opened = None
    if opened is not None:
        yield Block(_tag(opened), min(opened.end() + 1, len(text)), len(text), False, _margin(opened))


def _margin(fence: re.Match[str]) -> str:
    return str(fence[1]) + " " * len(fence[2] or "")


def _tag(fence: re.Match[str]) -> str:
    """```` ```{.python title=x} ```` has the tag python."""
    word = _TAG.match(fence[4].strip().lstrip("{."))
    return word.group().lower() if word else ""
