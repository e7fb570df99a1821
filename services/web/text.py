"""Texts of models as people may see them: never markup, nothing invisible, spans coloured by what became of them."""

from __future__ import annotations

import heapq
import itertools
import re
import unicodedata
from collections.abc import Iterator, Sequence

from markupsafe import Markup, escape

from verifiers.types import Step

CUT_CHARS = 20_000
"""So much of a long text is shown at first."""

# Controls but for tab and newline, what steers direction or joins, blanks that look like none, tags, private use,
# surrogates. A run of one of them is one match.
_HIDDEN = re.compile(
    "(["
    "\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u034f\u0600-\u0605\u061c\u06dd\u070f\u08e2\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b-\u200f\u2028-\u202e\u2060-\u206f\u2800\u3164\ud800-\udfff\ue000-\uf8ff\ufe00-\ufe0f\ufeff\uffa0\ufff0-\uffff"
    "\U000110bd\U0001d173-\U0001d17a\U000e0000-\U0010ffff"
    "])\\1*"
)
_STATES = {"accepted": "accepted", "failed": "failed", "not_reached": "not-reached"}


def visible(text: str) -> Markup:
    """Escaped; a character that cannot be seen is a box with its code point."""
    # Line ends of Windows are seen as line ends.
    text = text.replace("\r\n", "\n")
    parts: list[str] = []
    last = 0
    for found in _HIDDEN.finditer(text):
        parts += (escape(text[last : found.start()]), _box(found))
        last = found.end()
    parts.append(escape(text[last:]))
    return Markup("".join(parts))


def plain(text: str, most: int = 300) -> str:
    """For attributes and titles: one line without invisible characters, at most this long."""
    cut = text[:most] + ("…" if len(text) > most else "")
    return _HIDDEN.sub(lambda found: f"[U+{ord(found[1]):04X}]", cut)


def marked(text: str, steps: Sequence[Step], most: int | None = None) -> Markup:
    """The first `most` characters, with a span around each step's. Of nested steps the innermost colours.

    Spans that do not fit the text (of a user's function) are clipped.
    """
    length = len(text) if most is None else min(len(text), most)
    parts: list[str] = []
    named: set[int] = set()
    for start, end, index in _pieces(length, steps):
        shown = visible(text[start:end])
        if index is None:
            parts.append(shown)
            continue
        step = steps[index]
        anchor = "" if index in named else f' id="at-{index + 1}"'
        named.add(index)
        title = escape(plain(f"step {index + 1}: {state_of(step)}" + (f": {step.message}" if step.message else "")))
        kind = _STATES.get(step.status, "other")
        parts.append(f'<span class="step {kind}"{anchor} title="{title}">{shown}</span>')
    return Markup("".join(parts))


def state_of(step: Step) -> str:
    """What became of a step, in words."""
    return step.status.replace("_", " ")


def _pieces(length: int, steps: Sequence[Step]) -> Iterator[tuple[int, int, int | None]]:
    """The text in pieces, each with the innermost step that covers it."""
    spans = [(max(step.start, 0), min(step.end, length), index) for index, step in enumerate(steps)]
    waiting = sorted((span for span in spans if span[0] < span[1]), reverse=True)
    edges = sorted({0, length, *(span[0] for span in waiting), *(span[1] for span in waiting)})
    # Shortest first; one that has ended leaves once it comes to the front.
    covering: list[tuple[int, int, int]] = []
    for left, right in itertools.pairwise(edges):
        while waiting and waiting[-1][0] <= left:
            start, end, index = waiting.pop()
            heapq.heappush(covering, (end - start, end, index))
        while covering and covering[0][1] <= left:
            heapq.heappop(covering)
        yield left, right, covering[0][2] if covering else None


def _box(found: re.Match[str]) -> str:
    code, count = ord(found[1]), len(found[0])
    name = escape(unicodedata.name(found[1], "control or private character").lower())
    times = f" ×{count}" if count > 1 else ""
    return f'<span class="hidden-char" title="{name}">U+{code:04X}{times}</span>'
