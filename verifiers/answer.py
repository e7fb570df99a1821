r"""Finds the final answer in a completion. Pure text work: nothing is evaluated, every scan is linear.

Full-width forms (Chinese punctuation and digits) are read as their ASCII twins.
Where a completion holds `</think>`, only what follows the last one counts; an open `<think>` answers nothing.
The rules are tried in this order and the first one that finds its mark decides:

1. `tag`: the last `<answer>...</answer>`, where no box stands behind it; within it the other rules hold.
2. `boxed`: the last `\boxed{...}` (or `\fbox{...}`).
3. `####`: what follows the last `####` that is not a headline: it starts like a number or a formula.
4. `answer is`: what follows the last of "answer is", "answer should be", "Answer:", "Answer - ", "A:" and 答: (at the
   start of a line), a line "Final Answer", "correct option is", 答案是, 答案为, 答案:, and of 正确选项是, 故选 before
   the letter of a choice, up to the end of the sentence or line (`verifiers.math.marks`).
5. `therefore`: the last sentence of the text, when it begins with 因此, 所以, 故, 综上, therefore, thus, hence, so, in
   total or a label ("Result:") and holds a number or a formula; an equation in it is read whole, since its sides must
   agree.
6. `closing`: the last sentence of the text, when it says of something what it is ("The area is \(9\pi\).") or which
   choice is right ("Option C is correct.").
7. `whole`: a text of one line that is a number, a formula, an amount or the letter of a choice and no more.
8. `lone number`: only on request, and only when the whole text holds one number (it may be repeated).

A statement that is a question, or that is taken back right behind it ("Wait, it is 20"), is no answer; nor is one that
is called wrong, supposed or of somebody else ("a wrong answer is").

A last mark that is cut off or empty (`\boxed{`, `####`, "the answer is") is no answer, whatever stands before it.

Of a sentence in words with one number in it ("she has 18 apples left", 一共有5个苹果) that number with what follows is
the answer, when all words before it are of a closed list that says no more than that (`verifiers.math.phrases.leads`):
not "close to 5", "the successor of 5", 至少5. A final statement that offers several different candidates ("3 or 4", two
different boxes in one sentence or without a word between, "43 because 36+7=43") is no answer: the judge does not pick
for the policy. Across sentences the last one counts. What the boxes of one last sentence hold together, and the choice
that stands behind a box, are told beside the answer: which of them counts depends on what is expected.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from itertools import pairwise

from verifiers.math.boxes import begin, content, find_boxes
from verifiers.math.marks import (
    ALSO,
    ASKED,
    CLAUSE_END,
    DENIED,
    OR_ANOTHER,
    RETRACTED,
    SENTENCE_END,
    answer_marks,
    closing_mark,
    title,
)
from verifiers.math.statements import LONGEST_STATEMENT, MATH, NUMBER, offered, same

# One character to one: positions stay. U+2212 is the minus sign, U+FFE5 the full-width yen sign.
TO_ASCII = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {
    0x00A0: " ",
    0x2212: "-",
    0x3000: " ",
    0xFFE5: "\u00a5",
}

_TAG = re.compile(r"<(/?)answer>", re.IGNORECASE)
_EMPTY_HASHES = re.compile(r"####[ \t]*(?:\n|\Z)")
_LAYOUT = re.compile(r"\\[A-Za-z]+")
# x = 18, m+n = 18, AB = BC = 18, P(A) = 18
_LEFT = r"[A-Za-z](?:(?:[-+]?[A-Za-z0-9_]{1,3}){0,2}|\([^()=\n]{1,20}\))\s*=(?!=)"
_HASHES = re.compile(rf"####[ \t]*(?=(?:\*\*)?[-+$€£¥\\(\[{{.0-9=]|{_LEFT})")
_VALUE = re.compile(r"[0-9]|\\[A-Za-z]|[一二三四五六七八九十百]")
_LETTER = re.compile(r"[A-Za-z\u4e00-\u9fff]")
# One value and no more: it begins like one, or it is the letter of a choice.
_WHOLE = re.compile(rf"[\s*=$]*(?:[-+]?[$€£¥]?\s*\.?[0-9]|\\|[-+]?[(\[{{]|{_LEFT}|\(?[A-J]\)?[.):]?[\s*$]*\Z)")
# "The area of the circle is $9\pi$", and which choice is right.
_SAYS_WHAT_IT_IS = re.compile(
    # An answer is for the rules above, who look whose it is.
    r"[>#*_ -]*(?:The|Its|Their|His|Her|Our|This|That|It)\b(?:(?!answer)[^.!?;:\n]){0,150}?"
    r"\b(?:(?:is|equals)\b:?[ *]*(?=[-+]?[$\u20ac\u00a3\u00a5\[(]*\.?[0-9]|\$|\\[(\[A-Za-z])|are\b:?[ *]*(?=\$|\\\())",
)
_RIGHT_CHOICE = re.compile(
    r"[>#*_ -]*(?:(?:The\s+)?(?:[Oo]ption|[Cc]hoice|[Aa]nswer)\s+)?\(?(?P<letter>[A-J])\)?(?:\*\*)?\s+is\s+(?:the\s+)?"
    r"(?:only\s+)?(?:correct|right|best)(?:\s+(?:answer|option|choice|one))?"
)
_LONGEST_CLOSING = 1_000
_LONGEST_WHOLE = 200
# Between the boxes of a list.
_JOINS = re.compile(r"(?:[\s,;$和或与且]|\\[(),; ]|\\q?quad|\band\b|\bor\b|[a-z](?:_\{?[0-9]\}?)?\s*=)*")
_MOST_FORMS = 3
# Of a list without brackets.
_MOST_MEMBERS = 20
_END = " \t\r\n.。!$*"
_CHOICE_AND_TEXT = re.compile(r"\*\*\(?[A-J]\)?\.(?=[^*\n]*\*\*)|\(?[A-J]\)?\.(?=\s+[-$\\0-9])")
_STATED = re.compile(
    r"\s*(?:\\(?:text|textbf|mathrm|mathbf|boldsymbol)\s*\{\s*)?(?:[Oo]ption\s+|[Cc]hoice\s+)?(?:\([A-Z]\)|[A-Z](?![A-Za-z'])).*",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Found:
    """The final statement of a completion.

    Attributes:
        answer: its text, or None when it offers several candidates or nothing.
        rule: the name of the rule that found it.
        complete: no further text could have changed it (a closed box, an ended sentence or line).
        reason: why there is no answer, for people.
        members: what the boxes hold, where the text has several and all of them stand in its last sentence.
        forms: what a final statement offers in place of one answer ("3/4 or 0.75").
        choice: what an answer mark behind the last box says, where that is the letter of a choice.
    """

    answer: str | None
    rule: str
    complete: bool
    reason: str = ""
    members: tuple[str, ...] = ()
    forms: tuple[str, ...] = ()
    choice: str = ""


def find_answer(text: str, *, lone_number: bool = False) -> Found | None:
    """The final answer of a completion by the rules of this module; None when no rule finds its mark."""
    visible = after_thinking(text if text.isascii() else text.translate(TO_ASCII))
    if visible is None:
        return None
    tagged = _tagged(visible, lone_number) if "<" in visible else None
    return tagged or _by_marks(visible, lone_number)


def _by_marks(text: str, lone_number: bool) -> Found | None:
    return (
        last_box(text)
        or _hashes(text)
        or _answer_is(text)
        or _therefore(text)
        or _closing(text)
        or _whole(text)
        or (_lone(text) if lone_number else None)
    )


def after_thinking(text: str) -> str | None:
    """The part that counts: what follows the last `</think>`; None where a `<think>` is still open."""
    _, closed, rest = text.rpartition("</think>")
    if closed:
        return rest
    return None if "<think>" in text else text


def last_tag(text: str) -> Found | None:
    """What the last pair of tags holds, as it is (rule 1); None where there is none, or a box behind it decides."""
    tags = list(_TAG.finditer(text))
    opening = [tag for tag in tags if not tag[1]]
    if not opening:
        return None
    last = opening[-1]
    closing = next((tag for tag in tags if tag[1] and tag.start() > last.start()), None)
    inside = text[last.end() : closing.start() if closing else len(text)]
    if closing and "\\boxed" in text[closing.end() :]:
        return None
    if len(opening) > 1 and not _LETTER.search(_TAG.sub("", text[opening[-2].end() : last.start()])):
        earlier = text[opening[-2].end() : last.start()].partition("</")[0]
        if same(earlier) != same(inside):
            return Found(None, "tag", False, "two answers are offered side by side")
    return Found(inside, "tag", closing is not None)


def _tagged(text: str, lone_number: bool) -> Found | None:
    tag = last_tag(text)
    if tag is None or tag.answer is None:
        return tag
    found = _by_marks(tag.answer, lone_number) or _choose(list(offered(tag.answer)), "tag", complete=False)
    return replace(found, complete=tag.complete)


def last_box(text: str) -> Found | None:
    """What the last box holds (rule 2); None where there is no box."""
    if "box" not in text:
        return None
    boxes, open_at = find_boxes(text)
    if open_at > (boxes[-1][1] if boxes else -1):
        return Found(None, "boxed", False, "the last box is not closed")
    if not boxes:
        return None
    # Self-correction in a later sentence is allowed; boxes in one sentence, or side by side, are a list of guesses.
    start, end = boxes[-1]
    guesses = [content(text, start, end)]
    for earlier_start, earlier_end in reversed(boxes[:-1]):
        between = text[earlier_end + 1 : start]
        if SENTENCE_END.search(between) and _LETTER.search(_LAYOUT.sub("", between)):
            break
        guesses.append(content(text, earlier_start, earlier_end))
        start = earlier_start
    if ALSO.match(text, boxes[-1][1] + 1):
        return Found(None, "boxed", False, "another choice is offered beside the last box")
    if ASKED.match(text, boxes[-1][1] + 1):
        return Found(None, "boxed", False, "the last box is a question")
    if also := OR_ANOTHER.match(text, boxes[-1][1] + 1):
        guesses.append(also["value"].rstrip(".,/"))
        return _offered_forms(guesses, "boxed")
    if _is_retracted(text, boxes[-1][1] + 1, guesses[0]):
        return Found(None, "boxed", False, "the last box is taken back")
    found = _choose(guesses, "boxed", complete=open_at < end)
    if len(boxes) > 1:
        return replace(found, members=_members(text, boxes))
    return replace(found, choice=_choice_behind(text[boxes[-1][1] + 1 :]))


def _members(text: str, boxes: list[tuple[int, int]]) -> tuple[str, ...]:
    """What the boxes hold, where only commas, "and", "or" and names part them and no sentence follows the last one."""
    if len(boxes) > _MOST_MEMBERS or text[boxes[-1][1] + 1 :].strip(_END + "\\)]"):
        return ()
    for (_, end), (start, _) in pairwise(boxes):
        between = text[end + 1 : begin(text, start)]
        if SENTENCE_END.search(between) or not _JOINS.fullmatch(between):
            return ()
    return tuple(content(text, start, end).strip() for start, end in boxes)


def _choice_behind(text: str) -> str:
    """The letter of a choice that an answer mark behind a box states ("**Answer: D**"), "" for none."""
    found = _answer_is(text) if _LETTER.search(text) else None
    stated = (found.answer or "").strip("*$ ") if found else ""
    return stated if _STATED.fullmatch(stated) else ""


def _hashes(text: str) -> Found | None:
    marks = list(_HASHES.finditer(text)) if "####" in text else []
    if marks and _EMPTY_HASHES.match(text, text.rindex("####")):
        return Found(None, "####", False, "nothing follows the last '####'")
    return _statement(text, marks[-1:], "####") if marks else None


def _answer_is(text: str) -> Found | None:
    marks = answer_marks(text)
    headline = title(text, marks[-1].end() if marks else 0)
    # A title above a whole text says nothing about its first line.
    if headline and "\n" not in text[headline.end() :].strip(" \t\r\n$"):
        return _statement(text, [headline], "answer is")
    return _statement(text, marks, "answer is") if marks else None


def _therefore(text: str) -> Found | None:
    mark = closing_mark(text, max(0, len(text) - _LONGEST_CLOSING))
    if mark is None:
        return None
    begin = _skip_space(text, mark.end())
    stop = _end_of_statement(text, begin)
    statement = text[begin:stop]
    if text[stop:].strip(_END) or not _VALUE.search(statement):
        return None
    return _choose(list(offered(statement)), "therefore", complete=False)


def _closing(text: str) -> Found | None:
    """A last sentence that only says what something is, without a word that it closes the text."""
    body = text[max(0, len(text) - _LONGEST_CLOSING) :].rstrip(_END.replace("$", ""))
    begin = 0
    for end in SENTENCE_END.finditer(body):
        begin = end.end()
    begin = _skip_space(body, begin)
    if choice := _RIGHT_CHOICE.fullmatch(body, begin):
        return Found(choice["letter"], "closing", False)
    if not _SAYS_WHAT_IT_IS.match(body, begin):
        return None
    candidates = list(offered(body[begin:]))
    return None if candidates == [body[begin:]] else _choose(candidates, "closing", complete=False)


def _whole(text: str) -> Found | None:
    """A text that is one value: `18`, `= 18`, `$18`, `18 apples`, `C`."""
    line = text.strip(_END.replace("$", "").replace("*", ""))
    if len(line) > _LONGEST_WHOLE or "\n" in line or not _WHOLE.match(line):
        return None
    if SENTENCE_END.search(line) and not MATH.fullmatch(line):
        return None
    return _choose(list(offered(line.lstrip("= "))), "whole", complete=False)


def _statement(text: str, marks: list[re.Match[str]], rule: str) -> Found:
    begin = _skip_space(text, marks[-1].end())
    stop = _end_of_statement(text, begin)
    complete = stop < len(text) and (text[stop] in "\n。;" or text[stop + 1 : stop + 2].isspace())
    if stop - begin > LONGEST_STATEMENT:
        return Found(text[begin:stop], rule, complete)
    if stop < len(text) and ALSO.match(text, stop):
        return Found(None, rule, False, "another choice is offered beside the final statement")
    if text[stop : stop + 1] == "?":
        return Found(None, rule, False, "the final statement is a question")
    if stop < len(text) and (also := OR_ANOTHER.match(text, stop)):
        return _offered_forms([*offered(text[begin:stop]), also["value"].rstrip(".,/")], rule)
    if stop < len(text) and _is_retracted(text, stop, text[begin:stop]):
        return Found(None, rule, False, "the final statement is taken back")
    guesses = list(offered(text[begin:stop]))
    # "The answer is 3, no, the answer is 4": two candidates in one sentence.
    for earlier, later in zip(reversed(marks[:-1]), reversed(marks), strict=False):
        between = text[_skip_space(text, earlier.end()) : later.start()]
        if SENTENCE_END.search(between):
            break
        guesses.extend(NUMBER.findall(between))
    return _choose(guesses, rule, complete=complete)


def _offered_forms(forms: list[str], rule: str) -> Found:
    """Forms of one answer, of which each must be the expected one; none where there are too many."""
    told = tuple(forms) if len(forms) <= _MOST_FORMS else ()
    return Found(None, rule, False, f"the final statement offers {len(forms)} different answers", forms=told)


def _is_retracted(text: str, end: int, value: str) -> bool:
    """Whether it is called wrong right behind it, or another number put in its place: "Wait, it is 20"."""
    if DENIED.match(text, end):
        return True
    match = RETRACTED.match(text, end)
    number = (match["value"] or match["other"]).rstrip(".,/") if match else ""
    return bool(number) and number not in {same(one.group()) for one in NUMBER.finditer(value)}


def _skip_space(text: str, start: int) -> int:
    while start < len(text) and text[start].isspace():
        start += 1
    return start


def _end_of_statement(text: str, begin: int) -> int:
    """Where the sentence that starts at `begin` ends; a formula that starts there is not cut at its points."""
    formula = MATH.match(text, begin, begin + LONGEST_STATEMENT)
    # A line break ends a sentence, but for one inside of a display.
    whole = formula and ("\n" not in formula.group() or formula.group().startswith(("$$", "\\[")))
    # "**C. 12 apples**", "C. 12": the text of a choice, no sentence of its own.
    choice = None if formula else _CHOICE_AND_TEXT.match(text, begin)
    end = SENTENCE_END.search(text, formula.end() if formula and whole else choice.end() if choice else begin)
    return end.start() if end else len(text)


def _lone(text: str) -> Found | None:
    """The one number of a text, where every clause that holds it says that it is the answer."""
    numbers = [number.strip() for number in NUMBER.findall(text)]
    if len({same(number) for number in numbers}) != 1:
        return _choose(numbers, "lone number", complete=False) if numbers else None
    clauses = [clause for clause in CLAUSE_END.split(text) if NUMBER.search(clause)]
    return _choose([one for clause in clauses for one in offered(clause)], "lone number", complete=False)


def _choose(candidates: list[str], rule: str, *, complete: bool) -> Found:
    different = {same(candidate): candidate.strip() for candidate in reversed(candidates)}
    if len(different) > 1:
        forms = tuple(different.values()) if len(different) <= _MOST_FORMS and rule != "boxed" else ()
        reason = f"the final statement offers {len(different)} different answers"
        return Found(None, rule, complete, reason, forms=forms)
    answer = candidates[0].strip() if candidates else ""
    if not answer or not same(answer):
        return Found(None, rule, complete, f"nothing follows the mark of rule '{rule}'")
    return Found(answer, rule, complete)
