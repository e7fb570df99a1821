r"""Finds the final answer in a completion where it is a text: a word, a list, a grid of several lines.

`verifiers.answer` says what is the part that counts, what a tag and what a box hold. The rules, in this order:

1. the last `<answer>...</answer>`, where no box stands behind it;
2. the last `\boxed{...}`;
3. the last fenced block, or what follows the last answer mark ("The answer is", "Answer:", 答案是), whichever comes
   later: the rest of its line, else the lines below it up to an empty one;
4. the whole text: the library's questions ask for the answer and nothing else.

What stands in a tag or behind a mark may again be a box or a fenced block.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from verifiers.answer import Found, after_thinking, last_box, last_tag
from verifiers.fences import blocks
from verifiers.math.marks import answer_marks, title

_TEXT = re.compile(r"\\(?:text|texttt|textbf|mathrm|mathbf|mathtt)\s*\{([^{}]*)\}")
_ESCAPED = re.compile(r"\\([#$%&_{}])")
_WRAPPINGS = (("**", "**"), ("$$", "$$"), ("$", "$"), ("`", "`"), ('"', '"'), ("\\(", "\\)"), ("\\[", "\\]"))
# `"**$5$**."` has five; each is judged.
_MOST_READINGS = 5


def find_text(text: str) -> Found | None:
    """The final answer of a completion as it is written; None where there is nothing."""
    visible = after_thinking(text)
    if visible is None or not visible.strip():
        return None
    tag = last_tag(visible)
    if tag is not None:
        return tag if tag.answer is None else replace(_inside(tag.answer), rule="tag", complete=tag.complete)
    return _boxed(visible) or _marked(visible) or Found(_lines(visible), "whole", False)


def readings(answer: str) -> Iterator[str]:
    """The answer, then without what is wrapped around it and without the full stop of its sentence, one at a time."""
    for _ in range(_MOST_READINGS):
        yield answer
        inside = _unwrapped(answer)
        if not inside or inside == answer:
            return
        answer = inside


def _unwrapped(answer: str) -> str:
    for start, end in _WRAPPINGS:
        if len(answer) > len(start + end) and answer.startswith(start) and answer.endswith(end):
            return answer[len(start) : -len(end)].strip()
    return answer[:-1].rstrip() if answer.endswith((".", "\u3002")) else answer


def _inside(text: str) -> Found:
    """What a tag holds, or the one box or fenced block that it holds."""
    found = _boxed(text)
    if found is None and (fenced := list(blocks(text, 0))):
        found = Found(_lines(text[fenced[-1].start : fenced[-1].end]), "fence", fenced[-1].closed)
    return found or Found(_lines(text), "tag", True)


def _boxed(text: str) -> Found | None:
    found = last_box(text)
    if found is None or found.answer is None:
        return found
    return replace(found, answer=_lines(_ESCAPED.sub(r"\1", _TEXT.sub(r"\1", found.answer))))


def _marked(text: str) -> Found | None:
    fenced = list(blocks(text, 0))
    fence = fenced[-1] if fenced else None
    ends = [mark.end() for mark in answer_marks(text)]
    headline = title(text, ends[-1] if ends else 0)
    if headline:
        ends.append(headline.end())
    # A mark inside of a block is part of an answer.
    ends = [end for end in ends if not any(block.start <= end <= block.end for block in fenced)]
    if fence is not None and (not ends or ends[-1] < fence.start):
        return Found(_lines(text[fence.start : fence.end]), "fence", fence.closed)
    if not ends:
        return None
    line, ended, below = text[ends[-1] :].partition("\n")
    # Below a title everything is the answer.
    if text[ends[-1] - 1] != "\n" and line.strip(" \t*$:"):
        return Found(_lines(line), "answer is", bool(ended))
    rest = text[ends[-1] :] if text[ends[-1] - 1] == "\n" else below
    paragraph, parted, _ = re.sub(r"\A\s*\n", "", rest).partition("\n\n")
    return Found(_lines(paragraph), "answer is", bool(parted))


def _lines(text: str) -> str:
    """Without spaces at the ends of lines, and without empty lines around."""
    return "\n".join(line.rstrip() for line in text.strip("\r\n").split("\n")).strip()
