"""Layouts of math problems: a question with its answer, which may stand in a worked solution."""

from __future__ import annotations

import re

from rlcore.data.layouts import cells
from rlcore.data.sources.rows import Row
from verifiers.expected.labels import plain_answer
from verifiers.math.boxes import content, find_boxes
from verifiers.types import Problem

_THOUSANDS = re.compile(r"-?\d{1,3}(,\d{3})+(\.\d+)?")
_QUESTIONS = ("problem", "question", "query", "prompt", "Problem", "Question", "input")
_ANSWERS = ("answer", "expected_answer", "final_answer", "Answer", "ground_truth", "gold", "target")
_SOLUTIONS = ("solution", "Solution", "response")
# A solution that is no more than its answer.
_NUMBER = re.compile(r"\s*[-+]?[0-9][0-9.,/]*\s*")
# MetaMath ends so.
_LAST_LINE = re.compile(r"\bThe answer is: ([^\n]+?)\s*\Z")
# NuminaMath's words for what has no final answer.
_NO_ANSWER = frozenset({"proof", "notfound", "not found", "none", "n/a", "nan"})
# A word of prose; letters of a formula stand alone or behind a backslash.
_PROSE = re.compile(r"(?<![\\A-Za-z{])[A-Za-z]{2,}")
# Words that are an answer all the same: it begins as a number, a formula or `x =` does, and is one sentence.
_WHOLE_ANSWER = re.compile(r"(?:[-+$€£¥\\(\[{.0-9]|[A-Za-z]\w*\s*=)[^\n]{0,200}")
_SECOND_SENTENCE = re.compile(r"[.!?。]\s*[^\W\d_]|[.!?。]\s+\S")

MATH_KEYS = f"{'|'.join(_QUESTIONS)} {'|'.join((*_ANSWERS, *_SOLUTIONS))}"


def gsm8k_problem(row: Row) -> Problem:
    """GSM8K: {question, answer}: the answer after the last `####`, else in the last box, else the whole answer: a
    word, a formula, `9 (apples)`.
    """
    question, answer = cells.text(row, "question"), row.values.get("answer")
    if isinstance(answer, str):
        answer = _final(cells.text(row, "answer"))
        if not answer:
            raise ValueError("no gold answer in `answer`: end it with '#### ANSWER'")
    found = plain_answer(answer)
    if found is None:
        raise ValueError(f"`answer` is {cells.shown(answer)}: give a text that is not empty, or drop the row")
    return Problem(id=row.id, prompt=question, reference={"answer": _real(found)}, tags=(row.name,))


def math_problem(row: Row) -> Problem:
    """MATH, AIME, NuminaMath and others: {problem or question, answer, solution}: the answer, else the last box of the
    solution.
    """
    asked = cells.prompt(row, *_QUESTIONS)
    if isinstance(asked, str) and (told := cells.text_or_empty(row, "Body")):
        asked = f"{told}\n{asked}"
    found = next((row.values[key] for key in _ANSWERS if row.values.get(key) not in (None, "")), None)
    answer = plain_answer(found)
    if answer is not None and (boxed := _boxed(answer)):
        answer = boxed
    if answer is None and found is None:
        answer = next((held for key in _SOLUTIONS if (held := _solved(cells.text_or_empty(row, key)))), None)
        if answer is None:
            raise ValueError("no answer: give one in `answer`, or in the last \\boxed{} of `solution`")
    if answer is None:
        raise ValueError(f"the answer is {cells.shown(found)}: give one text or number")
    keys = ("source", "data_source", "type", "subject", "level", "unique_id", "ID")
    return Problem(
        id=row.id,
        prompt=asked,
        reference={"answer": _real(_plain(answer))},
        tags=cells.tags(row, *keys, first=row.name),
    )


def _real(answer: str) -> str:
    if answer.lower() in _NO_ANSWER:
        raise ValueError(f"the answer is {answer!r}: only a problem with a final answer can be judged, drop the row")
    return answer


def _final(solution: str) -> str:
    """The answer of a worked solution, or ""."""
    _, marked, answer = solution.rpartition("####")
    answer = answer.strip()
    if not marked and (boxed := _boxed(solution)):
        return boxed
    if not marked and len(answer.split()) > 1 and _PROSE.search(answer) and not _is_whole_answer(answer):
        return ""
    return _plain(answer)


def _is_whole_answer(text: str) -> bool:
    return _WHOLE_ANSWER.fullmatch(text) is not None and _SECOND_SENTENCE.search(text) is None


def _solved(solution: str) -> str:
    if _NUMBER.fullmatch(solution):
        return solution.strip()
    said = _LAST_LINE.search(solution)
    return _boxed(solution) or (said[1].rstrip(".").strip() if said else "")


def _boxed(solution: str) -> str:
    """What the last box holds, or ""."""
    boxes, open_at = find_boxes(solution)
    if not boxes or open_at > boxes[-1][1]:
        return ""
    return content(solution, *boxes[-1]).strip()


def _plain(answer: str) -> str:
    """Without the dollars around a formula; of a number, without the commas of its thousands."""
    answer = answer.strip()
    if len(answer) > 2 and answer[0] == answer[-1] == "$" and "$" not in answer[1:-1]:
        answer = answer[1:-1].strip()
    return answer.replace(",", "") if _THOUSANDS.fullmatch(answer) else answer
