"""The gate on syntax: what a proof may look like, decided on Lean's own parse tree before anything is elaborated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from verifiers.lean.kinds import ALLOWED
from verifiers.lean.syntax import ENDLESS, IDENTIFIER, MAX_PARTS, Node

END = "Lean.Parser.Command.eoi"
THEOREM = "Lean.Parser.Command.declaration"
_SORRY = frozenset({"Lean.Parser.Term.sorry", "Lean.Parser.Tactic.tacticSorry"})
# Around a proof that begins in the middle of them: they are made of our text.
_SPINE = frozenset(
    {THEOREM, "null", "group", "Lean.Parser.Command.theorem", "Lean.Parser.Command.declValSimple"}
    | {"Lean.Parser.Term.byTactic", "Lean.Parser.Tactic.tacticSeq", "Lean.Parser.Tactic.tacticSeq1Indented"}
)
# No honest proof needs them, and each says what it is up to.
_WORDS = frozenset({"sorryAx", "lcProof", "lcUnreachable", "lcCast", "Lean.ofReduceBool", "Lean.ofReduceNat"})
_SEQUENCES = frozenset({"Lean.Parser.Tactic.tacticSeq1Indented", "Lean.Parser.Tactic.tacticSeqBracketed"})
_SHOW = "Lean.Parser.Term.show"
_TERM_STEPS = frozenset({_SHOW, "Lean.Parser.Term.have", "Lean.Parser.Term.suffices"})


@dataclass(frozen=True, slots=True)
class Refusal:
    """A construct that no proof may use, and the byte of the text where it begins."""

    what: str
    start: int


@dataclass(frozen=True, slots=True)
class Step:
    """A tactic, or a `have`, `show` or `suffices` of a term.

    Attributes:
        start, end: bytes of the text, end exclusive.
        block: the number of the sequence of tactics that it is a member of; -1 for a term.
    """

    kind: str
    start: int
    end: int
    block: int = -1


def refuse(commands: Sequence[Node], body: int) -> Refusal | None:
    """Why a parsed text is not one theorem with an allowed proof, or None.

    Args:
        commands: the first commands of the text, as `Elaboration.parse` gives them.
        body: the byte where the policy's text begins.
    """
    first = commands[0]
    if first.kind != THEOREM:
        return Refusal("no theorem", first.start)
    for node in first.walk():
        if node.start < 0 or node.end <= body:
            continue
        if node.start < body:
            if node.kind not in _SPINE:
                return Refusal(node.kind, body)
        elif node.kind not in ALLOWED:
            return Refusal(node.kind, node.start)
        elif node.kind == IDENTIFIER and (what := _word_refused(node.value)):
            return Refusal(what, node.start)
    if len(commands) != 2 or commands[1].kind != END:
        second = commands[1]
        return Refusal(f"a second command ({second.kind})", second.start)
    return None


def _word_refused(identifier: str) -> str:
    if identifier == ENDLESS:
        return f"a name of more than {MAX_PARTS} parts"
    return identifier[:80] if any(identifier == word or identifier.endswith(f".{word}") for word in _WORDS) else ""


def statement_problem(commands: Sequence[Node], end: int) -> str | None:
    """Why our own statement is more, or less, than one theorem up to the `:=` that we put behind it; None if it is one.

    Args:
        end: the byte of that `:=`.
    """
    values = [node.start for node in commands[0].walk() if node.kind == "Lean.Parser.Command.declValSimple"]
    if commands[0].kind != THEOREM or len(commands) != 2 or commands[1].kind != END or values != [end]:
        return "it is not one theorem up to its `:=`: take out any proof, comment or second declaration"
    if any(node.kind in _SORRY and node.start < end for node in commands[0].walk()):
        return "it holds a `sorry`, and no proof may rest on one: write it out"
    return None


def names_problem(commands: Sequence[Node]) -> str | None:
    """Why a text of our own is not to be elaborated, or None."""
    endless = any(node.value == ENDLESS for command in commands for node in command.walk())
    return f"it has a name of more than {MAX_PARTS} parts: shorten it" if endless else None


def steps(theorem: Node, body: int) -> list[Step]:
    """The steps of a proof in the order of the text; a step may hold others (`·`, `cases ... with`, `have`)."""
    found: list[Step] = []
    block = 0
    for node in theorem.walk():
        if node.kind in _SEQUENCES:
            # Of a text that ends too early (in a comment, say) the list is missing.
            listed = node.children[1:2] if node.kind.endswith("Bracketed") else node.children[:1]
            # Tactics and separators take turns.
            tactics = [tactic for tactics in listed for tactic in tactics.children[::2]]
            found += [Step(tactic.kind, tactic.start, tactic.end, block) for tactic in tactics if tactic.start >= body]
            block += 1
        elif node.kind in _TERM_STEPS and node.start >= body and len(node.children) > 1:
            # What follows a `have` or `suffices` is no part of it.
            whole = node.kind == _SHOW or len(node.children) < 3
            found.append(Step(node.kind, node.start, node.end if whole else node.children[-3].end))
    return sorted(found, key=lambda step: (step.start, -step.end))
