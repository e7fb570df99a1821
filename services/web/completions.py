"""A completion as it is read: steps coloured, formulas drawn, keywords and comments of Lean set off."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from services.web import formulas, lean, text
from verifiers.types import Verdict


@dataclass(frozen=True, slots=True)
class Completion:
    """What is shown of it, and whether formulas are drawn there."""

    shown: Markup
    is_drawn: bool


def completion(
    said: str, verdict: Verdict, most: int | None, *, is_raw: bool = False, anchors: bool = True
) -> Completion:
    """The first `most` characters. `is_raw`: steps only, as it was written; `anchors`: steps can be linked to."""
    # A program has dollar signs of its own.
    drawn = [] if is_raw or verdict.verifier == "code" else formulas.drawings(said[:most])
    coloured = [] if is_raw or verdict.verifier != "lean" else [*lean.drawings(said[:most])]
    marked = text.marked(said, verdict.steps, most, sorted([*drawn, *coloured]), anchors=anchors)
    return Completion(marked, bool(drawn))
