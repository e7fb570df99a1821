"""Statements of theorems from Lean source text and from printed goals, without a Lean: careful, or not at all."""

from __future__ import annotations

import re
from collections.abc import Iterable

from verifiers.lean.scope import blanked

_OPENING, _CLOSING = "([{⟨⦃", ")]}⟩⦄"
# Comments (block ones may hold others), strings: nothing in them is code.
_LINE_COMMENT = re.compile(r"--[^\n]*")
_BLOCK_EDGE = re.compile(r"/-|-/")
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_KEYWORD = re.compile(r"\b(theorem|lemma)\s")
_MODIFIERS = r"(?:private|protected|noncomputable|nonrec|public|meta|scoped|local|unsafe|partial)[ \t]+"
# At the start of a line, behind its attributes and modifiers.
_DECLARATION = re.compile(rf"^[ \t]*(?:@\[[^\]]*\]\s*)*(?:{_MODIFIERS})*(?:theorem|lemma|example)\b", re.MULTILINE)
_NO_PROOF = re.compile(r":=\s*(?:by\b\s*)?(?:(?:sorry|admit)\b\s*)?\Z")
# A case of a proof by cases: a bar that begins a line, and an arrow.
_CASE = re.compile(r"\|[^\n]*=>")
_OPENS = re.compile(r"[ \t]*(?:(?:public|meta|noncomputable)[ \t]+)*(namespace|section|mutual)\b[ \t]*([^\s]*)")
_CLOSES = re.compile(r"[ \t]*end\b")
_SCOPE = re.compile(r"([ \t]*)(?:open|universe|variable)\b")
_ONE_DECLARATION = re.compile(r"\bin\s*$")
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


def taken_apart(text: str) -> tuple[str, str]:
    """(what stands before, `theorem NAME BINDERS : CLAIM`) of the last theorem of a text, whose proof may be missing or
    `sorry`; without the comments in front of it, its attributes and its proof.

    Raises ValueError.
    """
    code = blanked(text, strings=False)
    found = list(_DECLARATION.finditer(code))
    if not found:
        raise ValueError("no theorem in the statement: write `theorem name binders : type := by sorry`")
    start = found[-1].start()
    before = text[: len(code[:start].rstrip())]
    declaration = _without_comments(re.sub(r"\bexample\b", "theorem the_example", text[start:], count=1))
    unproven = _NO_PROOF.search(declaration)
    statement = _stated(declaration[: unproven.start()]) if unproven else up_to_proof(declaration)
    if statement is None:
        raise ValueError("the theorem's proof does not begin at a `:=` that can be told: end it with `:= by sorry`")
    return before, statement


def up_to_proof(declaration: str) -> str | None:
    """`theorem NAME BINDERS : CLAIM` of a declaration, without attributes, comments and proof.

    None where it is no theorem, or where its proof does not begin at a `:=` that can be told from one in the claim.
    """
    code = _without_comments(declaration)
    depth = 0
    # Strings blanked out, of the same length: what stands in them is no code.
    scanned = _without_strings(code)
    keyword = _KEYWORD.search(scanned)
    if keyword is None:
        return None
    for at in range(keyword.end(), len(scanned)):
        depth += (scanned[at] in _OPENING) - (scanned[at] in _CLOSING)
        is_case = scanned[at] == "|" and _begins_case(scanned, at)
        if depth == 0 and (is_case or scanned.startswith(":=", at)):
            if is_case or _BINDS.search(scanned[keyword.end() : at]):
                return None
            return _stated(code[:at])
    return None if depth else _stated(code)


def closed(before: str) -> tuple[str, str]:
    """(a text that leaves nothing open, the namespace at its end) for what stands before a theorem in its file.

    Namespaces and sections that are open there are closed. What they hold in force is said again behind them: their
    `open`, `universe` and `variable`, and each namespace as one that is opened.
    """
    code = blanked(before)
    # A docstring that hangs in the air is an error.
    before = before[: len(code.rstrip())]
    lines = code.split("\n")
    scopes: list[tuple[str, str, list[str]]] = []
    at = 0
    while at < len(lines):
        line = lines[at]
        at += 1
        if opens := _OPENS.match(line):
            scopes.append((opens[1], opens[2], []))
        elif _CLOSES.match(line) and scopes:
            scopes.pop()
        elif (found := _SCOPE.match(line)) and scopes:
            parts = [line.strip()]
            while at < len(lines) and lines[at].strip() and lines[at].startswith((found[1] + " ", found[1] + "\t")):
                parts.append(f"  {lines[at].strip()}")
                at += 1
            if not _ONE_DECLARATION.search(parts[-1]):
                scopes[-1][2].append("\n".join(parts))
    if not scopes:
        return f"{before}\n" if before else "", ""
    ends = [f"end {name}".rstrip() for _, name, _ in reversed(scopes)]
    namespace, again = "", list[str]()
    for kind, name, commands in scopes:
        if kind == "namespace":
            namespace = f"{namespace}.{name}" if namespace else name
            again.append(f"open {namespace}")
        again += commands
    return "\n".join([before, "", *ends, *again, ""]), namespace


def within(statement: str, namespace: str) -> str:
    """A statement with the full name that it has inside a namespace."""
    if not namespace:
        return statement
    name = statement.removeprefix("theorem").lstrip()
    if name.startswith("_root_."):
        return f"theorem {name.removeprefix('_root_.')}"
    return f"theorem {namespace}.{name}"


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


def _stated(code: str) -> str | None:
    """The statement of a declaration without a proof; None for what is none."""
    scanned = _without_strings(code)
    keyword = _KEYWORD.search(scanned)
    if keyword is None or ":" not in scanned[keyword.end() :]:
        return None
    if sum((character in _OPENING) - (character in _CLOSING) for character in scanned):
        return None
    return f"theorem {code[keyword.end() :].strip()}"


def _begins_case(code: str, at: int) -> bool:
    return not code[code.rfind("\n", 0, at) + 1 : at].strip() and _CASE.match(code, at) is not None


def _without_strings(code: str) -> str:
    return _STRING.sub(lambda string: " " * len(string.group()), code)


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
