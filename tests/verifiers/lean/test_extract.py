"""Where the proof is in a completion."""

import pytest

from verifiers.lean.extract import Reading, find_proof

STATEMENT = "theorem t (p q : Prop) (h : p ∧ q) : q ∧ p"


@pytest.mark.parametrize(
    ("text", "proof"),
    [
        ("```lean\nby simp\n```", "by simp\n"),
        ("```lean4\nby simp\n```\nDone.", "by simp\n"),
        ("```\nexact h\n```", "exact h\n"),
        ("~~~lean\nrfl\n~~~", "rfl\n"),
        ("exact h", "exact h"),
        ("First\n```lean\na\n```\nthen\n```lean\nb\n```", "b\n"),
        ("```lean\na\n```\n```python\nb\n```", "a\n"),
        ("```lean\na\n```\n```lean\n\n```", "a\n"),
        (f"```lean\n{STATEMENT} := by\n  simp\n```", "by\n  simp\n"),
        (f"```lean\n{STATEMENT.replace(' : q', ' :' + chr(10) + '    q')} := by simp\n```", "by simp\n"),
        (f"So {STATEMENT} := h.symm", "h.symm"),
        ("<think>```lean\na\n```</think>\n```lean\nb\n```", "b\n"),
    ],
)
def test_the_proof(text: str, proof: str) -> None:
    found = find_proof(text, STATEMENT)
    assert found is not None
    assert found.text == proof
    assert text[found.start : found.start + len(proof)] == proof


@pytest.mark.parametrize(
    "text",
    [
        "",
        "```lean\n```",
        "<think>by simp",
        "```python\nx\n```",
        "```lean\ntheorem t (p q : Prop) (h : p ∨ q) : q ∧ p := by simp\n```",
        "```lean\ntheorem t (p q : Prop) (h : p ∧ q) : q∧p := by simp\n```",
        "```lean\nexample : True := trivial\n```",
    ],
)
def test_no_proof(text: str) -> None:
    assert find_proof(text, STATEMENT) is None


@pytest.mark.parametrize(
    ("text", "complete"),
    [("```lean\na\n```", True), ("```lean\na", False), ("a", False), ("```lean\na\n```\n```lean\nb", False)],
)
def test_whether_it_came_to_its_end(text: str, complete: bool) -> None:
    found = find_proof(text, STATEMENT)
    assert found is not None and found.complete is complete


def test_readings() -> None:
    tactics = find_proof("by simp", STATEMENT)
    either = find_proof("rfl", STATEMENT)
    assert tactics is not None and either is not None
    assert tactics.readings() == [Reading("\n  := ", "by simp")]
    assert either.readings() == [Reading("\n  := by\n", "rfl", indent=2), Reading("\n  :=\n", "rfl")]


def test_places_in_an_indented_text() -> None:
    reading = Reading(" := by\n", "ab\n\n c", indent=2)
    assert reading.indented == "  ab\n  \n   c"
    #        '  ab~  ~   c'
    assert [reading.written(at) for at in range(13)] == [0, 0, 0, 1, 2, 3, 3, 3, 4, 4, 4, 5, 6]
    assert Reading(" := ", "ab").written(1) == 1
