r"""Markup that carries no meaning: colours, sizes, fonts around formulas, marks of an end, layout.

`\textcolor{blue}{18}`, `\Large 18`, `\boldsymbol{C}`, `\mathbf{\frac34}`, `18 \checkmark`, `\\[2pt]`, `\text{\$}18`.
"""

from __future__ import annotations

import re

_COLOR = re.compile(r"\\(?:text|page)?color(?:box)?\s*(?:\[\s*[A-Za-z]+\s*\])?\s*\{[A-Za-z0-9!,. ]*\}")
_SIZES = re.compile(
    r"\\(?:tiny|scriptsize|footnotesize|small|normalsize|large|Large|LARGE|huge|Huge|displaystyle|textstyle|scriptstyle|"
    r"left|right|bigg?[lrm]?|Bigg?[lrm]?|middle|boldmath|bfseries|itshape|mathstrut|nolimits|limits|noindent|hfill)"
    r"(?![A-Za-z])\s*"
    r"|\\(?:bf|it|sf|tt|sl|em)(?![A-Za-z])\s*"
    r"|\\rm(?![A-Za-z]|\s*\{)\s*"
)
_SPACE = re.compile(r"\\(?:hspace|vspace|hskip|mspace|kern)\*?\s*\{[^{}]*\}|\\(?:text|mbox|mathrm)\s*\{\s*\}")
_FONT = re.compile(
    r"\\(?:boldsymbol|bm|pmb|underline|uline|emph|ensuremath|mathnormal|mathit|mathsf|mathbf|textbf|textit|boxed|fbox)"
    r"\s*\{"
)
# "\\mathbf{R}" is a set; words and the letter of a choice keep the command that makes them words.
_KEPT = re.compile(
    r"(?<=bf\{)\s*[RNZQC]\s*\}|[^{}\\$]*[A-Za-z\u4e00-\u9fff]{2}[^{}\\$]*\}|\s*(?:\([A-Z]\)|[A-Z][.:)])\s*[^{}\\$]*\}"
)
_BRACED_ATOM = re.compile(r"(?<![0-9A-Za-z}\])^_\\])\{\s*([0-9.]+(?:,[0-9]{3})*|[A-Za-z])\s*\}(?![0-9A-Za-z{(\[])")
_END_MARK = re.compile(r"\s*(?:\\(?:quad|qquad|;|,|!|:| )\s*)*\\(?:checkmark|blacksquare|qed|Box)(?![A-Za-z])\s*$")
_LINE_BREAK = re.compile(r"\\\\\s*\[\s*-?[0-9.]+\s*(?:pt|em|ex|mm|cm|mu|in|baselineskip)\s*\]")
# \mathrm{~cm}, \mathrm{cm^2}, \mathrm{~m} / \mathrm{s}
_ROMAN = r"\\(?:text|textrm|mathrm|mbox)\s*\{"
_TIE_INSIDE = re.compile(rf"({_ROMAN}\s*)~\s*")
_POWER_INSIDE = re.compile(rf"({_ROMAN}[A-Za-z /]{{1,30}})\^\s*\{{?([23])\}}?\s*\}}")
_RATIO = re.compile(rf"({_ROMAN}[A-Za-z ]{{1,30}})\}}\s*/\s*{_ROMAN}\s*([A-Za-z]{{1,12}})\s*\}}")
_SIDE = r"([^{}\\]{1,20})"
_OVER = re.compile(rf"\{{\s*{_SIDE}\\over(?![A-Za-z])\s*{_SIDE}\}}|\A{_SIDE}\\over(?![A-Za-z])\s*{_SIDE}\Z")
_DOLLAR = re.compile(r"\\(?:text|textrm|textbf|mathrm|mbox)\s*\{\s*\\?\$\s*\}|\\(?:textdollar|mathdollar)(?![A-Za-z])")


def without_markup(text: str) -> str:
    r"""The same without markup: braces stay where they group something."""
    text = _LINE_BREAK.sub(r"\\\\", text)
    text = _DOLLAR.sub(r"\\$", text)
    text = _SPACE.sub(" ", _SIZES.sub("", _COLOR.sub("", text)))
    text = _END_MARK.sub("", text)
    if "~" in text or "^" in text or "/" in text:
        text = _RATIO.sub(r"\1/\2}", _POWER_INSIDE.sub(r"\1}^\2", _TIE_INSIDE.sub(r"\1", text)))
    if r"\over" in text:
        text = _OVER.sub(lambda match: f"\\frac{{{match[1] or match[3]}}}{{{match[2] or match[4]}}}", text)
    for _ in range(4):
        plainer = _BRACED_ATOM.sub(r"\1", _without_fonts(text))
        if plainer == text:
            break
        text = plainer
    return text


def _without_fonts(text: str) -> str:
    parts, position = [], 0
    for font in _FONT.finditer(text):
        if _KEPT.match(text, font.end()):
            continue
        parts.append(text[position : font.start()])
        position = font.end() - 1
    return "".join((*parts, text[position:])) if parts else text
