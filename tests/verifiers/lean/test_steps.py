"""What became of each step, from messages and spans on literals."""

import pytest

from verifiers.lean.steps import ACCEPTED, FAILED, NOT_REACHED, Message, Span, Text, errors, first_fault, mark, progress

#        0         1         2         3
#        0123456789012345678901234567890123456
PROOF = "intro h\nconstructor\n· exact a\n· skip\n"
SIMPLE = "Lean.Parser.Tactic.exact"
SPANS = [
    Span(0, 7, "Lean.Parser.Tactic.intro", 0),
    Span(8, 19, "Lean.Parser.Tactic.constructor", 0),
    Span(20, 29, "Lean.cdot", 0),
    Span(22, 29, SIMPLE, 1),
    Span(30, 36, "Lean.cdot", 0),
    Span(32, 36, "Lean.Parser.Tactic.skip", 2),
]


def statuses(*found: Message) -> list[str]:
    return [step.status for step in mark(SPANS, first_fault(Text(PROOF), SPANS, found))]


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
    steps = mark(SPANS, first_fault(Text(PROOF), SPANS, [error]))
    assert [step.message for step in steps if step.message] == ["type mismatch"]
    assert [step.reward for step in steps] == [1.0, 1.0, 0.0, 0.0, None, None]


def unsolved(start: int, end: int) -> Message:
    return Message(start, end, "Tactic.unsolvedGoals", "unsolved goals")


def test_goals_that_are_left_belong_to_the_last_step_of_their_block() -> None:
    assert statuses(unsolved(30, 36)) == [ACCEPTED] * 4 + [FAILED, FAILED]
    # The block of the bullet before it; that of the whole proof, whose last step is a bullet and what it holds is not.
    assert statuses(unsolved(20, 29)) == [ACCEPTED] * 2 + [FAILED, FAILED] + [NOT_REACHED] * 2
    assert statuses(unsolved(-3, 36)) == [ACCEPTED] * 4 + [FAILED, ACCEPTED]


def test_the_first_error_by_its_place_counts() -> None:
    in_a_bullet, later = unsolved(20, 29), Message(32, 36, "x", "y")
    blamed = [ACCEPTED] * 2 + [FAILED, FAILED] + [NOT_REACHED] * 2
    for found in ((in_a_bullet, later), (later, in_a_bullet), (later, unsolved(-3, 36), in_a_bullet)):
        assert statuses(*found) == blamed
    # What a whole proof leaves open comes last, wherever it is shown.
    assert statuses(unsolved(-3, 36), later) == [ACCEPTED] * 4 + [FAILED, FAILED]


def test_an_error_of_what_holds_others_comes_behind_them() -> None:
    assert statuses(Message(20, 36, "x", "outer"), Message(32, 33, "x", "inner")) == [ACCEPTED] * 4 + [FAILED] * 2
    assert statuses(Message(8, 19, "x", "before"), Message(32, 33, "x", "inner"))[:2] == [ACCEPTED, FAILED]


def test_a_text_that_does_not_parse_was_not_tried() -> None:
    error = Message(32, 32, "[anonymous]", "unknown tactic", parsing=True)
    assert statuses(error) == [NOT_REACHED] * 5 + [FAILED]
    # The bullet's block ends where nothing could be read: no fault of its own. What stands before it was tried.
    assert statuses(unsolved(30, 31), error, Message(30, 32, "x", "y")) == statuses(error)
    before = Message(22, 29, "x", "type mismatch")
    assert statuses(before, error) == statuses(before)


@pytest.mark.parametrize("at", [0, 37])
def test_an_error_outside_all_steps(at: int) -> None:
    spans = [Span(8, 19, SIMPLE, 0)]
    marked = mark(spans, first_fault(Text(PROOF), spans, [Message(at, at, "x", "y")]))
    assert [step.status for step in marked] == [NOT_REACHED if at == 0 else ACCEPTED]


def test_messages_have_places() -> None:
    place = {"line": 2, "column": 0}
    told = {"severity": "error", "kind": "x", "data": "left", "pos": place, "endPos": None}
    limited = {**told, "endPos": {"line": 2, "column": 4}, "limit": "heartbeats", "parsing": False}
    found = errors(Text(PROOF), [{**told, "limit": "", "parsing": True}, limited])
    assert found == [Message(8, 8, "x", "left", parsing=True), Message(8, 12, "x", "left", limit="heartbeats")]
    assert first_fault(Text(PROOF), SPANS, []) is None


def test_trivial_steps_have_no_reward() -> None:
    for kind in ("skip", "tacticTry_", "tacticExfalso", "done"):
        (step,) = mark([Span(0, 4, f"Lean.Parser.Tactic.{kind}")], None)
        assert step.reward == 0.0
