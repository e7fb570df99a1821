"""Layouts of Lean theorems: miniF2F, ProofNet, Lean Workbook, NuminaMath-LEAN, DeepSeek-Prover, Goedel."""

from __future__ import annotations

from rlcore.data.layouts import cells
from rlcore.data.sources import lean_statements
from rlcore.data.sources.rows import Row
from verifiers.types import Problem

STATEMENTS = ("formal_statement", "lean4_statement", "autoformalization", "lean_code", "full_proof")
_HEADERS = ("header", "lean4_src_header", "formal_header")
_PROOFS = ("formal_proof", "formal_ground_truth")


def theorem_problem(row: Row) -> Problem:
    """{formal_statement, header, informal_prefix, formal_proof}: the statement may be a whole text, up to its `:=`,
    with `sorry`, or with a proof. What stands before its theorem goes to the header.
    """
    before, statement = lean_statements.taken_apart(cells.text(row, *STATEMENTS))
    header = "\n".join(filter(None, (cells.text_or_empty(row, *_HEADERS).strip(), before.strip())))
    informal = cells.text_or_empty(row, "informal_prefix", "informal_stmt", "nl_statement").strip()
    if informal and not informal.startswith("/-"):
        informal = f"/-- {informal} -/"
    asked = "\n".join(filter(None, (informal, f"{statement} := by\n")))
    reference = {"statement": statement} | ({"header": f"{header}\n"} if header else {})
    if proof := cells.text_or_empty(row, *_PROOFS):
        reference["solution"] = proof
    tags = cells.tags(row, "name", "id", "uuid", "split", first="lean")
    return Problem(id=row.id, prompt=asked, verifier="lean", reference=reference, tags=tags)
