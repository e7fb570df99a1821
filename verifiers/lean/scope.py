"""The scope commands of a header (`open`, `universe`, `variable`) that are in force at its end. Pure text work."""

from __future__ import annotations

import re

# Comments (nested ones are unfolded by hand), strings and character literals. Whatever begins a string is one, to the
# end of the text at the latest: looking for its end again from each quotation mark would take hours.
_TOKEN = re.compile(r"--[^\n]*|/-|-/|\"(?:[^\"\\]++|\\.?)*+(?:\"|\Z)|'(?:[^'\\\n]|\\.)'", re.DOTALL)
_OPENS = re.compile(r"[ \t]*(?:(?:public|meta|noncomputable)[ \t]+)*(?:namespace|section|mutual)\b")
_CLOSES = re.compile(r"[ \t]*end\b")
_SCOPE = re.compile(r"([ \t]*)(?:open|universe|variable)\b")
_ONE_DECLARATION = re.compile(r"\bin\s*$")


def blanked(text: str, *, strings: bool = True) -> str:
    """The text with spaces for comments, and for what strings hold where asked, line by line where it was."""
    kept: list[str] = []
    depth = at = 0
    for token in _TOKEN.finditer(text):
        before = text[at : token.start()]
        kept.append(_spaces(before) if depth else before)
        mark = token.group()
        depth += (mark == "/-") - (mark == "-/" and depth > 0)
        plain = depth == 0 and mark[0] in "\"'"
        if plain and not strings:
            kept.append(mark)
        else:
            kept.append(mark[0] + _spaces(mark[1:-1]) + mark[-1] if plain else _spaces(mark))
        at = token.end()
    rest = text[at:]
    return "".join(kept) + (_spaces(rest) if depth else rest)


def scope_commands(text: str) -> tuple[str, bool]:
    """The commands that hold at the end of `text`, each with a line end, and whether it declares anything besides.

    Those of a section or namespace end with it; `open ... in` holds for one declaration.

    Raises ValueError for a section or namespace that is not closed.
    """
    lines = blanked(text).split("\n")
    depth = at = 0
    commands: list[str] = []
    declares = False
    while at < len(lines):
        line = lines[at]
        at += 1
        if not line.strip():
            continue
        depth += (_OPENS.match(line) is not None) - (_CLOSES.match(line) is not None)
        if depth < 0:
            raise ValueError("the header closes a section or namespace that it did not open: take the `end` out")
        found = _SCOPE.match(line)
        if found is None:
            declares = True
            continue
        parts = [line]
        while at < len(lines) and lines[at].strip() and lines[at].startswith((found[1] + " ", found[1] + "\t")):
            parts.append(lines[at])
            at += 1
        command = "\n".join(part.rstrip() for part in parts)
        if _ONE_DECLARATION.search(command):
            declares = True
        elif depth == 0:
            commands.append(command.lstrip() + "\n")
    if depth:
        raise ValueError("the header leaves a namespace or section open: close it, and `open` what it needs")
    return "".join(commands), declares


def _spaces(text: str) -> str:
    return re.sub(r"[^\n]", " ", text)
