r"""Finds the final answer in a completion. Pure text work: nothing is evaluated, every scan is linear.

Full-width forms (Chinese punctuation and digits) are read as their ASCII twins.
Where a completion holds `</think>`, only what follows the last one counts; an open `<think>` answers nothing.
The rules are tried in this order and the first one that finds its mark decides:

1. `boxed`: the last `\boxed{...}` (or `\fbox{...}`).
2. `####`: what follows the last `####` that is not a headline: it starts like a number or a formula.
3. `answer is`: what follows the last of "answer is", "Answer:", "A:" and 答: (at the start of a line), 答案是, 答案为,
   答案:, up to the end of the sentence or line.
4. `therefore`: the last sentence of the text, when it begins with 因此, 所以, 故, 综上, therefore, thus or hence and
   holds a number or a formula; of an equation, what stands behind its last equals sign.
5. `lone number`: only on request, and only when the whole text holds one number (it may be repeated).

A last mark that is cut off or empty (`\boxed{`, `####`, "the answer is") is no answer, whatever stands before it.

Of a sentence in words with one number in it ("she has 18 apples left", 一共有5个苹果) that number with what follows is
the answer, when all words before it are of a closed list that says no more than that (`verifiers.math.phrases.leads`):
not "close to 5", "the successor of 5", 至少5. A final statement that offers several different candidates ("3 or 4", two
different boxes in one sentence or without a word between, "43 because 36+7=43") is no answer: the judge does not pick
for the policy. Across sentences the last one counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from verifiers.math.boxes import content, find_boxes
from verifiers.math.phrases import leads, may_go_on

# One character to one: positions stay. U+2212 is the minus sign, U+FFE5 the full-width yen sign.
TO_ASCII = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {
    0x00A0: " ",
    0x2212: "-",
    0x3000: " ",
    0xFFE5: "\u00a5",
}
# A longer statement is handed back whole: a judge rejects it by its length.
LONGEST_STATEMENT = 4_000
# ASCII digits only: \d knows those of every script.
NUMBER = re.compile(r"(?<![A-Za-z0-9_.])[-+]?(?:[0-9]+(?:,[0-9]+)*(?:\.[0-9]+)?|\.[0-9]+)(?:\s*/\s*[0-9]+)?\s*%?")

_EMPTY_HASHES = re.compile(r"####[ \t]*(?:\n|\Z)")
_LAYOUT = re.compile(r"\\[A-Za-z]+")
_HASHES = re.compile(r"####[ \t]*(?=[-+$€£¥\\(\[{.0-9])")
_ANSWER_IS = re.compile(
    r"(?i:\banswers?\b(?:\*\*)?\s*(?:(?:is|are)\b|[:=])\s*:?(?:\*\*(?=\s))?)"
    r"|(?:^[ \t]*(?:\*\*)?A(?:\*\*)?:(?:\*\*(?=\s))?)"
    r"|(?:^[ \t]*(?:\*\*)?答(?:\*\*)?:(?:\*\*)?)"
    r"|(?:答案(?:\*\*)?(?:应该是|应为|是|为|:)\s*:?(?:\*\*(?=\s))?)",
    re.MULTILINE,
)
_THEREFORE = re.compile(r"(?:因此|所以|故|综上所述|综上|(?i:\b(?:therefore|thus|hence)\b))[ \t]*[,:]?")
_VALUE = re.compile(r"[0-9]|\\[A-Za-z]|[一二三四五六七八九十百]")
# "5!" is a factorial before most things; a point before a digit is a decimal point.
_SENTENCE_END = re.compile(r"\n|[。;]|[!?](?=\s|\Z|[\u4e00-\u9fff])|\.(?![0-9])|,(?=[\u4e00-\u9fff])")
_CLAUSE_END = re.compile(rf"{_SENTENCE_END.pattern}|,(?![0-9])")
# "x = 3, y = 5" is two equations, "x = 3 + 2 = 5" is one.
_PARTS_EQUATIONS = re.compile(r"[,;\n]|\\q?quad|\\\\|\b(?:and|or)\b|[和或且]")
_MATH = re.compile(r"\$\$(.+?)\$\$|\$([^$]+)\$|\\\((.+?)\\\)|\\\[(.+?)\\\]")
_FIRST_WORD = re.compile(r"[\s*]*([A-Za-z]+)")
_WORD = re.compile(r"(?<![\\A-Za-z])[A-Za-z]{2,}")
_FUNCTIONS = {
    "sqrt",
    "sin",
    "cos",
    "tan",
    "cot",
    "sec",
    "csc",
    "log",
    "ln",
    "exp",
    "pi",
    "max",
    "min",
    "gcd",
    "lcm",
    "mod",
    "oo",
}
_CHINESE = re.compile(r"[\u4e00-\u9fff]")
_LETTER = re.compile(r"[A-Za-z\u4e00-\u9fff]")
# Behind the final statement: another choice beside it.
_ALSO = re.compile(
    r"[\s.,;:。*$)\]}\\]*(?:(?i:or|maybe|perhaps|possibly)\s+(?i:maybe\s+|perhaps\s+|possibly\s+)?\(?[A-J]\)?(?![A-Za-z])"
    r"|\(?[A-J]\)?\s+(?:is|are|works|could|may|might)\s+(?:also|too|be|as)\b|\(?[A-J]\)?也|或者?\s*[A-J])"
)
_OR = re.compile(r"\s+or\s+|\s*或者?是?\s*")


@dataclass(frozen=True, slots=True)
class Found:
    """The final statement of a completion.

    Attributes:
        answer: its text, or None when it offers several candidates or nothing.
        rule: the name of the rule that found it.
        complete: no further text could have changed it (a closed box, an ended sentence or line).
        reason: why there is no answer, for people.
    """

    answer: str | None
    rule: str
    complete: bool
    reason: str = ""


def find_answer(text: str, *, lone_number: bool = False) -> Found | None:
    """The final answer of a completion by the rules of this module; None when no rule finds its mark."""
    visible = _after_thinking(text if text.isascii() else text.translate(TO_ASCII))
    if visible is None:
        return None
    return (
        _boxed(visible)
        or _hashes(visible)
        or _answer_is(visible)
        or _therefore(visible)
        or (_lone(visible) if lone_number else None)
    )


def _after_thinking(text: str) -> str | None:
    _, closed, rest = text.rpartition("</think>")
    if closed:
        return rest
    return None if "<think>" in text else text


def _boxed(text: str) -> Found | None:
    if "box" not in text:
        return None
    boxes, open_at = find_boxes(text)
    if open_at > (boxes[-1][1] if boxes else -1):
        return Found(None, "boxed", False, "the last box is not closed")
    if not boxes:
        return None
    # Self-correction in a later sentence is allowed; boxes in one sentence, or side by side, are a list of guesses.
    start, end = boxes[-1]
    candidates = [content(text, start, end)]
    for earlier_start, earlier_end in reversed(boxes[:-1]):
        between = text[earlier_end + 1 : start]
        if _SENTENCE_END.search(between) and _LETTER.search(_LAYOUT.sub("", between)):
            break
        candidates.append(content(text, earlier_start, earlier_end))
        start = earlier_start
    if _ALSO.match(text, boxes[-1][1] + 1):
        return Found(None, "boxed", False, "another choice is offered beside the last box")
    return _choose(candidates, "boxed", complete=open_at < end)


def _hashes(text: str) -> Found | None:
    marks = list(_HASHES.finditer(text)) if "####" in text else []
    if marks and _EMPTY_HASHES.match(text, text.rindex("####")):
        return Found(None, "####", False, "nothing follows the last '####'")
    return _statement(text, marks[-1:], "####") if marks else None


def _answer_is(text: str) -> Found | None:
    marks = list(_ANSWER_IS.finditer(text))
    return _statement(text, marks, "answer is") if marks else None


def _therefore(text: str) -> Found | None:
    marks = list(_THEREFORE.finditer(text))
    if not marks:
        return None
    begin = _skip_space(text, marks[-1].end())
    stop = _end_of_statement(text, begin)
    statement = text[begin:stop]
    if text[stop:].strip(" \t\r\n.。!$*") or not _VALUE.search(statement):
        return None
    if len(statement) > LONGEST_STATEMENT:
        return Found(statement, "therefore", False)
    return _choose(list(_candidates(_behind_equals(statement))), "therefore", complete=False)


def _behind_equals(statement: str) -> str:
    """Of one equation in words what stands behind its equals sign: "she has 6*7=42 apples". All of it otherwise.

    A formula is not cut in two, since its sides must agree; of several equations none is picked.
    """
    before, equals, after = statement.rpartition("=")
    in_words = _words(statement) or _CHINESE.search(statement)
    # "x \\le 5" has no equals sign of its own.
    if not equals or not in_words or before[-1:] in {"<", ">", "!"} or "$" in after or "\\)" in after:
        return statement
    *_, last = before.split("=")
    several = "=" in before and _PARTS_EQUATIONS.search(last)
    return statement if several or last.strip() == after.strip() else after


def _statement(text: str, marks: list[re.Match[str]], rule: str) -> Found:
    begin = _skip_space(text, marks[-1].end())
    stop = _end_of_statement(text, begin)
    complete = stop < len(text) and (text[stop] in "\n。;" or text[stop + 1 : stop + 2].isspace())
    if stop - begin > LONGEST_STATEMENT:
        return Found(text[begin:stop], rule, complete)
    if stop < len(text) and _ALSO.match(text, stop):
        return Found(None, rule, False, "another choice is offered beside the final statement")
    candidates = list(_candidates(text[begin:stop]))
    # "The answer is 3, no, the answer is 4": two candidates in one sentence.
    for earlier, later in zip(reversed(marks[:-1]), reversed(marks), strict=False):
        between = text[_skip_space(text, earlier.end()) : later.start()]
        if _SENTENCE_END.search(between):
            break
        candidates.extend(NUMBER.findall(between))
    return _choose(candidates, rule, complete=complete)


def _skip_space(text: str, start: int) -> int:
    while start < len(text) and text[start].isspace():
        start += 1
    return start


def _end_of_statement(text: str, begin: int) -> int:
    """Where the sentence that starts at `begin` ends; a formula that starts there is not cut at its points."""
    formula = _MATH.match(text, begin)
    end = _SENTENCE_END.search(text, formula.end() if formula and "\n" not in formula.group().strip() else begin)
    return end.start() if end else len(text)


def _candidates(statement: str) -> Iterator[str]:
    statement = re.sub(r"^\*\*(.+?)\*\*", r"\1", statement.strip()).rstrip("*").strip()
    for part in _OR.split(statement):
        formulas = [next(filter(None, match.groups())).strip() for match in _MATH.finditer(part)]
        # "$18 and saves $5" is money, not a formula.
        formulas = [formula for formula in formulas if not (formula[:1].isdigit() and _words(formula))]
        if formulas and re.match(r"\s*(?:[A-Za-z]\s*=\s*)?(?:\$|\\[(\[])", part):
            yield from formulas if _goes_on(part) else [part]
        elif "\\" not in part and (_CHINESE.search(part) or _words(part)):
            yield from _in_words(part)
        else:
            yield part


def _goes_on(part: str) -> bool:
    """Whether the first word behind the last formula of a statement only goes on with its sentence."""
    *_, formula = _MATH.finditer(part)
    word = _FIRST_WORD.match(part, formula.end())
    return word is None or may_go_on(word[1])


def _in_words(sentence: str) -> Iterator[str]:
    """The one number of a sentence with what follows it, all its numbers when they differ, or the sentence."""
    numbers = list(NUMBER.finditer(sentence))
    if len({_same(number.group()) for number in numbers}) > 1:
        yield from dict.fromkeys(_same(number.group()) for number in numbers)
        return
    if not numbers:
        yield sentence
        return
    start = numbers[0].start()
    while start and sentence[start - 1] in "$€£¥":
        start -= 1
    before = sentence[:start]
    yield sentence[start:] if before.strip() and leads(before) else sentence


def _words(text: str) -> list[str]:
    return [word for word in _WORD.findall(text) if word.lower() not in _FUNCTIONS]


def _lone(text: str) -> Found | None:
    """The one number of a text, where every clause that holds it says that it is the answer."""
    numbers = [number.strip() for number in NUMBER.findall(text)]
    if len({_same(number) for number in numbers}) != 1:
        return _choose(numbers, "lone number", complete=False) if numbers else None
    clauses = [clause for clause in _CLAUSE_END.split(text) if NUMBER.search(clause)]
    return _choose([one for clause in clauses for one in _candidates(clause)], "lone number", complete=False)


def _same(candidate: str) -> str:
    """A key under which two spellings of one candidate meet."""
    return re.sub(r"[\s$,*]|\\[!,;: ]|\.$", "", candidate)


def _choose(candidates: list[str], rule: str, *, complete: bool) -> Found:
    different = {_same(candidate): candidate.strip() for candidate in reversed(candidates)}
    if len(different) > 1:
        return Found(None, rule, complete, f"the final statement offers {len(different)} different answers")
    answer = candidates[0].strip() if candidates else ""
    if not answer or not _same(answer):
        return Found(None, rule, complete, f"nothing follows the mark of rule '{rule}'")
    return Found(answer, rule, complete)
