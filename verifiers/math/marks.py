"""What says in a text that its final answer follows: patterns, each from the sign up to where the answer begins."""

from __future__ import annotations

import re

# A title is no longer before its last word.
_LONGEST_BEFORE = 60
_BOLD = r"(?:\*\*|__|[*_])?"
# "**Answer:** 43", not the power of "answer: **2".
_CLOSED = r"(?:\*\*(?=\s))?"
# A number, a formula, the letter of a choice, a word with a capital.
_VALUE_AHEAD = r"(?=[\s*$]*(?:[-+]?[$€£¥\[(]*[0-9.]|\\|\(?[A-Z]|(?:that|option|choice|equal)\b))"
_LETTER_AHEAD = (
    r"(?=[\s$*(\\{]*(?:(?:text|textbf|mathrm|mathbf|boldsymbol)\s*\{\s*\(?\s*)?[A-J]"
    r"(?:[\s$*)}.,;:。、]|[选项]|(?![A-Za-z0-9])))"
)

# Both begin with one set of letters: a search for that is fast. `answer_marks` looks at what stands before.
_ENGLISH = re.compile(
    r"[AaOoCcLl](?:(?:(?<=[Aa])nswer|(?<=A)NSWER)(?:[sS](?![A-Za-z])|(?![A-Za-z]))"
    rf"{_BOLD}(?:"
    r"(?i:(?:\s+to\s+(?:the|this|your)\s+(?:question|problem))?\s*(?:(?:is|are|equals)\b|[:=](?!>))\s*:?"
    rf"(?:\s*(?:therefore|thus|then|simply|indeed|hence)\b,?)?){_CLOSED}"
    # "The answer should be positive" is a thought on the way.
    r"|(?i:\s+(?:(?:should|would|will|must)\s+be|(?:comes|turns|works)\s+out\s+(?:to\s+be|to|as|at))\b\s*:?)"
    rf"{_VALUE_AHEAD}"
    r"|(?P<arrow>[ \t]+(?:-+|[\u2013\u2014]+)[ \t]+|[ \t]*\u2014[ \t]*|[ \t]*(?:[=-]+>|\u2192|\u21d2)[ \t]*)"
    rf"{_VALUE_AHEAD})"
    r"|(?:(?<=[Oo])ption|(?<=[Cc])hoice|(?<=[Ll])etter)"
    r"(?:(?<=(?:[Cc]orrect|CORRECT) ......)|(?<=[Rr]ight ......)|(?<=[Bb]est ......))"
    rf"{_BOLD}\s*(?:(?:is|(?:should|would|must)\s+be)\b|:)\s*:?{_LETTER_AHEAD})"
)
_A = re.compile(rf"^[ \t]*(?:\*\*)?A(?:\*\*)?:{_CLOSED}", re.MULTILINE)
_CHINESE = re.compile(
    r"^[ \t]*(?:\*\*)?答(?:\*\*)?:(?:\*\*)?"
    rf"|^[ \t]*(?:\*\*)?选(?:择)?:?{_LETTER_AHEAD}"
    rf"|答案{_BOLD}(?:应该是|应当是|应为|应是|就是|等于|是|为|:)\s*:?{_CLOSED}"
    r"|(?:(?<!不)(?:故|应该?|该|所以|因此|因而|[本此这]题|答案|综上所述|综上|则)[,:]?\s*(?:正确)?选(?:择|项)?"
    r"|正确的?选项|答案选?)"
    rf"{_BOLD}\s*(?:应该是|应为|应是|就是|是|为|:)?\s*:?{_LETTER_AHEAD}",
    re.MULTILINE,
)
# A line that is nothing but a title.
_TITLE = re.compile(rf"[Aa答](?:(?<=[Aa])nswers?|(?<=A)NSWERS?|(?<=答)案){_BOLD}:?{_BOLD}[ \t]*\n")
_BEFORE_TITLE = re.compile(
    r"[ \t>#*_]*(?i:(?:(?:the|my|your)\s+)?(?:(?:final|correct)\s+)?)|[ \t>#*_]*(?:最终|最后|正确)?"
)
# An answer that is talked about and not given.
_OF_ANOTHER = re.compile(
    r"(?i:\b(?:wrong|incorrect|false|tempting|naive|student's|first|initial|previous|earlier)"
    r"|\b(?:if|suppose|supposing|assume|assuming|imagine|unless|(?:'d|would|might|may|could)\s+(?:think|say|guess))"
    r"\s+(?:that\s+)?(?:the|my|our)(?:\s+(?:final|correct))?)\s+\Z"
)


def answer_marks(text: str) -> list[re.Match[str]]:
    """Where the text says that the answer follows, in order; each match ends where it may begin."""
    marks = [
        one
        for one in _ENGLISH.finditer(text)
        if not (
            text[one.start() - 1 : one.start()].isalpha()
            or (one["arrow"] and not _begins_a_line(text, one.start()))
            or _OF_ANOTHER.search(text, max(0, one.start() - _LONGEST_BEFORE), one.start())
        )
    ]
    if "A:" in text or "A**:" in text:
        marks += _A.finditer(text)
    if not text.isascii():
        marks += _CHINESE.finditer(text)
    return marks if len(marks) < 2 else sorted(marks, key=re.Match.start)


def title(text: str, start: int) -> re.Match[str] | None:
    """The last line behind `start` that is nothing but a title, "**Final Answer**"; its match ends behind it."""
    if text.find("\n", start) < 0:
        return None
    titles = [one for one in _TITLE.finditer(text, start) if _begins_a_line(text, one.start())]
    return titles[-1] if titles else None


def _begins_a_line(text: str, start: int) -> bool:
    before = text[max(text.rfind("\n", 0, start) + 1, start - _LONGEST_BEFORE) : start]
    return _BEFORE_TITLE.fullmatch(before) is not None


# The beginning of a closing sentence. "So" and labels only where a sentence begins.
_THEREFORE = re.compile(
    r"(?:因此|所以|故|综上所述|综上|(?<![A-Za-z])(?:[Tt]herefore|THEREFORE|[Tt]hus|THUS|[Hh]ence|HENCE|[Cc]onsequently)\b)"
    r"[ \t]*[,:]?"
    r"|(?P<first>(?<![A-Za-z])(?:So|In total|In conclusion|In the end|Finally|Altogether|Overall|As a result|"
    r"This means(?: that)?)\b[ \t]*[,:]?"
    r"|(?<![A-Za-z])(?:[Rr]esult|RESULT|[Tt]otal(?:\s+(?:amount|cost|number|sum))?|TOTAL|[Ss]um|[Vv]alue|[Aa]mount|"
    r"[Aa]ltogether|[Cc]onclusion)"
    rf"{_BOLD}[ \t]*(?::|=|\bis\b|\bequals\b)[ \t]*:?(?:\*\*)?"
    r"|(?:最终|最后)?(?:结果|总计|合计|总共|一共|得数)[ \t]*(?:[:=是为]|(?=[$0-9])))"
)
_BEGINS_A_SENTENCE = re.compile(r"(?:\A|[.!?;:]\s|[\n。;])[ \t>#*_-]*(?i:(?:(?:the|my|final|overall|grand|in)\s+)*)\Z")


def closing_mark(text: str, start: int) -> re.Match[str] | None:
    """The last mark of a closing sentence behind `start`; its match ends where the answer may begin."""
    found = None
    for one in _THEREFORE.finditer(text, start):
        before = text[max(0, one.start() - _LONGEST_BEFORE) : one.start()]
        if one["first"] is None or _BEGINS_A_SENTENCE.search(before):
            found = one
    return found


# "5!" is a factorial before most things; a point before a digit is a decimal point.
SENTENCE_END = re.compile(r"\n|[。;]|[!?](?=\s|\Z|[\u4e00-\u9fff])|\.(?![0-9])|,(?=[\u4e00-\u9fff])")
CLAUSE_END = re.compile(rf"{SENTENCE_END.pattern}|,(?![0-9])")
# Behind the final statement: another choice beside it.
ALSO = re.compile(
    r"[\s.,;:。*$)\]}\\]*(?:(?i:or|maybe|perhaps|possibly)\s+(?i:maybe\s+|perhaps\s+|possibly\s+)?\(?[A-J]\)?(?![A-Za-z])"
    r"|\(?[A-J]\)?\s+(?:is|are|works|could|may|might)\s+(?:also|too|be|as)\b|\(?[A-J]\)?也|或者?\s*[A-J])"
)
# Behind it: another form of the value, or another value; a question mark.
OR_ANOTHER = re.compile(
    r"[\s.,*$)\]}\\]*(?:(?i:or)\s+(?:(?i:maybe|perhaps|possibly)\s+)?)\$?(?P<value>-?[0-9][0-9,./]*)"
)
ASKED = re.compile(r"[\s*$)\]}\\]*\?")
# Behind it: another value in its place.
_BETWEEN = r"[\s.,;:!*$)\]}\\-]*"
RETRACTED = re.compile(
    rf"{_BETWEEN}(?:(?i:no|wait|actually|oops|sorry|correction|alternatively|or rather|i mean|hmm+)\b[\s,.:!-]*){{1,3}}"
    r"(?i:it(?:'s|\s+is|\s+should\s+be)|that(?:'s|\s+is)|(?:the|my)\s+(?:correct\s+|right\s+)?"
    r"(?:value|result|answer|total)\s+(?:is|should\s+be))?[\s*$]*(?P<value>[-+]?[0-9][0-9,./]*)"
    rf"|{_BETWEEN}(?i:it\s+is|it's)\s+(?:(?i:really|in\s+fact|actually)\s+)?(?P<other>[-+]?[0-9][0-9,./]*)[.!*$\s]*\Z"
)
# Behind it, and at the end: what was said is called wrong.
DENIED = re.compile(
    r"[\s.,;:!*$)\]}\u3002-]*(?:(?:\u8fd9|\u90a3)?(?:\u662f)?(?:\u9519(?:\u7684|\u8bef|\u4e86)*|\u4e0d\u5bf9)"
    r"|(?i:(?:no,?\s+)?(?:(?:that|this|it)(?:\s+is|'s|\s+was)\s+)?(?:wrong|incorrect|not\s+(?:right|correct|true))))"
    r"[\s.!*\u3002]*\Z"
)
