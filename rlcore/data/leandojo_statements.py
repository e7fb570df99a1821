"""Statements of theorems from Lean source text and from printed goals, without a Lean: careful, or not at all."""

from __future__ import annotations

import re
from collections.abc import Iterable

_OPENING, _CLOSING = "([{⟨⦃", ")]}⟩⦄"
# Comments (block ones may hold others), strings: nothing in them is code.
_LINE_COMMENT = re.compile(r"--[^\n]*")
_BLOCK_EDGE = re.compile(r"/-|-/")
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_KEYWORD = re.compile(r"\b(theorem|lemma)\s")
# Behind these words at the top of a statement a `:=` or a `|` is part of the claim.
_BINDS = re.compile(r"\b(?:let|have|match)\b")
_PACKAGE = re.compile(r"^(?:\.lake/packages/|lake-packages/)[^/]+/")
_UNIVERSE = re.compile(r"\bu_\d+\b")
_HYPOTHESIS = re.compile(r"([^\s:✝]+(?: [^\s:✝]+)*) : (.+)", re.DOTALL)


def import_lines(paths: Iterable[str]) -> str:
    """`import` commands for files of a corpus, those of Lean itself left out (they are there without)."""
    lines = []
    for path in paths:
        inside = _PACKAGE.sub("", path)
        if "src/lean/" in inside or not inside.endswith(".lean"):
            continue
        lines.append(f"import {inside.removesuffix('.lean').replace('/', '.')}\n")
    return "".join(lines)


def cut(source: str, start: tuple[int, int], end: tuple[int, int]) -> tuple[str, str]:
    """(what stands before, the text) of a declaration from `start` to `end`, (line, column) from 1 in code points."""
    lines = source.splitlines(keepends=True)

    def offset(position: tuple[int, int]) -> int:
        line, column = position
        return sum(map(len, lines[: line - 1])) + column - 1

    return source[: offset(start)], source[offset(start) : offset(end)]


def up_to_proof(declaration: str) -> str | None:
    """`theorem NAME BINDERS : CLAIM` of a declaration, without attributes, comments and proof.

    None where it is no theorem, or where its proof does not begin at a `:=` that can be told from one in the claim.
    """
    code = _without_comments(declaration)
    keyword = _KEYWORD.search(code)
    if keyword is None:
        return None
    statement = code[keyword.start(1) :]
    depth = 0
    # Strings blanked out, of the same length: what stands in them is no code.
    scanned = _STRING.sub(lambda string: " " * len(string.group()), statement)
    for at, character in enumerate(scanned):
        if character in _OPENING:
            depth += 1
        elif character in _CLOSING:
            depth -= 1
        elif depth == 0 and (character == "|" or scanned.startswith(":=", at)):
            if character == "|" or _BINDS.search(scanned[:at]):
                return None
            statement = statement[:at]
            break
    statement = statement.strip()
    if depth or ":" not in statement:
        return None
    return "theorem" + statement[len(keyword.group(1)) :]


def from_goal(state: str) -> str | None:
    """`theorem t BINDERS : CLAIM` of a goal as Lean prints it, or None where it has no form that can be read back.

    That is: one goal, no inaccessible names (`✝`), no hypothesis with a value.
    """
    hypotheses, mark, claim = state.partition("⊢ ")
    if not mark or "✝" in state or "⊢" in claim:
        return None
    binders = []
    # A hypothesis over several lines goes on indented.
    for line in re.split(r"\n(?!\s)", hypotheses.strip("\n")):
        if not line or line.startswith("case "):
            continue
        match = _HYPOTHESIS.fullmatch(line)
        if match is None or ":=" in line:
            return None
        names, type_ = match.groups()
        binders.append(f"[{names} : {type_}]" if names.startswith("inst") else f"({names} : {type_})")
    universes = sorted(set(_UNIVERSE.findall(state)))
    name = "t" + (f".{{{', '.join(universes)}}}" if universes else "")
    return " ".join(["theorem", name, *binders, ":", claim.strip()])


def _without_comments(text: str) -> str:
    """The text with blanks for comments and strings left as they are."""
    kept = []
    at = 0
    while at < len(text):
        if text.startswith("/-", at):
            at = _end_of_block(text, at)
            kept.append(" ")
        elif comment := _LINE_COMMENT.match(text, at):
            at = comment.end()
        elif string := _STRING.match(text, at):
            kept.append(string.group())
            at = string.end()
        else:
            kept.append(text[at])
            at += 1
    return "".join(kept)


def _end_of_block(text: str, at: int) -> int:
    depth = 0
    for edge in _BLOCK_EDGE.finditer(text, at):
        depth += 1 if edge.group() == "/-" else -1
        if depth == 0:
            return edge.end()
    return len(text)
