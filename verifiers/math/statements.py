"""What a final statement offers: its one value, its several, or words that no value is picked from."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from verifiers.math.phrases import goes_on_idly, is_known, leads, may_go_on, says_nothing, unit_key

# A longer statement is handed back whole: a judge rejects it by its length.
LONGEST_STATEMENT = 4_000
# ASCII digits only: \d knows those of every script.
NUMBER = re.compile(r"(?<![A-Za-z0-9_.])[-+]?(?:[0-9]+(?:,[0-9]+)*(?:\.[0-9]+)?|\.[0-9]+)(?:\s*/\s*[0-9]+)?\s*%?")
CHINESE = re.compile(r"[\u4e00-\u9fff]")
# A dollar before a digit opens an amount and closes no formula: "9 x $2 = $18".
MATH = re.compile(r"\$\$([^$]+)\$\$|\$([^$]+)\$(?![0-9])|\\\((.+?)\\\)|\\\[((?s:.+?))\\\]")

_FUNCTIONS = frozenset("sqrt sin cos tan cot sec csc log ln exp pi max min gcd lcm mod oo".split())  # noqa: SIM905
_WORD = re.compile(r"(?<![\\A-Za-z])[A-Za-z]{2,}")
_FIRST_WORD = re.compile(r"[\s*]*([A-Za-z]+)")
_OR = re.compile(r"\s+or\s+|\s*或者?是?\s*")
_AND_A_HALF = re.compile(r"\W*and\s+(?:an?|one|two|three)\s+(?:half|halves|thirds?|quarters?)\b")
# Behind a formula: "$18$ + 1", "$0.5$%" say something else.
_OPERATES = re.compile(
    r"[\s*_]*(?:[-+/^=<>%!\u00d7\u00f7\u00b7\u00b2\u00b3\u00b0]|\\(?![)\],!;: ]|q?quad)|[({\[]?\s*[0-9$]|per\s+cent\b)"
)
_FORMULA_FIRST = re.compile(r"\s*(?:[A-Za-z]\s*=\s*)?(?:\$(?!\s*[0-9.,]+\s+[A-Za-z])|\\[(\[])")
# An equation has one or more of these; "x = 3, y = 5" is two equations, "x = 3 + 2 = 5" is one.
_EQUALS = re.compile(r"(?<![<>!=])=(?!=)")
_PARTS_EQUATIONS = re.compile(r"[,;\n](?![0-9]{3})|\\q?quad|\\\\|\b(?:and|or)\b|[和或且]")
_AMOUNT = re.compile(r"\\?\$\s?([0-9][0-9,]*(?:\.[0-9]+)?)")
# In arithmetic before an equals sign: "3 boxes x 6 apples", "9 eggs * $2/egg", "20% of 90".
_UNIT_BETWEEN = re.compile(r"(?<=[0-9])(?:\s?/\s?|\s)([A-Za-z]{2,})(?:(?:/| per )([A-Za-z]{2,}))?(?![A-Za-z])")
_SHARE_OF = re.compile(r"(?<=[0-9])(\s?%|/[0-9]+)\s+of\s+(?=[$0-9])")
_BETWEEN_WORDS = re.compile(r"(?<=[A-Za-z])\s*[-+*/\u00d7\u00f7]\s*(?=[A-Za-z])")
_LOWER_WORD = re.compile(r"(?<![\\A-Za-z])(?=[A-Za-z]*[a-z])[A-Za-z]{2,}|[\u4e00-\u9fff]+")
# Bold around a part of a sentence; `x**2` is a power.
_BOLD = re.compile(r"(?<![A-Za-z0-9)\]}*])\*\*(?=[^\s*])|(?<=[^\s*])\*\*(?![A-Za-z0-9({\[\\*-])")
_BOLD_FIRST = re.compile(r"^\*\*(.+?)\*\*")
# Between the formulas of a list, and a unit behind one.
_JOINS = re.compile(r"\s*(?:,|and|,\s*and|和)\s*").fullmatch
_OPENS_A_CLAUSE = re.compile(r"\b(?:as|because|for which|if|or|since|so|that|when|where|which|while)\b")
_ENDS_A_PHRASE = re.compile(rf"[,;:(]|{_OPENS_A_CLAUSE.pattern}")
_A_NUMBER = re.compile(r"[0-9]")
_WORDS_ALONE = re.compile(r"\s*[A-Za-z]+(?: [A-Za-z]+)*").fullmatch
_SPELLING = re.compile(r"[\s$,*]|\\[!,;: ]|\.$")
_ESCAPED = re.compile(r"\\(?=[$%](?!\$))")
_MONEY_SIGNS = "$\u20ac\u00a3\u00a5"
# "18, which is the total": where a value ends and a clause begins.
_CLAUSE = re.compile(r"(?<=[^\s,]),\s+(?=[a-z])")


def offered(statement: str) -> Iterator[str]:
    """The values that a final statement offers, or the statement where none can be told."""
    statement = statement.strip()
    if len(statement) > LONGEST_STATEMENT:
        yield statement
        return
    if "*" in statement:
        statement = _BOLD_FIRST.sub(r"\1", statement).rstrip("*").strip()
    for part in _OR.split(statement):
        formulas = []
        if "$" in part or "\\" in part:
            formulas = [next(filter(None, match.groups())).strip() for match in MATH.finditer(part)]
        # "$18 and saves $5" is money, not a formula.
        formulas = [formula for formula in formulas if not (formula[:1].isdigit() and words_of(formula))]
        if formulas and (first := _FORMULA_FIRST.match(part)):
            # "$-$18$ cm$": the first dollar opens no formula.
            begins = next(MATH.finditer(part)).start() < first.end()
            yield from formulas if begins and _goes_on(part) else [part]
            continue
        plain = _ESCAPED.sub("", part) if "\\" in part else part
        if "\\" in plain or formulas:
            yield from _with_formula(part)
        elif CHINESE.search(plain) or words_of(plain):
            yield from _in_words(_BOLD.sub("", plain))
        elif "$" in part and _EQUALS.search(part):
            yield _in_dollars(part)
        else:
            yield part


def words_of(text: str) -> list[str]:
    """The words of a text that are no functions."""
    return [word for word in _WORD.findall(text) if word.lower() not in _FUNCTIONS]


def same(candidate: str) -> str:
    """A key under which two spellings of one candidate meet."""
    return candidate if candidate.isalnum() else _SPELLING.sub("", candidate)


def _goes_on(part: str) -> bool:
    """Whether what stands behind the formulas of a statement only goes on with its sentence."""
    *before, formula = MATH.finditer(part)
    if any(_OPERATES.match(part, one.end()) for one in (*before, formula)):
        return False
    gaps = [part[one.end() : other.start()] for one, other in pairwise([*before, formula])]
    if not all(_JOINS(gap) or _OPENS_A_CLAUSE.search(gap) for gap in gaps):
        return False
    # "$18$ of 30", "$18$ per 2 days".
    if _A_NUMBER.search(_ENDS_A_PHRASE.split(part[formula.end() :], maxsplit=1)[0]):
        return False
    word = _FIRST_WORD.match(part, formula.end())
    return word is None or (may_go_on(word[1]) and not _AND_A_HALF.match(part, formula.end()))


def _with_formula(sentence: str) -> Iterator[str]:
    r"""The one formula of a sentence in words ("Janet makes \(9 \cdot 2 = 18\) dollars"), or the sentence."""
    spans = list(MATH.finditer(sentence))
    between = [sentence[one.end() : other.start()] for one, other in pairwise(spans)]
    if not spans or not leads(sentence[: spans[0].start()]) or not _goes_on(sentence) or not all(map(_JOINS, between)):
        yield sentence
        return
    behind = sentence[spans[-1].end() :]
    formula = ", ".join(next(filter(None, span.groups())).strip() for span in spans)
    if NUMBER.search(sentence[: spans[0].start()] + behind) or any(not word.isupper() for word in words_of(formula)):
        yield sentence
    else:
        yield f"{formula} \\text{{ {behind.strip()}}}" if _WORDS_ALONE(behind) and unit_key(behind) else formula


def _in_words(sentence: str) -> Iterator[str]:
    """The one number of a sentence with what follows it, all its numbers when they differ, or the sentence."""
    if _EQUALS.search(sentence) and (equation := _equation(sentence)):
        yield equation
        return
    numbers = list(NUMBER.finditer(sentence))
    if len({same(number.group()) for number in numbers}) > 1:
        # With what follows, so that no words between equal values are dropped: "104729倍104729%".
        yield from (sentence[number.start() :] for number in numbers)
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


def _equation(sentence: str) -> str:
    """The equation of a sentence, without words left of it that only say what it is about: "she has 6*7=42 apples".

    Its sides are all kept, since they must agree. "" for a sentence with several equations or other words.
    """
    *before, last = _EQUALS.split(sentence)
    before = [_SHARE_OF.sub(r"\1 * ", _UNIT_BETWEEN.sub(_unless_known, side)) for side in before]
    if any(_PARTS_EQUATIONS.search(side) for side in before[1:]) or _PARTS_EQUATIONS.search(last.partition(", ")[0]):
        return ""
    while before:
        words = list(_LOWER_WORD.finditer(before[0]))
        end = next((word.end() for word in reversed(words) if words_of(word.group()) or not word.group().isascii()), 0)
        left, formula = before[0][:end], before[0][end:].lstrip(" :,")
        if not formula.strip():
            if not leads(_BETWEEN_WORDS.sub(" ", f"{left} =")):
                return ""
            before = before[1:]
            continue
        if left and not says_nothing(left):
            return ""
        before[0] = formula
        break
    return _in_dollars("=".join((*before, _without_clause(last)))).strip()


def _unless_known(match: re.Match[str]) -> str:
    return "" if all(is_known(word) for word in match.groups() if word) else match.group()


def _in_dollars(equation: str) -> str:
    """Each side in dollars as its number, the last one with the unit behind it: "9 x $2 = $18 per day"."""
    head, equals, last = equation.rpartition("=")
    return _AMOUNT.sub(r"\1", head) + equals + _AMOUNT.sub(r"\1 dollars", last, count=1)


def _without_clause(value: str) -> str:
    """Without a clause behind a comma that says no more about the value: "18, which is the total"."""
    clause = _CLAUSE.search(value)
    return value[: clause.start()] if clause and goes_on_idly(value[clause.end() :]) else value
