"""What a final statement offers: its one value, its several, or words that no value is picked from."""

from __future__ import annotations

import re
from collections.abc import Iterator

from verifiers.math.phrases import goes_on_idly, leads, may_go_on

# ASCII digits only: \d knows those of every script.
NUMBER = re.compile(r"(?<![A-Za-z0-9_.])[-+]?(?:[0-9]+(?:,[0-9]+)*(?:\.[0-9]+)?|\.[0-9]+)(?:\s*/\s*[0-9]+)?\s*%?")
CHINESE = re.compile(r"[\u4e00-\u9fff]")
# A dollar before a digit opens an amount and closes no formula: "9 x $2 = $18".
MATH = re.compile(r"\$\$([^$]+)\$\$|\$([^$]+)\$(?![0-9])|\\\((.+?)\\\)|\\\[((?s:.+?))\\\]")

_FUNCTIONS = frozenset("sqrt sin cos tan cot sec csc log ln exp pi max min gcd lcm mod oo".split())  # noqa: SIM905
_WORD = re.compile(r"(?<![\\A-Za-z])[A-Za-z]{2,}")
_FIRST_WORD = re.compile(r"[\s*]*([A-Za-z]+)")
_OR = re.compile(r"\s+or\s+|\s*或者?是?\s*")
_FORMULA_FIRST = re.compile(r"\s*(?:[A-Za-z]\s*=\s*)?(?:\$(?!\s*[0-9.,]+\s+[A-Za-z])|\\[(\[])")
# "x = 3, y = 5" is two equations, "x = 3 + 2 = 5" is one.
_PARTS_EQUATIONS = re.compile(r"[,;\n]|\\q?quad|\\\\|\b(?:and|or)\b|[和或且]")
# Arithmetic up to the last equals sign: "9 x $2 = $18 per day".
_WORKED_OUT = re.compile(r"[\s$0-9.,()+*/x\u00d7\u00f7\u00b7-]*[0-9)]\s*=\s*(?=[-$0-9])")
# Bold around a part of a sentence; `x**2` is a power.
_BOLD = re.compile(r"(?<![A-Za-z0-9)\]}*])\*\*(?=[^\s*])|(?<=[^\s*])\*\*(?![A-Za-z0-9({\[\\*-])")
_BOLD_FIRST = re.compile(r"^\*\*(.+?)\*\*")
_SPELLING = re.compile(r"[\s$,*]|\\[!,;: ]|\.$")
_ESCAPED = re.compile(r"\\(?=[$%](?!\$))")
_MONEY_SIGNS = "$\u20ac\u00a3\u00a5"
# "18, which is the total": where a value ends and a clause begins.
_CLAUSE = re.compile(r"(?<=[^\s,]),\s+(?=[a-z])")


def offered(statement: str) -> Iterator[str]:
    """The values that a final statement offers, or the statement where none can be told."""
    statement = statement.strip()
    if "*" in statement:
        statement = _BOLD_FIRST.sub(r"\1", statement).rstrip("*").strip()
    for part in _OR.split(statement):
        formulas = []
        if "$" in part or "\\" in part:
            formulas = [next(filter(None, match.groups())).strip() for match in MATH.finditer(part)]
        # "$18 and saves $5" is money, not a formula.
        formulas = [formula for formula in formulas if not (formula[:1].isdigit() and words_of(formula))]
        if formulas and _FORMULA_FIRST.match(part):
            yield from formulas if _goes_on(part) else [part]
            continue
        plain = _ESCAPED.sub("", part) if "\\" in part else part
        if "\\" in plain:
            yield from _with_formula(part)
        elif CHINESE.search(plain) or words_of(plain):
            yield from _in_words(_BOLD.sub("", plain))
        elif "$" in part and _WORKED_OUT.match(part):
            # Each side in dollars: the formula, then the unit of its last side.
            yield part.replace("$", "") + (r" \text{ dollars}" if "$" in part.rpartition("=")[2] else "")
        else:
            yield part


def behind_equals(statement: str) -> str:
    """Of one equation in words what stands behind its equals sign: "she has 6*7=42 apples". All of it otherwise.

    A formula is not cut in two, since its sides must agree; of several equations none is picked.
    """
    before, equals, after = statement.rpartition("=")
    in_words = words_of(statement) or CHINESE.search(statement)
    # "x \\le 5" has no equals sign of its own.
    if not equals or not in_words or before[-1:] in {"<", ">", "!"} or "\\)" in after:
        return statement
    if any(match.start() < len(before) < match.end() for match in MATH.finditer(statement)):
        return statement
    *_, last = before.split("=")
    several = "=" in before and _PARTS_EQUATIONS.search(last)
    return statement if several or last.strip() == after.strip() else after


def words_of(text: str) -> list[str]:
    """The words of a text that are no functions."""
    return [word for word in _WORD.findall(text) if word.lower() not in _FUNCTIONS]


def same(candidate: str) -> str:
    """A key under which two spellings of one candidate meet."""
    return candidate if candidate.isalnum() else _SPELLING.sub("", candidate)


def _goes_on(part: str) -> bool:
    """Whether the first word behind the last formula of a statement only goes on with its sentence."""
    *_, formula = MATH.finditer(part)
    word = _FIRST_WORD.match(part, formula.end())
    return word is None or may_go_on(word[1])


def _with_formula(sentence: str) -> Iterator[str]:
    r"""The one formula of a sentence in words ("Janet makes \(9 \cdot 2 = 18\) dollars"), or the sentence."""
    spans = list(MATH.finditer(sentence))
    if len(spans) != 1 or not leads(sentence[: spans[0].start()]) or not _goes_on(sentence):
        yield sentence
        return
    outside = sentence[: spans[0].start()] + sentence[spans[0].end() :]
    formula = next(filter(None, spans[0].groups())).strip()
    yield sentence if NUMBER.search(outside) or words_of(formula) else formula


def _in_words(sentence: str) -> Iterator[str]:
    """The one number of a sentence with what follows it, all its numbers when they differ, or the sentence."""
    if worked_out := _WORKED_OUT.match(sentence):
        sentence = sentence[worked_out.end() :]
    numbers = list(NUMBER.finditer(sentence))
    if len({same(number.group()) for number in numbers}) > 1:
        yield from dict.fromkeys(same(number.group()) for number in numbers)
        return
    if not numbers:
        yield sentence
        return
    start = numbers[0].start()
    while start and sentence[start - 1] in _MONEY_SIGNS:
        start -= 1
    before = sentence[:start]
    if not before.strip():
        yield _without_clause(sentence)
    else:
        yield _without_clause(sentence[start:]) if leads(before) else sentence


def _without_clause(value: str) -> str:
    """Without a clause behind a comma that says no more about the value: "18, which is the total"."""
    clause = _CLAUSE.search(value)
    return value[: clause.start()] if clause and goes_on_idly(value[clause.end() :]) else value
