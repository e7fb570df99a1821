"""Rows of questions with options, in the shapes of the public sets: the letter of the right option is the answer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from layout_rows import loaded, source, verdict

from verifiers.types import Status

Row = dict[str, Any]
FOUR = ["9", "18", "27", "none of these"]
ASKED = "9 * 2?\n\nA. 9\nB. 18\nC. 27\nD. none of these"

ROWS: list[tuple[str, Row]] = [
    ("AQuA", {"question": "9 * 2?", "options": ["A)9", "B)18", "C)27", "D)none of these"], "correct": "B"}),
    ("MathQA", {"Problem": "9 * 2?", "options": "a ) 9 , b ) 18 , c ) 27 , d ) none of these", "correct": "b"}),
    ("MMLU", {"question": "9 * 2?", "choices": FOUR, "answer": 1, "subject": "algebra"}),
    ("MMLU-Pro", {"question": "9 * 2?", "options": FOUR, "answer": "B", "answer_index": 1, "category": "math"}),
    ("ARC", {"question": "9 * 2?", "choices": {"text": FOUR, "label": ["A", "B", "C", "D"]}, "answerKey": "B"}),
    ("ARC, numbered", {"question": "9 * 2?", "choices": {"text": FOUR, "label": list("1234")}, "answerKey": "2"}),
    (
        "OpenBookQA",
        {"question_stem": "9 * 2?", "choices": {"text": FOUR, "label": ["A", "B", "C", "D"]}, "answerKey": "B"},
    ),
    ("MedQA", {"question": "9 * 2?", "options": dict(zip("ABCD", FOUR, strict=True)), "answer_idx": "B"}),
    ("MedMCQA", {"question": "9 * 2?", "opa": "9", "opb": "18", "opc": "27", "opd": "none of these", "cop": 1}),
    ("SuperGPQA", {"question": "9 * 2?", "options": FOUR, "answer": "18", "answer_letter": "B"}),
    ("C-Eval", {"question": "9 * 2?", **dict(zip("ABCD", FOUR, strict=True)), "answer": "B"}),
    ("CMMLU", {"Question": "9 * 2?", **dict(zip("ABCD", FOUR, strict=True)), "Answer": "B"}),
    ("the text of one", {"question": "9 * 2?", "options": FOUR, "answer": "18"}),
    (
        "with brackets",
        {"question": "9 * 2?", "options": ["(A) 9", "(B) 18", "(C) 27", "(D) none of these"], "answer": "(B)"},
    ),
]  # fmt: skip


@pytest.mark.parametrize("kind", ["jsonl", "parquet", "hf"])
@pytest.mark.parametrize("row", [row for _, row in ROWS], ids=[name for name, _ in ROWS])
def test_the_letter_is_the_answer(tmp_path: Path, row: Row, kind: str) -> None:
    [problem], dropped = loaded(source(tmp_path, [row], kind))
    assert not dropped
    assert (problem.prompt, problem.verifier, problem.reference) == (ASKED, "math", {"answer": "B"})
    assert verdict(problem, "9 * 2 = 18.\nThe answer is (B).").status is Status.CORRECT
    assert verdict(problem, r"\boxed{C}").status is Status.WRONG


def test_what_is_read_stands_before_the_question(tmp_path: Path) -> None:
    row = {"article": "Nine and two.", "question": "9 * 2?", "options": FOUR, "answer": "B"}
    [problem], _ = loaded(source(tmp_path, [row], "jsonl"))
    assert problem.prompt == f"Nine and two.\n\n{ASKED}"


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"options": FOUR, "answer": "E"}, "`answer` is 'E': give the letter, the place (from 0) or the text"),
        ({"options": FOUR, "answer": 4}, "`answer` is 4: give the letter"),
        ({"options": FOUR, "answer": -1}, "`answer` is -1: give the letter"),
        ({"options": ["18", "18"], "answer": "18"}, "`answer` is '18': give the letter"),
        ({"options": ["18"], "answer": "A"}, "1 options: only 2 to 10"),
        ({"options": list("abcdefghijk"), "answer": "A"}, "11 options: only 2 to 10"),
    ],
)
def test_what_has_no_right_option_is_dropped(tmp_path: Path, row: Row, reason: str) -> None:
    good = {"question": "9 * 2?", "options": FOUR, "answer": "B"}
    problems, [dropped] = loaded(source(tmp_path, [good, good | row], "jsonl"))
    assert len(problems) == 1 and reason in dropped.reason


def test_without_options_it_is_a_question(tmp_path: Path) -> None:
    [problem], _ = loaded(source(tmp_path, [{"question": "9 * 2?", "choices": [], "answer": 18}], "jsonl"))
    assert problem.reference == {"answer": "18"}
