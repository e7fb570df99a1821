"""A generated family of small theorems for the Lean judge, each with a proof that was built along with its statement.

Kinds: `and` (take conjunctions apart and put them together), `chain` (implications), `or` (cases), `not` (refutation),
`equality` (rewriting), `nat` (induction and computation), `list` (small lemmas). The level grows with the length of the
proof. Statements use only what the embedded mode's own library defines, and are in Lean's full mode too.

The texts to pretrain on have right proofs and wrong ones that look right: a slip changes one place of the right proof
(a path, a direction, a hypothesis, a lemma), a lazy proof is one short tactic that seldom does it. What a tactic does
is left for the kernel to teach.

Everything is a function of the seed, as in `rlcore.data.families.arithmetic`.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Collection, Iterator
from random import Random
from typing import NamedTuple

from rlcore.data.texts import Document, draw_style
from verifiers.types import Problem

LEVELS = (1, 2, 3)
PROVEN = True
STYLE_SHARES = {"correct": 0.40, "slip": 0.35, "lazy": 0.25}
_PROPOSITIONS = ("p", "q", "r", "s", "a", "b", "c", "d")
_VARIABLES = ("x", "y", "z", "u", "v", "w")
LAZY = ("rfl", "assumption", "trivial", "exact h", "exact h1", "intro k")
# What a slip puts in the place of what it finds. Hypotheses are exchanged apart, since there may be one only.
_SLIPS = {
    r"\.1": ".2", r"\.2": ".1", r"Or\.inl": "Or.inr", r"Or\.inr": "Or.inl", r"← ": "", r"(?<=[\[ ])(?=h\d[\],])": "← ",
    r"f k": "g k", r"g k": "f k", r"add_comm": "add_assoc", r"add_assoc": "add_comm", r"mul_one": "add_zero",
    r"length_append": "append_nil", r"append_nil": "length_append", r"^  rfl": "  rw [Nat.add_comm]",
    r"^  intro \w+\n": "",
}  # fmt: skip


class Theorem(NamedTuple):
    """A statement and a tactic proof of it (lines without the leading `by`)."""

    kind: str
    level: int
    binders: str
    claim: str
    proof: tuple[str, ...]

    @property
    def statement(self) -> str:
        """What the judge is given; the name is always `t`."""
        return f"theorem t {self.binders} : {self.claim}"


def problems(size: int, seed: int, *, levels: tuple[int, ...] = LEVELS) -> list[Problem]:
    """So many different problems for the Lean judge; the same seed extends the same list.

    Tags are `kind=NAME`, `level=N`.

    Raises:
        ValueError: size is below 1, or so large that new theorems hardly turn up.
    """
    if size < 1:
        raise ValueError(f"{size} theorems asked for: set data.size to 1 or more")
    rng = Random(f"theorems {seed}")
    found: dict[str, Problem] = {}
    for _ in range(20 * size + 1000):
        theorem = draw(rng, levels[_below(rng, len(levels))])
        found.setdefault(theorem.statement, _problem(theorem))
        if len(found) == size:
            return list(found.values())
    raise ValueError(f"only {len(found)} of {size} different theorems turned up: lower data.size")


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
        yield Document(question + proof, style, proof == right)


def prompt(theorem: Theorem) -> str:
    """The prompt: the statement up to `by`; a completion is the proof, indented by two spaces."""
    return f"{theorem.statement} := by\n"


def solution(theorem: Theorem) -> str:
    """The proof as a completion."""
    return "".join(f"  {line}\n" for line in theorem.proof)


def draw(rng: Random, level: int) -> Theorem:
    """A random theorem of the level."""
    kinds = list(_KINDS)
    return _KINDS[kinds[_below(rng, len(kinds))]](rng, level)


def _and(rng: Random, level: int) -> Theorem:
    """From a conjunction of level + 1 propositions another one of the same or fewer."""
    names = _choose(rng, _PROPOSITIONS, level + 1)
    tree = _tree(rng, list(names))
    wanted = _tree(rng, list(_choose(rng, names, 2 + _below(rng, level))))
    paths = dict(_paths(tree, "h"))
    return Theorem(
        "and",
        level,
        f"({' '.join(names)} : Prop) (h : {_show(tree)})",
        _show(wanted),
        (f"exact {_build(wanted, paths)}",),
    )


def _chain(rng: Random, level: int) -> Theorem:
    """p → q → ... along level + 1 implications, given in any order."""
    names = _choose(rng, _PROPOSITIONS, level + 2)
    links = [f"(h{n} : {before} → {after})" for n, (before, after) in enumerate(itertools.pairwise(names), 1)]
    applied = "k"
    for number in range(1, len(links) + 1):
        applied = f"h{number} {applied if number == 1 else f'({applied})'}"
    order = _choose(rng, tuple(links), len(links))
    binders = f"({' '.join(sorted(names))} : Prop) {' '.join(order)}"
    return Theorem("chain", level, binders, f"{names[0]} → {names[-1]}", ("intro k", f"exact {applied}"))


def _or(rng: Random, level: int) -> Theorem:
    """Both sides of a disjunction lead to the goal; from level 2 through implications."""
    p, q, r, s = _choose(rng, _PROPOSITIONS, 4)
    if level == 1:
        binders, claim = f"({p} {q} : Prop) (h : {p} ∨ {q})", f"{q} ∨ {p}"
        left, right = "Or.inr k", "Or.inl k"
    elif level == 2:
        binders = f"({p} {q} {r} : Prop) (h : {p} ∨ {q}) (f : {p} → {r}) (g : {q} → {r})"
        claim, left, right = r, "f k", "g k"
    else:
        binders = f"({p} {q} {r} {s} : Prop) (h : {p} ∨ {q}) (f : {p} → {r}) (g : {q} → {s})"
        claim, left, right = f"{s} ∨ {r}", "Or.inr (f k)", "Or.inl (g k)"
    return Theorem(
        "or", level, binders, claim, ("cases h with", f"| inl k => exact {left}", f"| inr k => exact {right}")
    )


def _not(rng: Random, level: int) -> Theorem:
    """Contraposition along `level` implications."""
    names = _choose(rng, _PROPOSITIONS, level + 1)
    links = [f"(h{n} : {before} → {after})" for n, (before, after) in enumerate(itertools.pairwise(names), 1)]
    applied = "a0"
    for number in range(1, len(links) + 1):
        applied = f"h{number} {applied if number == 1 else f'({applied})'}"
    binders = f"({' '.join(names)} : Prop) {' '.join(links)} (k : ¬ {names[-1]})"
    return Theorem("not", level, binders, f"¬ {names[0]}", ("intro a0", f"exact k ({applied})"))


def _equality(rng: Random, level: int) -> Theorem:
    """Rewrite along level + 1 equations, some of them turned round; at odd draws under a function."""
    names = _choose(rng, _VARIABLES, level + 1)
    hypotheses, rewrites = [], []
    for number, (before, after) in enumerate(itertools.pairwise(names), 1):
        turned = _below(rng, 2) == 1
        hypotheses.append(f"(h{number} : {after} = {before})" if turned else f"(h{number} : {before} = {after})")
        rewrites.append(f"← h{number}" if turned else f"h{number}")
    function = _below(rng, 2) == 1
    first, last = (f"f {names[0]}", f"f {names[-1]}") if function else (names[0], names[-1])
    binders = f"({' '.join(sorted(names))} : Nat) " + ("(f : Nat → Nat) " if function else "") + " ".join(hypotheses)
    return Theorem("equality", level, binders, f"{first} = {last}", (f"rw [{', '.join(rewrites)}]",))


def _nat(rng: Random, level: int) -> Theorem:
    """Level 1 computes, level 2 rewrites by commutativity or associativity, level 3 needs induction."""
    x, y, z = _choose(rng, _VARIABLES, 3)
    number, other = 1 + _below(rng, 9), 1 + _below(rng, 9)
    if level == 1:
        claim = (f"{x} + {number} + {other} = {x} + {number + other}", f"{x} * {1} + {number} = {x} + {number}")
        picked = _below(rng, 2)
        proof = "rfl" if picked == 0 else "rw [Nat.mul_one]"
        return Theorem("nat", level, f"({x} : Nat)", claim[picked], (proof,))
    if level == 2:
        if _below(rng, 2):
            return Theorem(
                "nat", level, f"({x} {y} : Nat)", f"{x} + {y} + {number} = {y} + {x} + {number}",
                (f"rw [Nat.add_comm {x} {y}]",),
            )  # fmt: skip
        return Theorem(
            "nat", level, f"({x} {y} {z} : Nat)", f"{x} + {y} + {z} + {number} = {x} + ({y} + {z}) + {number}",
            (f"rw [Nat.add_assoc {x} {y} {z}]",),
        )  # fmt: skip
    return Theorem(
        "nat", level, f"({x} : Nat)", f"0 + {x} + {number} = {x} + {number}",
        (f"induction {x} with", "| zero => rfl", "| succ m ih => rw [Nat.zero_add]"),
    )  # fmt: skip


def _list(rng: Random, level: int) -> Theorem:
    """Level 1 computes, level 2 rewrites the length of an append, level 3 needs induction."""
    x, y = _choose(rng, _VARIABLES, 2)
    items = ", ".join(str(_below(rng, 20)) for _ in range(1 + _below(rng, 3)))
    if level == 1:
        return Theorem("list", level, f"({x} : List Nat)", f"[{items}] ++ {x} = [{items}] ++ ([] ++ {x})", ("rfl",))
    if level == 2:
        claim = f"({x} ++ {y}).length + {len(items)} = {x}.length + {y}.length + {len(items)}"
        return Theorem("list", level, f"({x} {y} : List Nat)", claim, ("rw [List.length_append]",))
    claim = f"{x} ++ [] ++ [{items}] = {x} ++ [{items}]"
    return Theorem("list", level, f"({x} : List Nat)", claim, ("rw [List.append_nil]",))


_KINDS: dict[str, Callable[[Random, int], Theorem]] = {
    "and": _and, "chain": _chain, "or": _or, "not": _not, "equality": _equality, "nat": _nat, "list": _list,
}  # fmt: skip

# A conjunction: a name, or two conjunctions.
Tree = str | tuple["Tree", "Tree"]


def _tree(rng: Random, names: list[str]) -> Tree:
    if len(names) == 1:
        return names[0]
    cut = 1 + _below(rng, len(names) - 1)
    return (_tree(rng, names[:cut]), _tree(rng, names[cut:]))


def _show(tree: Tree, *, inside: bool = False) -> str:
    if isinstance(tree, str):
        return tree
    text = f"{_show(tree[0], inside=True)} ∧ {_show(tree[1], inside=True)}"
    return f"({text})" if inside else text


def _paths(tree: Tree, path: str) -> list[tuple[str, str]]:
    """(proposition, term that proves it) for every leaf."""
    if isinstance(tree, str):
        return [(tree, path)]
    return _paths(tree[0], f"{path}.1") + _paths(tree[1], f"{path}.2")


def _build(tree: Tree, paths: dict[str, str]) -> str:
    return paths[tree] if isinstance(tree, str) else f"⟨{_build(tree[0], paths)}, {_build(tree[1], paths)}⟩"


def _problem(theorem: Theorem) -> Problem:
    return Problem(
        id=f"lean:{theorem.binders} : {theorem.claim}",
        prompt=prompt(theorem),
        verifier="lean",
        reference={"statement": theorem.statement, "solution": solution(theorem)},
        tags=(f"kind={theorem.kind}", f"level={theorem.level}"),
    )


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


def _choose(rng: Random, items: tuple[str, ...], count: int) -> tuple[str, ...]:
    left = list(items)
    return tuple(left.pop(_below(rng, len(left))) for _ in range(count))


def _below(rng: Random, limit: int) -> int:
    return int(rng.random() * limit)
