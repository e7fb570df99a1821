"""Layouts of questions with options to choose from; the letter of the right one is the answer."""

from __future__ import annotations

import re
from typing import Any

from rlcore.data.layouts import cells
from rlcore.data.layouts.mathematics import math_problem
from rlcore.data.sources.rows import Row
from verifiers.expected.tests import unpacked
from verifiers.types import Problem

_LETTERS = "ABCDEFGHIJ"
_QUESTIONS = ("question", "Question", "question_stem", "problem", "Problem", "query", "prompt")
_CONTEXTS = ("passage", "article", "context", "Body")
_COLUMNS = (tuple("ABCDEFGHIJ"), ("opa", "opb", "opc", "opd", "ope"))
# The right one's letter or label; behind them what may also be its place or its text.
_LABELS = ("answerKey", "answer_letter", "correct", "correct_option")
_PLACES = ("answer_index", "answer_idx", "cop", "label", "answer", "Answer")
# "A) 21", "(B) 7", "c ) 3".
_LABELLED = re.compile(r"\s*\(?([A-Ja-j])\s?[).:]\s*(.*)", re.DOTALL)
_IN_ONE_TEXT = re.compile(r"(?:^|,)\s*([a-j])\s*\)\s*")

CHOICE_KEYS = f"{'|'.join(_QUESTIONS)} options|choices|A|opa {'|'.join((*_LABELS, *_PLACES))}"


def choice_problem(row: Row) -> Problem:
    """AQuA, MathQA, MMLU, ARC, RACE, C-Eval and others: the options stand below the question, a letter before each."""
    labels, options = _options(row)
    if not options:
        return math_problem(row)
    if not 2 <= len(options) <= len(_LETTERS):
        raise ValueError(
            f"{len(options)} options: only 2 to {len(_LETTERS)} can be told apart by a letter, drop the row"
        )
    right = _right(row, labels, options)
    context = cells.text_or_empty(row, *_CONTEXTS)
    listed = "\n".join(f"{letter}. {option}" for letter, option in zip(_LETTERS, options, strict=False))
    asked = f"{context}\n\n" * bool(context) + f"{cells.text(row, *_QUESTIONS)}\n\n{listed}"
    tags = cells.tags(row, "subject", "category", "source", "level", first=row.name)
    return Problem(id=row.id, prompt=asked, reference={"answer": _LETTERS[right]}, tags=tags)


def _options(row: Row) -> tuple[list[str], list[str]]:
    """Labels and texts; none where the row has no options."""
    given = next((row.values[key] for key in ("options", "choices") if row.values.get(key)), None)
    given = unpacked(given)
    if isinstance(given, dict) and isinstance(given.get("text"), list) and isinstance(given.get("label"), list):
        return [str(label) for label in given["label"]], [str(text).strip() for text in given["text"]]
    if isinstance(given, dict):
        there = {str(label): value for label, value in given.items() if value is not None}
        return list(there), [str(text).strip() for text in there.values()]
    if isinstance(given, str):
        parts = _IN_ONE_TEXT.split(given)
        return [label.upper() for label in parts[1::2]], [text.strip() for text in parts[2::2]]
    if isinstance(given, list):
        texts = [str(text).strip() for text in given if text is not None]
        found = [_LABELLED.fullmatch(text) for text in texts]
        if all(one and one[1].upper() == letter for one, letter in zip(found, _LETTERS, strict=False)):
            texts = [one[2].strip() for one in found if one]
        return list(_LETTERS[: len(texts)]), texts
    for columns in _COLUMNS:
        there = {key: row.values[key] for key in columns if cells.has(row, key)}
        if len(there) > 1 and list(there) == list(columns[: len(there)]):
            return list(_LETTERS[: len(there)]), [str(text).strip() for text in there.values()]
    return [], []


def _right(row: Row, labels: list[str], options: list[str]) -> int:
    """The place of the right option. Raises ValueError where the row does not say it."""
    for key in (*_LABELS, *_PLACES):
        found = _place(row.values.get(key), labels, options)
        if found is not None:
            return found
    there = next((key for key in (*_LABELS, *_PLACES) if cells.has(row, key)), "answer")
    said = cells.shown(row.values.get(there))
    raise ValueError(f"`{there}` is {said}: give the letter, the place (from 0) or the text of one of the options")


def _place(value: Any, labels: list[str], options: list[str]) -> int | None:
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | float):
        return int(value) if value == int(value) and 0 <= value < len(options) else None
    said = str(value).strip()
    letter = said.strip("().: ").upper()
    by_label = [place for place, label in enumerate(labels) if label.upper() == letter]
    by_text = [place for place, option in enumerate(options) if option == said]
    found = by_label or by_text
    return found[0] if len(found) == 1 else None
