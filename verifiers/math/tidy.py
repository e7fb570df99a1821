# ruff: noqa: RUF001 (look-alikes of ASCII are what is mended here)
r"""Strips from an answer what carries no meaning: wrappers (`$..$`, `\text{}`, `**..**`), spacing, full-width forms."""

from __future__ import annotations

import re

from verifiers.answer import TO_ASCII
from verifiers.math.markup import without_markup
from verifiers.math.notation import one_notation

_PLAIN = re.compile(r"-?[0-9]{1,18}(?:\.[0-9]{1,18})?")
_WRAPPERS = (
    re.compile(r"\$\$([^$]+)\$\$"),
    re.compile(r"\$([^$]+)\$"),
    re.compile(r"\\\(((?:(?!\\\)).)+)\\\)", re.DOTALL),
    re.compile(r"\\\[((?:(?!\\\]).)+)\\\]", re.DOTALL),
    re.compile(r"\*\*([^*]+)\*\*"),
    re.compile(r"`([^`]+)`"),
    re.compile(
        r"\\(?:f?boxed|text|textbf|textit|textrm|textnormal|mathrm|mathbf|mathit|mathsf|mbox|displaystyle|operatorname)"
        r"\s*\{([^{}]*)\}"
    ),
)
_BOX = re.compile(r"\\f?boxed\s*\{")
_DOLLARS = re.compile(r"(?<!\\)\$")
_MONEY = re.compile(r"\$\s*[0-9][^$]*[A-Za-z]{2}[^$]*\$\s*[0-9]")
_FRACTIONS = re.compile(r"\\[dtc]frac(?![A-Za-z])")
_SHORT_FRACTION = re.compile(r"\\frac\s*([0-9])\s*([0-9])")
_HALF_FRACTION = re.compile(r"\\frac\s*([0-9])\s*\{")
_OTHER_HALF = re.compile(r"(\\frac\s*\{[^{}]*\})\s*([0-9])")
_ROMAN_LETTER = re.compile(
    r"\\(?:mathrm|mathit|text|textit|operatorname|rm)\s*\{\s*([a-z])\s*\}(?=\s*[-+^})*/=,]|\s*$)"
)
_CLOSING = frozenset("})]|")
_SPACES = re.compile(r"(?<!\\)\\[,;:> ]|\\(?:enspace|thinspace)(?![A-Za-z])|[\u2000-\u200a\u202f]|&nbsp;")
# A wide space parts formulas, but for the one before a unit or a word.
_WIDE_SPACE = re.compile(r"\s*\\q?quad(?![A-Za-z])(?:\s*\\q?quad(?![A-Za-z]))*\s*(\\(?:text|mathrm|textrm|mbox)\b)?")
_ENDS = re.compile(r"^(?:\s|\\quad)+|(?:\s|\\quad)+$")
# "5~cm" is "5 cm" in TeX, "~5" is about five.
_TIE = re.compile(r"(?<=[\w})\]$.,%])~")
_RELATION = re.compile(r"[=<>]|\\(?:le|ge|leq|geq|lt|gt|ne|neq)(?![A-Za-z])")
_OPERATOR_AT_END = re.compile(
    r"^[-+*/=<>&,;]|[-+*/=<>&,;(]$|^\\(?:le|ge|leq|geq|lt|gt|ne|neq|cdot|times|approx)(?![A-Za-z])"
)
# Characters that honest output carries at the ends of a text: byte order mark, zero-width space and joiners.
_BLANKS = " \t\r\n\ufeff\u200b\u200c\u200d\u2060"
_EDGES = _BLANKS + ".,;。、，"
_LEADING = re.compile(rf"^(?:[{_BLANKS},;。、，]|\.(?![0-9]))+")
# .5 is 0.5
_BARE_POINT = re.compile(r"(?<![0-9A-Za-z.}\])])\.(?=[0-9])")
_UNICODE = str.maketrans(
    {
        "×": r"\times ", "·": r"\cdot ", "⋅": r"\cdot ", "∙": r"\cdot ", "÷": r"\div ", "±": r"\pm ", "∓": r"\mp ",
        "≤": r"\le ", "≥": r"\ge ", "⩽": r"\le ", "⩾": r"\ge ", "≠": r"\ne ", "≈": r"\approx ", "∞": r"\infty ",
        "π": r"\pi ", "∪": r"\cup ", "∩": r"\cap ", "∈": r"\in ", "∅": r"\emptyset ", "ℝ": r"\mathbb{R}",
        "θ": r"\theta ", "α": r"\alpha ", "β": r"\beta ", "φ": r"\phi ", "λ": r"\lambda ", "μ": r"\mu ",
        "²": "^2", "³": "^3", "½": r"\frac{1}{2}", "¼": r"\frac{1}{4}", "¾": r"\frac{3}{4}", "⅓": r"\frac{1}{3}",
        "⅔": r"\frac{2}{3}", "∕": "/", "⁄": "/", "–": "-", "‐": "-", "‑": "-", "’": "'",
    }
)  # fmt: skip
# "= 18", where only the right side was written.
_LEFT_OUT = re.compile(r"^=(?![=<>])\s*")
_CHECKED = re.compile(r"\s*[✓✔✅■∎]+\s*$")
# "9 x 2 = 18"
_TIMES = re.compile(r"(?<=[0-9)])\s+[xX]\s+(?=[0-9(])")
_ROOT = re.compile(r"√\s*(?:\(([^()]*)\)|([0-9]+|[A-Za-z]))")


def tidy(answer: str) -> str:
    r"""One spelling for what means the same: `\dfrac` is `\frac`, `{,}` a comma, `²` a power.

    Linear in the answer's length but for wrappers, which are at most a few deep.
    """
    if _PLAIN.fullmatch(answer):
        return answer
    text = _strip(answer)
    if not text.isascii():
        text = _CHECKED.sub("", text.translate(TO_ASCII).translate(_UNICODE))
        text = _strip(_ROOT.sub(_root, text))
    text = _unwrapped(text)
    text = _tidy_commands(text) if "\\" in text or "{" in text else one_notation(text)
    if "$" in text and not len(_DOLLARS.findall(text)) % 2:
        # "$125$ miles": what is left after the wrappers around the whole are formulas inside it.
        text = _unwrap(text)
        text = _DOLLARS.sub(" ", text) if not _MONEY.search(text) else text
    if r"\(" in text:
        text = text.replace(r"\(", " ").replace(r"\)", " ")
    if "~" in text:
        text = _TIE.sub(" ", text)
    if "\n" in text:
        text = _lines(text)
    if "=" in text:
        text = _TIMES.sub(r" \\times ", _LEFT_OUT.sub("", text))
    if "." in text:
        text = _BARE_POINT.sub("0.", text)
    return _unwrapped(text)


def _root(match: re.Match[str]) -> str:
    return f"\\sqrt{{{match[1] or match[2]}}}"


def _letter(match: re.Match[str]) -> str:
    r"""The letter of `\mathrm{e}`; the whole of `18\text{ m}`, which is a unit and no factor."""
    before = match.string[: match.start()].rstrip()
    is_behind = before[-1:].isalnum() or before[-1:] in _CLOSING
    is_unit = match[1] in "msghl" and match.end() == len(match.string) and is_behind
    return match[0] if is_unit else f"{' ' if before[-1:].isalpha() else ''}{match[1]}"


def _tidy_commands(text: str) -> str:
    text = without_markup(text)
    text = _FRACTIONS.sub(r"\\frac", text)
    text = _SHORT_FRACTION.sub(r"\\frac{\1}{\2}", text)
    text = _HALF_FRACTION.sub(r"\\frac{\1}{", text)
    text = _OTHER_HALF.sub(r"\1{\2}", text)
    text = one_notation(_ROMAN_LETTER.sub(_letter, text))
    text = text.replace(r"\%", "%").replace(r"\!", "").replace("{,}", ",").replace(r"\lbrace", r"\{")
    text = text.replace(r"\rbrace", r"\}")
    text = _WIDE_SPACE.sub(lambda match: f" {match[1]}" if match[1] else r" \quad ", text)
    return _ENDS.sub("", _SPACES.sub(" ", text))


def _lines(text: str) -> str:
    """Lines of which each is a whole equation or inequality, parted as by wide spaces."""
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    whole = all(_RELATION.search(line) and not _OPERATOR_AT_END.search(line) for line in lines)
    return r" \quad ".join(lines) if whole and len(lines) > 1 and r"\begin" not in text else text


def _unwrapped(text: str) -> str:
    """Without the wrappers around the whole, at most a few deep."""
    for _ in range(8):
        unwrapped = _unwrap(text)
        if unwrapped == text:
            break
        text = unwrapped
    return text


def _unwrap(text: str) -> str:
    text = _strip(text)
    for wrapper in _WRAPPERS:
        if match := wrapper.fullmatch(text):
            return _strip(match[1])
    box = _BOX.match(text)
    if box and text.endswith("}") and _closes_at_end(text, box.end()):
        return _strip(text[box.end() : -1])
    # `{\frac{1}{2}}` groups, `{1, 2}` is a set.
    if text.startswith("{") and _closes_at_end(text, 1) and not _parted(text[1:-1]):
        return _strip(text[1:-1])
    return text


def _parted(text: str) -> bool:
    """Whether a comma stands outside of all brackets."""
    depth = 0
    for character in text:
        depth += (character in "([{") - (character in ")]}")
        if character == "," and not depth:
            return True
    return False


def _strip(text: str) -> str:
    """Without what means nothing at the ends. A point before a digit is part of the number; dots are no full stop."""
    if not text.rstrip(_BLANKS).endswith(".."):
        text = text.rstrip(_EDGES)
    if not text.lstrip(_BLANKS).startswith(".."):
        text = _LEADING.sub("", text)
    return text.strip(_BLANKS)


def _closes_at_end(text: str, start: int) -> bool:
    depth = 1
    for position in range(start, len(text)):
        if text[position] in "{}" and text[position - 1] != "\\":
            depth += 1 if text[position] == "{" else -1
            if depth == 0:
                return position == len(text) - 1
    return False
