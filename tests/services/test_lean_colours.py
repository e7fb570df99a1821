"""Keywords and comments of Lean on a sample's page."""

from __future__ import annotations

import pytest

from services.web import text
from services.web.lean import drawings
from verifiers.types import Step

BLOCK = "by the way\n```lean\n-- a <b>\ntheorem t : p := by\n  exact h.by /- and\nmore -/\n```\nby then"


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        (BLOCK, ["-- a <b>", "theorem", "by", "exact", "/- and\nmore -/"]),
        ("```Lean4\nhave := byte.have' x\n```", ["have"]),
        ('```lean\n"by -- " by\n```', ["by"]),
        ("```lean\nby", ["by"]),
        ("```lean\n/- never closed", ["/- never closed"]),
        ("```python\ndef f(): pass\n```", []),
        ("by exact", []),
        ("```lean\n" + "by " * 5000, ["by"] * 2000),
    ],
)
def test_what_is_set_off(said: str, wanted: list[str]) -> None:
    assert [said[start:end] for start, end, _ in drawings(said)] == wanted


def test_it_is_set_off_within_steps_and_is_never_markup() -> None:
    start = BLOCK.index("exact")
    page = text.marked(BLOCK, (Step(start=start, end=start + 10, status="accepted"),), None, drawings(BLOCK))
    assert '<span class="lean-comment">-- a &lt;b&gt;</span>' in page and "<b>" not in page
    assert '<span class="lean-keyword">exact</span> h.by</span> <span class="lean-comment">' in page
    hidden = "```lean\n-- \u202e\n```"
    assert '<span class="lean-comment">-- <span class="hidden-char"' in text.marked(hidden, (), None, drawings(hidden))
