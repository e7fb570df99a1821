r"""Where the boxes of a text are, and what stands right around one and belongs to its value."""

from __future__ import annotations

import re

from verifiers.math.phrases import scales

_BOX_TOKEN = re.compile(r"(?<!\\)\\++f?(?:boxed|box)\s*\{|\\.|[{}]", re.DOTALL)
_UNFINISHED_BOX = re.compile(r"\\f?box(?:ed?)?\s*\Z")
# A sign, a factor or "not" before a box; an exponent, a percent or degree sign, a word behind it.
_BEFORE_BOX = re.compile(r"(?:(?<=[$=({\[:])\s*(-)\s*|([0-9]+|[\^_]\s*\{?))\Z|\b(?:is\s+)?(not)\s+\$?\Z")
_BEHIND_BOX = re.compile(
    r"(?P<sign>\s*\$?(?:\^\s*(?:\{[^{}]*\}|[0-9]|\\circ)|!(?=\s*[$)])|\s?\\?%))"
    r"|[\s$]*(?:\\\))?\s*(?:\\text\s*\{\s*)?(?P<word>[A-Za-z]+)"
)
_NEAR = 40


def find_boxes(text: str) -> tuple[list[tuple[int, int]], int]:
    """Spans of the contents of the outermost closed boxes, and where the last box that never closes begins (or -1)."""
    stack: list[tuple[bool, int]] = []
    spans: list[tuple[int, int]] = []
    for token in _BOX_TOKEN.finditer(text):
        mark = token.group()
        if mark.endswith("{") and mark != r"\{":
            stack.append((len(mark) > 1, token.end()))
        elif mark == "}" and stack:
            is_box, start = stack.pop()
            if is_box:
                while spans and spans[-1][0] > start:
                    spans.pop()
                spans.append((start, token.start()))
    if unfinished := _UNFINISHED_BOX.search(text):
        return spans, unfinished.end()
    return spans, max((start for is_box, start in stack if is_box), default=-1)


def begin(text: str, start: int) -> int:
    r"""Where the box begins whose content starts there: `\boxed{`, or `\\boxed{` as JSON writes it."""
    mark = text.rindex("\\", 0, start)
    while mark and text[mark - 1] == "\\":
        mark -= 1
    return mark


def content(text: str, start: int, end: int) -> str:
    r"""What a box holds with what stands right around it and belongs to its value: `-\boxed{5}`, `\boxed{5}\%`."""
    mark = begin(text, start)
    before = _BEFORE_BOX.search(text, max(0, mark - _NEAR), mark)
    behind = _BEHIND_BOX.match(text, end + 1, end + 1 + _NEAR)
    inside = text[start:end]
    if before and inside.strip():
        inside = (before[1] or before[2] or f"{before[3]} ") + inside
    if behind and (behind["sign"] or scales(behind["word"])):
        inside += behind["sign"] or f" {behind['word']}"
    return inside
