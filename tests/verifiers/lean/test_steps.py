"""What became of each step, from messages and spans on literals."""

import pytest

from verifiers.lean.steps import ACCEPTED, FAILED, NOT_REACHED, Message, Text, errors, first_error, mark, progress

#        0         1         2         3
#        0123456789012345678901234567890123456
PROOF = "intro h\nconstructor\n· exact a\n· skip\n"
SIMPLE = "Lean.Parser.Tactic.exact"
SPANS = [
    (0, 7, "Lean.Parser.Tactic.intro"),
    (8, 19, "Lean.Parser.Tactic.constructor"),
    (20, 29, "Lean.cdot"),
    (22, 29, SIMPLE),
    (30, 36, "Lean.cdot"),
    (32, 36, "Lean.Parser.Tactic.skip"),
]


def statuses(error: Message | None) -> list[str]:
    return [step.status for step in mark(SPANS, error)]


def test_places_count_characters() -> None:
    text = Text("a∧b\n⟨x⟩y")
    assert [text.of_byte(at) for at in (0, 1, 4, 6, 9)] == [0, 1, 2, 4, 5]
    assert text.of_position({"line": 2, "column": 3}) == 7
    assert text.position(7) == (2, 3)
    assert text.of_position({"line": 99, "column": 99}) == 8


def test_all_accepted() -> None:
    steps = mark(SPANS, None)
    assert {step.status for step in steps} == {ACCEPTED}
    assert [step.reward for step in steps] == [1.0, 1.0, 0.0, 1.0, 0.0, 0.0]
    assert progress(steps) == 1.0


def test_an_error_in_a_step() -> None:
    error = Message(22, 29, "[anonymous]", "type mismatch")
    assert statuses(error) == [ACCEPTED, ACCEPTED, FAILED, FAILED, NOT_REACHED, NOT_REACHED]
    steps = mark(SPANS, error)
    assert [step.message for step in steps if step.message] == ["type mismatch"]
    assert [step.reward for step in steps] == [1.0, 1.0, 0.0, 0.0, None, None]


def test_goals_that_are_left_belong_to_the_last_step() -> None:
    assert statuses(Message(30, 36, "Tactic.unsolvedGoals", "unsolved goals")) == [ACCEPTED] * 4 + [FAILED, FAILED]


def test_a_text_that_does_not_parse_was_not_tried() -> None:
    error = Message(32, 32, "[anonymous]", "unknown tactic", parsing=True)
    assert statuses(error) == [NOT_REACHED] * 4 + [NOT_REACHED, FAILED]


@pytest.mark.parametrize("at", [0, 37])
def test_an_error_outside_all_steps(at: int) -> None:
    marked = mark([(8, 19, SIMPLE)], Message(at, at, "x", "y"))
    assert [step.status for step in marked] == [NOT_REACHED if at == 0 else ACCEPTED]


def test_which_error_counts() -> None:
    text = Text(PROOF)
    place = {"line": 2, "column": 0}
    raw = [
        {"severity": "error", "kind": "Tactic.unsolvedGoals", "data": "left", "pos": {"line": 1, "column": 0},
         "endPos": place},
        {"severity": "warning", "kind": "linter", "data": "unused", "pos": place, "endPos": place},
        {"severity": "warning", "kind": "hasSorry", "data": "sorry", "pos": place, "endPos": None},
    ]  # fmt: skip
    found = errors(text, raw)
    assert [error.text for error in found] == ["left", "sorry"]
    first = first_error(found)
    assert first is not None and (first.text, first.start, first.parsing) == ("sorry", 8, True)
    assert first_error([]) is None


def test_trivial_steps_have_no_reward() -> None:
    for kind in ("skip", "tacticTry_", "tacticExfalso", "done"):
        (step,) = mark([(0, 4, f"Lean.Parser.Tactic.{kind}")], None)
        assert step.reward == 0.0
