r"""Lone surrogates: no text in UTF-8 holds one, and yet an answer may.

Half of a pair that a generation broke off, or `\ud83d` in somebody's JSON. A parser refuses the whole body for it, so
that one answer would take all others of its request along. Each one stands as U+FFFD instead, which no expected answer
holds; halves that belong together are joined.
"""

from __future__ import annotations

import re

# An escaped pair, an escaped half, any other escape: what follows a backslash is never the begin of an escape.
_ESCAPES = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)", re.DOTALL
)


def replaced(text: str) -> str:
    """The text as it can be sent in UTF-8."""
    if text.isascii():
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def replaced_in_json(body: bytes) -> bytes:
    """The JSON with them replaced, as escapes and as bytes; in any other respect as good or as bad as it was."""
    text = body.decode("utf-8", "replace").encode()
    return _ESCAPES.sub(lambda escape: rb"\ufffd" if escape[1] else escape[0], text)
