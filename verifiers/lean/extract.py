"""Finds the proof in a completion. Pure text work; nothing is parsed as Lean here, every scan is linear.

1. The last fenced block (`verifiers.fences`) that is not empty and has the tag lean or lean4; without one the last
   without a tag. Without any fence, the whole text.
2. If the statement stands there, spaces aside, with `:=` behind it, the proof is what follows (its last occurrence in
   an unfenced text). Else a text that declares a theorem of its own holds no proof of ours, and any other is the proof.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from verifiers.fences import blocks, visible_start

_TAGS = frozenset({"lean", "lean4"})
_DECLARES = re.compile(r"^[ \t]*(?:theorem|lemma|example)\b", re.MULTILINE)
_BY = re.compile(r"by\b")
# A completion that goes on where the statement ended.
_JOINT = re.compile(r"\s*:=[ \t]*")
_WORD, _SPACES = re.compile(r"\S+"), re.compile(r"[ \t]*")
_BEHIND = re.compile(r" ?:=")


@dataclass(frozen=True, slots=True)
class Reading:
    """A proof as Lean gets it.

    Attributes:
        joint: what joins it to the statement.
        text: the proof as it was written.
        indent: spaces put before each of its lines.
    """

    joint: str
    text: str
    indent: int = 0

    @property
    def indented(self) -> str:
        """The text as Lean gets it."""
        space = " " * self.indent
        return space + self.text.replace("\n", "\n" + space)

    def written(self, at: int) -> int:
        """The character of `text` that stands at a character of `indented`."""
        if not self.indent:
            return at
        before = self.indented[:at]
        line_start = before.rfind("\n") + 1
        lines = before.count("\n")
        return line_start - lines * self.indent + max(at - line_start - self.indent, 0)


@dataclass(frozen=True, slots=True)
class Proof:
    """The proof of a completion.

    Attributes:
        text: without what joins it to the statement (`:=`).
        start: where it begins in the completion, in characters.
        complete: whether it came to an end before the completion did: its fence is closed.
    """

    text: str
    start: int
    complete: bool

    def readings(self) -> list[Reading]:
        """Every way to read it: as written when it begins with `by`, else as tactics, else as a term."""
        if _BY.match(self.text.lstrip()):
            return [Reading("\n  := ", self.text)]
        # Tactics stand further in than the theorem.
        return [Reading("\n  := by\n", self.text, indent=2), Reading("\n  :=\n", self.text)]


def find_proof(text: str, statement: str) -> Proof | None:
    """The proof, or None where there is none."""
    at = visible_start(text)
    if at is None:
        return None
    start, end, closed = _block(text, at)
    block = text[start:end]
    if not block.strip():
        return None
    behind = _behind_statement(block, statement)
    if behind is None and _DECLARES.search(block):
        return None
    if behind is None and (joint := _JOINT.match(block)):
        behind = joint.end()
    start += behind or 0
    return Proof(text[start:end], start, closed)


def _block(text: str, at: int) -> tuple[int, int, bool]:
    """Start and end of the block that counts, and whether it is closed."""
    fenced = list(blocks(text, at))
    for wanted in (_TAGS, frozenset({""})):
        found = [block for block in fenced if block.tag in wanted and text[block.start : block.end].strip()]
        if found:
            return found[-1].start, found[-1].end, found[-1].closed
    # Blocks of other languages hold no proof, and the prose around them none either.
    return (at, at, True) if fenced else (at, len(text), False)


def _behind_statement(block: str, statement: str) -> int | None:
    """Where the proof begins behind the statement's last occurrence and its `:=`; None where it is not there."""
    # Spaces may be written wherever the statement has some, more or fewer of them; tokens are not glued together.
    wanted = " ".join(statement.split())
    if wanted.split(" ", 1)[0] not in block:
        return None
    words = [(word.start(), word[0]) for word in _WORD.finditer(block)]
    plain = " ".join(word for _, word in words)
    at, end = plain.find(wanted), None
    while at >= 0:
        behind = at + len(wanted)
        if joint := _BEHIND.match(plain, behind):
            end = joint.end()
        at = plain.find(wanted, behind)
    if end is None:
        return None
    # From the text with single spaces to the block.
    for start, word in words:
        if end <= len(word):
            return _SPACES.match(block, start + end).end()  # type: ignore[union-attr]
        end -= len(word) + 1
    raise AssertionError
