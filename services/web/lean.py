"""Lean in fenced blocks: keywords and comments set off, within whatever else colours the text."""

from __future__ import annotations

import re
from collections.abc import Iterator

from markupsafe import Markup

from services.web.text import Drawing, visible

_BLOCK = re.compile(
    r"^[ \t>]*```+[ \t]*lean4?[^\n]*\n(.*?)(?=^[ \t>]*```|\Z)", re.MULTILINE | re.DOTALL | re.IGNORECASE
)
_KEYWORDS = (
    "theorem|lemma|example|def|abbrev|instance|structure|inductive|class|where|namespace|section|end|"
    "open|variable|universe|import|by|have|show|from|suffices|obtain|let|fun|match|with|do|if|then|else|"
    "at|using|calc|termination_by|intro|intros|exact|refine|apply|constructor|cases|rcases|induction|"
    "simp|rw|rfl|omega|decide|norm_num|ring|linarith|exists|use|left|right|exfalso|contradiction|"
    "assumption|trivial|unfold|sorry"
)
_TOKEN = re.compile(
    r"(?P<comment>--[^\n]*|/-.*?(?:-/|\Z))|\"(?:[^\"\\\n]|\\.)*\"|"
    rf"(?<![\w.'])(?P<keyword>{_KEYWORDS})(?![\w'])",
    re.DOTALL,
)
# More of a text than a person reads.
_MOST = 2000


def drawings(text: str) -> Iterator[Drawing]:
    """Keywords and comments of each block, in order."""
    count = 0
    for block in _BLOCK.finditer(text):
        for found in _TOKEN.finditer(text, block.start(1), block.end(1)):
            if found.lastgroup is None:
                continue
            if (count := count + 1) > _MOST:
                return
            yield found.start(), found.end(), Markup(f'<span class="lean-{found.lastgroup}">{visible(found[0])}</span>')
