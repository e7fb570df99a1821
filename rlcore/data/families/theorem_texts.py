"""Texts to pretrain on for `theorems`: statements with proofs, right ones and wrong ones that look right.

A slip changes one place of the right proof (a path, a direction, a hypothesis, a lemma); a lazy proof is one short
tactic that seldom does it. What a tactic does is left for the kernel to teach.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from random import Random

from rlcore.data.families.texts import Document, draw_style
from rlcore.data.families.theorems import Theorem, draw, prompt, solution

STYLE_SHARES = {"correct": 0.40, "slip": 0.35, "lazy": 0.25}
STYLES = tuple(f"lean: {style}" for style in STYLE_SHARES)
LAZY = ("rfl", "assumption", "trivial", "exact h", "exact h1", "intro k")
# What a slip puts in the place of what it finds. Hypotheses are exchanged apart, since there may be one only.
_SLIPS = {
    r"\.1": ".2", r"\.2": ".1", r"Or\.inl": "Or.inr", r"Or\.inr": "Or.inl", r"← ": "", r"(?<=[\[ ])(?=h\d[\],])": "← ",
    r"f k": "g k", r"g k": "f k", r"add_comm": "add_assoc", r"add_assoc": "add_comm", r"mul_one": "add_zero",
    r"length_append": "append_nil", r"append_nil": "length_append", r"^  rfl": "  rw [Nat.add_comm]",
    r"^  intro \w+\n": "",
}  # fmt: skip


def documents(seed: int, *, exclude: Collection[str] = frozenset(), levels: tuple[int, ...]) -> Iterator[Document]:
    """The corpus without end: a statement and a proof, in the form of the problems.

    No text has a prompt in `exclude`. A text counts as right where it is the reference proof to the letter.
    """
    excluded = frozenset(exclude)
    rng = Random(f"lean corpus {seed}")
    while True:
        theorem = draw(rng, levels[int(rng.random() * len(levels))])
        question = prompt(theorem)
        if question in excluded:
            continue
        style = draw_style(rng, STYLE_SHARES)
        right = solution(theorem)
        proof = right if style == "correct" else _slip(rng, theorem) if style == "slip" else _lazy(rng)
        yield Document(question + proof, f"lean: {style}", proof == right)


def _lazy(rng: Random) -> str:
    return f"  {LAZY[int(rng.random() * len(LAZY))]}\n"


def _slip(rng: Random, theorem: Theorem) -> str:
    """The right proof with one place changed."""
    proof = solution(theorem)
    sites = [
        (found.start(), found.end(), new)
        for pattern, new in _SLIPS.items()
        for found in re.finditer(pattern, proof, re.MULTILINE)
    ]
    names = sorted(set(re.findall(r"\((h\d) ", theorem.binders)))
    for found in re.finditer(r"h\d", proof):
        sites += [(found.start(), found.end(), name) for name in names if name != found.group()]
    if not sites:
        return _lazy(rng)
    start, end, new = sites[int(rng.random() * len(sites))]
    return proof[:start] + new + proof[end:]
