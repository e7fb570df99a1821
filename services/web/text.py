"""Texts of models as people may see them: never markup, nothing invisible, spans coloured by what became of them."""

from __future__ import annotations

import heapq
import itertools
import re
import unicodedata
from collections import deque
from collections.abc import Iterable, Iterator, Sequence

from markupsafe import Markup, escape

from verifiers.types import Step

CUT_CHARS = 20_000
"""So much of a long text is shown at first."""

HIDDEN = re.compile(
    "(["
    "\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u034f\u0600-\u0605\u061c\u06dd\u070f\u08e2\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b-\u200f\u2028-\u202e\u2060-\u206f\u2800\u3164\ud800-\udfff\ue000-\uf8ff\ufe00-\ufe0f\ufeff\uffa0\ufff0-\uffff"
    "\U000110bd\U0001d173-\U0001d17a\U000e0000-\U0010ffff"
    "])\\1*"
)
"""Controls but for tab and newline, what steers direction or joins, blanks that look like none, tags, private use,
surrogates. A run of one of them is one match.
"""
Drawing = tuple[int, int, Markup]
"""What is shown instead of the text from a start to an end."""
# Of a user's function there may be thousands.
_MOST_NOTES = 50
_STATES = {"accepted": "accepted", "failed": "failed", "not_reached": "not-reached"}


def visible(text: str) -> Markup:
    """Escaped; a character that cannot be seen is a box with its code point."""
    # Line ends of Windows are seen as line ends.
    text = text.replace("\r\n", "\n")
    parts: list[str] = []
    last = 0
    for found in HIDDEN.finditer(text):
        parts += (escape(text[last : found.start()]), _box(found))
        last = found.end()
    parts.append(escape(text[last:]))
    return Markup("".join(parts))


def plain(text: str, most: int = 300) -> str:
    """For attributes and titles: one line without invisible characters, at most this long."""
    cut = text[:most] + ("…" if len(text) > most else "")
    return HIDDEN.sub(lambda found: f"[U+{ord(found[1]):04X}]", cut)


def marked(
    text: str,
    steps: Sequence[Step],
    most: int | None = None,
    drawings: Iterable[Drawing] = (),
    *,
    anchors: bool = True,
) -> Markup:
    """The first `most` characters, with a span around each step's. Of nested steps the innermost colours.

    Below the line on which a step has failed stands its message. Spans that do not fit the text (of a user's function)
    are clipped.

    Args:
        drawings: in order and beside each other; where a step's span begins or ends within one, the text is shown.
        anchors: give each step an id; not where several texts stand on one page.
    """
    length = len(text) if most is None else min(len(text), most)
    notes = _notes(text, length, steps)
    parts: list[str] = []
    named: set[int] = set()
    waiting = deque(drawings)
    for start, end, index in _pieces(length, steps, notes):
        parts.append(notes.pop(start, Markup()))
        shown = _drawn(text, start, end, waiting)
        if index is None:
            parts.append(shown)
            continue
        step = steps[index]
        anchor = f' id="at-{index + 1}"' if anchors and index not in named else ""
        named.add(index)
        title = escape(plain(f"step {index + 1}: {state_of(step)}" + (f": {step.message}" if step.message else "")))
        kind = _STATES.get(step.status, "other")
        parts.append(f'<span class="step {kind}"{anchor} title="{title}">{shown}</span>')
    return Markup("".join([*parts, *notes.values()]))


def _drawn(text: str, start: int, end: int, drawings: deque[Drawing]) -> Markup:
    """A piece, with the drawings that lie in it whole."""
    parts: list[Markup] = []
    while drawings and drawings[0][0] < end:
        left, right, drawing = drawings.popleft()
        if start <= left and right <= end:
            parts += (visible(text[start:left]), drawing)
            start = right
    return Markup("".join([*parts, visible(text[start:end])]))


def _notes(text: str, length: int, steps: Sequence[Step]) -> dict[int, Markup]:
    """What is said of failed steps, by the place where the line after each begins."""
    notes: dict[int, Markup] = {}
    for number, step in enumerate(steps, 1):
        end = min(step.end, length)
        if step.status != "failed" or not step.message or not 0 <= step.start < end:
            continue
        place = text.find("\n", max(end - 1, 0), length) + 1 or length
        said = f'<span class="told"><b>step {number} failed:</b> {visible(step.message)}</span>'
        notes[place] = notes.get(place, Markup()) + Markup(said)
        if len(notes) == _MOST_NOTES:
            break
    return notes


def state_of(step: Step) -> str:
    """What became of a step, in words."""
    return step.status.replace("_", " ")


def _pieces(length: int, steps: Sequence[Step], cuts: Iterable[int]) -> Iterator[tuple[int, int, int | None]]:
    """The text in pieces, cut there too, each with the innermost step that covers it."""
    spans = [(max(step.start, 0), min(step.end, length), index) for index, step in enumerate(steps)]
    waiting = sorted((span for span in spans if span[0] < span[1]), reverse=True)
    edges = sorted({0, length, *(span[0] for span in waiting), *(span[1] for span in waiting), *cuts})
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
