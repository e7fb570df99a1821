r"""Answers that are the letter of a choice: `C`, `(C)`, `C. 12 apples`, `\textbf{(C)}\ 12`, Option C, 选项C."""

from __future__ import annotations

import re

from verifiers.math.labels import same_label

_BARE = re.compile(r"(?:\(([A-Z])\)|([A-Z])|\(([A-Z])|([A-Z])\))[.:]?")
_NAMED = re.compile(
    r"(?i:(?:the\s+)?(?:correct\s+)?(?:option|choice|letter)\s*:?\s*|选项?\s*:?\s*|选择\s*)(?:\(([A-Z])\)|(?<![A-Za-z])([A-Z]))[.:]?"
    r"|(?:\(([A-Z])\)|([A-Z]))\s*选?项"
)
_WITH_TEXT = re.compile(r"(?:(?i:option|choice)\s+)?(?:\(([A-Z])\)|([A-Z])(?:[).:]))(?:\s+(?P<text>.*))?", re.DOTALL)
# Only of an answer: an expected "A, C" is two letters.
_EXPLAINED = re.compile(r"(?:\(([A-Z])\)|([A-Z]))(?:,|(?=\s+(?:because|since)\b))\s+(?P<text>.*)", re.DOTALL)
# `\text{(C)}`, `\textbf{C. }`, `\boldsymbol{(C)}` before the text of the choice.
_MARKED_UP = re.compile(
    r"\\(?:text|textbf|textit|textrm|mathrm|mathbf|boldsymbol|bm)\s*\{\s*(\([A-Z]\)|[A-Z][).:]?)\s*"
)
# Behind the letter of a choice: another letter, or a word that says there may be another.
_ANOTHER = re.compile(
    r"(?<![A-Za-z])[B-HJ-Zb-h](?![A-Za-z])|\([A-Za-z]\)|(?<![A-Za-z])A(?:[).:}]|$)|[\u24b6-\u24e9]"
    # No article, which a noun follows.
    r"|(?<![A-Za-z])A(?=\s+(?:is|it|was|are|seems|as|for|by|to|too|only)(?![A-Za-z]))"
    r"|(?<![A-Za-z])(?i:or|and|not|no|nor|but|also|too|either|neither|both|maybe|perhaps|possibly|probably|likely|"
    r"unless|except|others?|another|else|instead|options?|choices?|answers?|letters?|first|second|third|fourth|last|all|none|any|"
    r"same|fine|works?|could|might|may|unsure|guess|wrong|incorrect|false|former|latter|previous|preceding|alternatively)(?![A-Za-z])"
    r"|[或和与也都不非没可能]|[甲乙丙丁]|[?;]"
)


def choice_of(text: str, *, expected: bool = False) -> tuple[str, str]:
    """The letter of the choice that a tidied text makes and what it says behind it; ("", "") for none."""
    if match := _MARKED_UP.match(text):
        # The text of the choice stands behind the markup or inside it.
        rest = text[match.end() :]
        rest = rest.removeprefix("}") if rest.startswith("}") else rest.removesuffix("}")
        letter = match[1] if match[1][-1] in ").:" else f"{match[1]}."
        text = f"{letter} {rest.strip()}".strip()
    for pattern in (_BARE, _NAMED, _WITH_TEXT, *(() if expected else (_EXPLAINED,))):
        if match := pattern.fullmatch(text):
            letter = next(group for group in match.groups() if group)
            return letter, (match.groupdict().get("text") or "").strip()
    return "", ""


def same_choice(expected: tuple[str, str], answer: str) -> bool:
    """Whether an answer makes the expected choice, names no other and says the same text where both have one."""
    letter, said = choice_of(answer)
    if letter != expected[0]:
        return False
    if expected[1] and said and same_label(expected[1], said):
        return True
    return not (expected[1] and said) and not _ANOTHER.search(said)
