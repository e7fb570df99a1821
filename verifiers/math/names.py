r"""What stands left of an answer and says what is asked, not what it is; and words behind it that bind a letter.

`m+n=204`, `P(A)=\frac34`, `|S|=7`, `\angle A = 90^\circ` by the grammar of `verifiers.math.left_side`;
`\text{Total} = 18`, `Total: 18`, 共18个 by the closed lists of `verifiers.math.phrases`; the point in `P(2,-1)`.

An arithmetic left side is no name: it must have the value, which is for the reader to say; `C(5,2)` and `P(5,2)` are
worked out here.
"""

from __future__ import annotations

import math
import re

from verifiers.math.exact import read_quantity
from verifiers.math.left_side import is_about_things, is_name
from verifiers.math.phrases import leads

# x + c \text{ for any constant } c
_LETTER = r"\$?\s?([A-Za-z])(?:_\{?[0-9]\}?)?\s?\$?"
_CONSTANT = (
    r"(?:(?:any|an?|some|every|all|arbitrary|real|integration) )*(?:constants?|numbers?|integers?)(?: of integration)?"
)
# Every run is bounded, or a text of spaces would cost the cube of its length.
_CONDITION = re.compile(
    rf"[\s,;(]{{0,4}}(?:\\text\s?\{{)?[\s,(]{{0,3}}(?:for|where|with) (?:"
    rf"{_CONSTANT}\s?\}}?\s?{_LETTER}|\}}?\s?{_LETTER}\s?(?:\\text\s?\{{)?\s?(?:is|being) {_CONSTANT})[\s.)}}]{{0,4}}$"
)
_CHINESE_CONDITION = re.compile(r"[\s,(]{0,4}(?:其中)?\s?([A-Za-z])\s?(?:为|是)(?:任意)?(?:实)?常数\)?$")
_MAX_NAMES = 3
_ENGLISH_BEFORE = re.compile(
    r"(?P<before>(?:\\(?:text|textbf|textrm|mathrm|mbox)\s?\{[^{}$0-9]{1,80}\}|[A-Za-z][A-Za-z', ]{1,80}(?=[\s:=]))"
    r"\s{0,2}[:=]?\s{0,2})(?P<mark>)(?=[-+]?\s?[0-9.$\\({\[]|[A-Za-z]\b)"
)
_TEXT = re.compile(r"\\(?:text|textbf|textrm|mathrm|mbox)\s*\{([^{}]*)\}")
_CHINESE_BEFORE = re.compile(
    r"(?P<before>[\u4e00-\u9fff][\u4e00-\u9fff,: ]{0,40}?)\s?(?P<mark>[:=]\s?)?(?=[-+$0-9\\({\[￥¥])"
)
_RATE_BEFORE = re.compile(r"(?:平均)?每(?:小时|分钟|分|秒|天|日|周|月|年|个?人|个|只|本|支|千克|公斤|米|千米)")
_POINT = re.compile(r"[A-Z](?:_\{?[0-9A-Za-z]\}?|')?\s*(?=\([^()=]*(?:\([^()]*\)[^()=]*)*,)")
_ANOTHER_EQUATION = re.compile(r"(?:[,;]|\b(?:and|or)\b|\\q?quad|\\\\|\n).*=", re.DOTALL)
_CHOSEN = re.compile(r"([CPA])\s*\(\s*([0-9]{1,3})\s*,\s*([0-9]{1,3})\s*\)")


def without_name(answer: str) -> str:
    """The answer without the names and words left of it; the same text where nothing there is known to be one."""
    whole = answer
    for _ in range(_MAX_NAMES):
        rest = _without_one(answer)
        if rest is None:
            break
        (name, right), answer = _sides(answer), rest
        if right == rest:
            left, right = _sides(rest)
            # P(A) = 1-P(B) = 3/4 says what P(A) is; P(A) = 1-P(A) = 3/4 says two things.
            if right and name.replace(" ", "") in left.replace(" ", ""):
                return whole
            if right and not is_name(left, right) and is_about_things(left):
                answer = right
    return answer


def without_condition(answer: str) -> str:
    r"""The answer without words behind it that say of one of its letters that it is a constant."""
    for condition in (_CONDITION, _CHINESE_CONDITION):
        if match := condition.search(answer):
            letter = next(filter(None, match.groups()))
            body = answer[: match.start()]
            return body if re.search(rf"(?<![A-Za-z\\]){letter}(?![A-Za-z])", body) else answer
    return answer


def _without_one(answer: str) -> str | None:
    if "=" not in answer and (point := _POINT.match(answer)):
        return answer[point.end() :]
    words = _CHINESE_BEFORE.match(answer) or _ENGLISH_BEFORE.match(answer)
    if words and _are_words(words["before"], words["mark"] or ""):
        return answer[words.end() :]
    left, right = _sides(answer)
    if not right or _ANOTHER_EQUATION.search(right):
        return None
    if chosen := _CHOSEN.fullmatch(left):
        count = math.comb if chosen[1] == "C" else math.perm
        said = read_quantity(right)
        return right if said is not None and said.value == count(int(chosen[2]), int(chosen[3])) else None
    if is_name(left, right):
        return right
    return left if is_name(right, left) else None


def _are_words(before: str, mark: str) -> bool:
    text = _TEXT.sub(r" \1", before).strip()
    if "\u4e00" <= text[:1] <= "\u9fff":
        return leads(f"{text}是") if mark else leads(text) or _RATE_BEFORE.fullmatch(text) is not None
    # One letter is a symbol, or a constant: "i = 5".
    return len(text.rstrip(" :=")) > 1 and leads(text)


def _sides(text: str) -> tuple[str, str]:
    """What stands on either side of the first equals sign that is outside of brackets; ("", "") where none is."""
    depth = 0
    for position, character in enumerate(text):
        if character in "([{":
            depth += 1
        elif character in ")]}":
            depth -= 1
        elif character == "=" and not depth:
            if text[position - 1 : position] in {"<", ">", "!"} or text[position + 1 : position + 2] == "=":
                break
            return text[:position].rstrip(" :"), text[position + 1 :].strip()
    return "", ""
