r"""The math judge. Reference: `{"answer": "42"}`, optionally `"lone_number": true` (see `verifiers.answer`).

Order: the reference is read (a bad one is the judge's failure, masked); size caps (`rejected`); extraction
(`truncated`, `no_answer`); then the comparison, the first that can decide:

1. both are numbers or amounts: exact rational arithmetic decides, for right and for wrong;
2. the same text once tidied: right;
3. the expected answer is a word or a single letter: only the same text is right (letters keep their case);
4. math-verify's `parse` and `verify`, expected answer first (it is not symmetric), without its own timeouts: they
   use SIGALRM, which fails off the main thread. The hard deadline is `verifiers.pool`'s, so call `judge` through it.

A completion cut by length is judged only when its answer is complete (`verifiers.answer.Found.complete`).

Known and left to math-verify: it may parse only a prefix of a formula that it does not fully understand, and
compares floats with symbolic numbers to 6 decimals.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from typing import Any

from verifiers.answer import TO_ASCII, find_answer
from verifiers.math.exact import MAX_DIGITS, Quantity, TooLarge, read_quantity
from verifiers.types import Json, Status, Verdict

MAX_TEXT_CHARS = 400_000
MAX_ANSWER_CHARS = 2_000
MAX_DEPTH = 30

_WRAPPERS = (
    re.compile(r"\$\$([^$]+)\$\$"),
    re.compile(r"\$([^$]+)\$"),
    re.compile(r"\\\((.+)\\\)", re.DOTALL),
    re.compile(r"\\\[(.+)\\\]", re.DOTALL),
    re.compile(r"\*\*([^*]+)\*\*"),
    re.compile(r"\\(?:f?boxed|text|textbf|textrm|mathrm|mathbf|mbox|displaystyle)\s*\{([^{}]*)\}"),
    re.compile(r"\\boxed\s*\{(.*)\}", re.DOTALL),
)
_DEEP = re.compile(r"[(\[{]|[)\]}]")
_WORD_ANSWER = re.compile(r"[A-Za-z]|[A-Za-z]{3,}(?: [A-Za-z]+)*|[\u4e00-\u9fff]+")
_TWO_NUMBERS = re.compile(r"(?<![\\\w])\d[\d,.]*\s+[\d.]")
_ASSIGNMENT = re.compile(r"[A-Za-z]\s*=(?!=)\s*(?=[^=]*$)")


@dataclass(frozen=True, slots=True)
class _Gold:
    text: str
    quantity: Quantity | None
    is_word: bool


def judge(text: str, reference: Json, *, finish_reason: str) -> Verdict:
    """Judge one completion. Deterministic; may take arbitrarily long on hostile input (see `verifiers.pool`)."""
    if problem := reference_problem(reference):
        return Verdict.failed("bad_reference", problem)
    if len(text) > MAX_TEXT_CHARS:
        return Verdict.of(Status.REJECTED, detail=f"the completion is longer than {MAX_TEXT_CHARS} characters")
    found = find_answer(text, lone_number=reference.get("lone_number") is True)
    if finish_reason != "stop" and (found is None or not found.complete):
        return Verdict.of(Status.TRUNCATED, detail="cut off by length before a complete final answer")
    if found is None:
        return Verdict.of(Status.NO_ANSWER, detail=r"no \boxed{}, '####' or 'answer is' in the completion")
    if found.answer is None:
        return Verdict.of(Status.NO_ANSWER, detail=found.reason)
    answer = tidy(found.answer[: MAX_ANSWER_CHARS + 1])
    if excess := _excess(found.answer) or _excess(answer):
        return Verdict.of(Status.REJECTED, detail=f"rule '{found.rule}': the answer has {excess}")
    try:
        equal, how = _compare(_read_gold(str(reference["answer"])), answer)
    except TooLarge as error:
        return Verdict.of(Status.REJECTED, extracted=answer[:200], detail=f"rule '{found.rule}': {error}")
    status = Status.CORRECT if equal else Status.WRONG
    return Verdict.of(status, extracted=answer[:200], detail=f"rule '{found.rule}': {how}")


def reference_problem(reference: Json) -> str | None:
    """Why this reference cannot be judged against, or None. For loaders to screen data before a run."""
    answer = reference.get("answer")
    if isinstance(answer, bool) or not isinstance(answer, str | int):
        return 'reference needs "answer", a string such as "42"'
    if not isinstance(reference.get("lone_number", False), bool):
        return 'reference "lone_number" must be true or false'
    return _answer_problem(str(answer))


@functools.lru_cache(maxsize=4096)
def _answer_problem(answer: str) -> str | None:
    if len(answer) > MAX_ANSWER_CHARS:
        return f"the reference answer is longer than {MAX_ANSWER_CHARS} characters"
    tidied = tidy(answer)
    if not tidied:
        return "the reference answer is empty"
    if excess := _excess(tidied):
        return f"the reference answer has {excess}"
    try:
        gold = _read_gold(answer)
    except TooLarge as error:
        return f"the reference answer has {error}"
    if gold.quantity is None and not gold.is_word and not _parse(tidied):
        return "the reference answer does not parse as a number, a word or a formula"
    return None


@functools.lru_cache(maxsize=4096)
def _read_gold(answer: str) -> _Gold:
    text = tidy(answer)
    return _Gold(text, read_quantity(text), _WORD_ANSWER.fullmatch(text) is not None)


def _compare(gold: _Gold, answer: str) -> tuple[bool, str]:
    value = read_quantity(answer)
    if value is None and gold.quantity is not None and (assigned := _ASSIGNMENT.match(answer)):
        value = read_quantity(answer[assigned.end() :])
    if gold.quantity is not None and value is not None:
        equal = gold.quantity.equals(value)
        return equal, "equal as exact numbers" if equal else "differs as an exact number"
    if _squeeze(answer) == _squeeze(gold.text):
        return True, "the same text"
    if gold.is_word:
        word = re.sub(r"^\((.*)\)$", r"\1", answer).strip()
        equal = word == gold.text or (len(word) > 1 and word.casefold() == gold.text.casefold())
        return equal, "the same word" if equal else "a different word"
    if _TWO_NUMBERS.search(answer):
        # math-verify adds numbers that stand side by side, as in a mixed number.
        return False, "two numbers side by side"
    equal = _verify(gold.text, answer)
    return equal, "equal by math-verify" if equal else "not equal by math-verify"


def tidy(answer: str) -> str:
    r"""Strip what carries no meaning: wrappers (`$..$`, `\text{}`, `**..**`), spacing commands, full-width forms."""
    text = answer.translate(TO_ASCII).strip()
    text = re.sub(r"\\(?:left|right|displaystyle|big|Big|bigl|bigr)(?![A-Za-z])", "", text)
    text = re.sub(r"\\[dtc]frac(?![A-Za-z])", r"\\frac", text)
    text = re.sub(r"\\frac\s*(\d)\s*(\d)", r"\\frac{\1}{\2}", text)
    text = re.sub(r"\\(?:mathrm|text|operatorname|rm)\s*\{\s*([a-z])\s*\}(?=\s*[\^}])", r"\1", text)
    text = text.replace("{,}", ",").replace(r"\%", "%").replace(r"\!", "").replace("~", " ")
    text = re.sub(r"(?<=\d)\\,(?=\d{3}(?!\d))", "", text)
    text = re.sub(r"\\[,;: ]", " ", text)
    previous = None
    while previous != text:
        previous = text
        text = text.strip().rstrip(".,;。、").strip()
        for wrapper in _WRAPPERS:
            if match := wrapper.fullmatch(text):
                text = match[1].strip()
    return text


def _excess(answer: str) -> str | None:
    """Which size cap an answer breaks."""
    if len(answer) > MAX_ANSWER_CHARS:
        return f"more than {MAX_ANSWER_CHARS} characters"
    if re.search(rf"\d{{{MAX_DIGITS + 1}}}", answer.replace(",", "")):
        return f"a number of more than {MAX_DIGITS} digits"
    depth = 0
    for bracket in _DEEP.finditer(answer):
        depth += 1 if bracket.group() in "([{" else -1
        if depth > MAX_DEPTH:
            return f"brackets nested deeper than {MAX_DEPTH}"
    return None


def _squeeze(text: str) -> str:
    return re.sub(r"\s+", "", text)


def _verify(gold: str, answer: str) -> bool:
    from math_verify import verify

    parsed = _parse(answer)
    expected = _parse_gold(gold)
    return bool(parsed) and verify(expected, parsed, timeout_seconds=None) and not _far_apart(expected[0], parsed[0])


@functools.lru_cache(maxsize=1024)
def _parse_gold(gold: str) -> list[Any]:
    return _parse(gold)


def _parse(formula: str) -> list[Any]:
    """math-verify's reading of one formula, [] when it has none.

    Only its LaTeX reader is used, on a box that we close: its plain-text reader picks any number out of prose.
    """
    from math_verify import parse
    from math_verify.parser import LatexExtractionConfig

    latex = re.sub(r"(?<![\\A-Za-z])(sin|cos|tan|log|ln|exp)(?=\s*\()", r"\\\1", formula.replace("**", "^"))
    latex = re.sub(r"(?<![\\A-Za-z])pi(?![A-Za-z])", r"\\pi", latex).replace("%", r"\%")
    if latex.count("{") != latex.count("}"):
        return []
    config = LatexExtractionConfig(boxed_match_priority=0)
    return list(
        parse(f"\\boxed{{{latex}}}", extraction_config=[config], fallback_mode="no_fallback", parsing_timeout=None)
    )


def _far_apart(gold: Any, answer: Any) -> bool:
    """Two plain numbers that math-verify takes as equal only because both are tiny: it rounds absolutely."""
    if not (getattr(gold, "is_number", False) and getattr(answer, "is_number", False)):
        return False
    difference, size = (gold - answer).evalf(30), gold.evalf(30)
    return bool(difference.is_comparable and size.is_comparable and abs(difference) > abs(size) * 1e-5)
