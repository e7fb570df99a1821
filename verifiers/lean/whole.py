"""A whole Lean text as what is to be proved and its proof. Pure text work."""

from __future__ import annotations

import re

from verifiers.types import Json

_THEOREM = re.compile(r"^(?:theorem|lemma)\s", re.MULTILINE)
_OPENING, _CLOSING = "([{⟨", ")]}⟩"


def split(text: str) -> tuple[Json, str]:
    """A file's text as a reference (header, statement) and the proof. Raises ValueError.

    What stands before the last `theorem` is the header; the statement ends at the first `:=` outside brackets.
    """
    theorems = list(_THEOREM.finditer(text))
    if not theorems:
        raise ValueError("no theorem in it: write `theorem name binders : type := proof`")
    start = theorems[-1].start()
    depth = 0
    for at in range(start, len(text)):
        depth += (text[at] in _OPENING) - (text[at] in _CLOSING)
        if depth == 0 and text.startswith(":=", at):
            return {"header": text[:start], "statement": text[start:at].rstrip()}, text[at + 2 :].lstrip()
    raise ValueError("the theorem has no proof: write `:=` and the proof behind its type")
