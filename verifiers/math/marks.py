"""What says in a text that its final answer follows: patterns, each from the sign up to where the answer begins."""

from __future__ import annotations

import re

_BOLD = r"(?:\*\*|__|[*_])?"
# "**Answer:** 43", not the power of "answer: **2".
_CLOSED = r"(?:\*\*(?=\s))?"
_TITLE = r"(?:(?:the|my|your)\s+)?(?:(?:final|correct)\s+)?answers?"
_ARROW = r"[ \t]+(?:-+|[\u2013\u2014]+)[ \t]+|[ \t]*\u2014[ \t]*|[ \t]*(?:[=-]+>|\u2192|\u21d2)[ \t]*"
# A number, a formula, the letter of a choice, a word with a capital.
_VALUE_AHEAD = r"(?=[\s*$]*(?:[-+]?[$€£¥\[(]*[0-9.]|\\|\(?[A-Z]|(?:that|option|choice|equal)\b))"
_LETTER_AHEAD = (
    r"(?=[\s$*(\\{]*(?:(?:text|textbf|mathrm|mathbf|boldsymbol)\s*\{\s*\(?\s*)?[A-J]"
    r"(?:[\s$*)}.,;:。、]|[选项]|(?![A-Za-z0-9])))"
)

ANSWER_IS = re.compile(
    rf"(?i:(?<![A-Za-z])answers?(?![A-Za-z]){_BOLD}(?:\s+to\s+(?:the|this|your)\s+(?:question|problem))?\s*(?:(?:is|are|equals)\b|[:=](?!>))\s*:?"
    rf"(?:\s*(?:therefore|thus|then|simply|indeed|hence)\b,?)?{_CLOSED})"
    # "The answer should be positive" is a thought on the way.
    rf"|(?i:\banswers?(?![A-Za-z]){_BOLD}\s+(?:(?:should|would|will|must)\s+be|(?:comes|turns|works)\s+out\s+(?:to\s+be|to|as|at))\b"
    rf"\s*:?){_VALUE_AHEAD}"
    rf"|(?i:^[ \t>#*_]*{_TITLE}){_BOLD}(?:{_ARROW}){_VALUE_AHEAD}"
    rf"|(?i:\b(?:correct|right|best)\s+(?:option|choice|letter){_BOLD}\s*(?:(?:is|(?:should|would|must)\s+be)\b|:)\s*:?)"
    rf"{_LETTER_AHEAD}"
    rf"|^[ \t]*(?:\*\*)?A(?:\*\*)?:{_CLOSED}"
    rf"|^[ \t]*(?:\*\*)?答(?:\*\*)?:(?:\*\*)?"
    rf"|答案{_BOLD}(?:应该是|应当是|应为|应是|就是|等于|是|为|:)\s*:?{_CLOSED}"
    rf"|(?:(?<!不)(?:故|应该?|该|所以|因此|因而|[本此这]题|答案|综上所述|综上|则)[,:]?\s*(?:正确)?选(?:择|项)?|正确的?选项|答案选?)"
    rf"{_BOLD}\s*(?:应该是|应为|应是|就是|是|为|:)?\s*:?{_LETTER_AHEAD}",
    re.MULTILINE,
)  # fmt: skip
# A line that is nothing but a title; what follows is the answer where that is one line.
TITLE = re.compile(
    rf"(?i:^[ \t>]*(?:#+[ \t]*)?{_BOLD}{_TITLE}{_BOLD}:?{_BOLD}[ \t]*\n)"
    rf"|^[ \t>]*(?:#+[ \t]*)?{_BOLD}(?:最终|最后|正确)?答案{_BOLD}:?{_BOLD}[ \t]*\n",
    re.MULTILINE,
)
_LABEL = (
    r"(?:(?:the|my|final|overall|grand)\s+)*"
    r"(?:result|total|sum|value|amount|total\s+(?:amount|cost|number|sum)|in\s+total|altogether|conclusion)"
)
# The beginning of a closing sentence. "So" and labels only where a sentence begins.
THEREFORE = re.compile(
    r"(?:因此|所以|故|综上所述|综上|(?i:\b(?:therefore|thus|hence|consequently)\b))[ \t]*[,:]?"
    r"|(?:^|(?<=[.!?;:。] )|(?<=[。;]))[ \t>#*_-]*(?:"
    r"(?:So|In total|In conclusion|In the end|Finally|Altogether|Overall|As a result|This means(?: that)?)\b[ \t]*[,:]?"
    rf"|(?i:{_LABEL}){_BOLD}[ \t]*(?::|=|\bis\b|\bequals\b)[ \t]*:?(?:\*\*)?"
    r"|(?:最终|最后)?(?:结果|总计|合计|总共|一共|得数)[ \t]*(?:[:=是为]|(?=[$0-9])))",
    re.MULTILINE,
)
# "5!" is a factorial before most things; a point before a digit is a decimal point.
SENTENCE_END = re.compile(r"\n|[。;]|[!?](?=\s|\Z|[\u4e00-\u9fff])|\.(?![0-9])|,(?=[\u4e00-\u9fff])")
CLAUSE_END = re.compile(rf"{SENTENCE_END.pattern}|,(?![0-9])")
# Behind the final statement: another choice beside it.
ALSO = re.compile(
    r"[\s.,;:。*$)\]}\\]*(?:(?i:or|maybe|perhaps|possibly)\s+(?i:maybe\s+|perhaps\s+|possibly\s+)?\(?[A-J]\)?(?![A-Za-z])"
    r"|\(?[A-J]\)?\s+(?:is|are|works|could|may|might)\s+(?:also|too|be|as)\b|\(?[A-J]\)?也|或者?\s*[A-J])"
)
