"""The second opinion: what math-verify says of two formulas that our own reader and evaluation found equal.

Only its LaTeX parser (an ANTLR grammar) is used, on a box that we close: its plain-text reader picks any number out of
prose and goes through SymPy's `parse_expr`, which is an eval. Its own time limits are off (they use SIGALRM, which
fails outside the main thread): the pool has a hard deadline.
"""

from __future__ import annotations

import functools
import re
from typing import Any

_FUNCTION = re.compile(
    r"(?<![\\A-Za-z])(arcsin|arccos|arctan|sinh|cosh|tanh|sin|cos|tan|cot|sec|csc|log|ln|exp)(?![a-z]{2})"
)
_DECIMAL = re.compile(r"(?<![0-9.,])([0-9]*)\.([0-9]+)(?![0-9.,])")
_SQRT = re.compile(r"(?<![\\A-Za-z])sqrt\s*(?=\()")
_PI = re.compile(r"(?<![\\A-Za-z])pi(?![A-Za-z])")
_INFINITY = re.compile(r"(?<![\\A-Za-z])(?:infinity|inf|oo)(?![A-Za-z])")


def equal(gold: str, answer: str) -> bool:
    """Whether math-verify parses both and finds them equal. It is not symmetric: the expected formula comes first."""
    from math_verify import verify

    parsed = parse(answer)
    expected = _parse_gold(gold)
    return bool(parsed) and bool(expected) and verify(expected, parsed, timeout_seconds=None) is True


@functools.lru_cache(maxsize=2048)
def _parse_gold(gold: str) -> list[Any]:
    return parse(gold)


def parse(formula: str) -> list[Any]:
    """math-verify's reading of one formula, [] when it has none."""
    from math_verify import parse as parse_latex

    latex = to_latex(formula)
    if latex.count("{") != latex.count("}"):
        return []
    return list(
        parse_latex(
            f"\\boxed{{{latex}}}",
            extraction_config=[_config()],
            fallback_mode="no_fallback",
            parsing_timeout=None,
        )
    )


@functools.cache
def _config() -> Any:
    from latex2sympy2_extended import NormalizationConfig
    from math_verify.parser import LatexExtractionConfig

    # Units off: it takes the last letter of "2+3t" for one.
    normalization = NormalizationConfig(
        basic_latex=True, units=False, malformed_operators=True, nits=True, boxed="all", equations=False
    )
    return LatexExtractionConfig(boxed_match_priority=0, normalization_config=normalization)


def to_latex(formula: str) -> str:
    r"""Plain-text notation (`2*sqrt(2)`, `pi/2`, `x**2`) as LaTeX; brackets after `sqrt` and `^` become braces."""
    latex = formula.replace("**", "^").replace("%", r"\%").replace(r"\\%", r"\%")
    latex = _DECIMAL.sub(_fraction, latex).replace(r"\lg", r"\log_{10}")
    latex = _FUNCTION.sub(r"\\\1 ", latex)
    latex = _PI.sub(r"\\pi ", latex)
    latex = _INFINITY.sub(r"\\infty ", latex)
    latex = _braced(_SQRT.sub(r"\\sqrt", latex), r"\sqrt(")
    return _braced(latex, "^(")


def _fraction(decimal: re.Match[str]) -> str:
    """As a fraction: math-verify compares floats rounded to six places."""
    return f"{{\\frac{{{int(decimal[1] + decimal[2])}}}{{1{'0' * len(decimal[2])}}}}}"


def _braced(latex: str, opening: str) -> str:
    """`opening` ends in a bracket: the bracket and its partner become braces."""
    start = latex.find(opening)
    while start >= 0:
        begin = start + len(opening) - 1
        end, depth = begin, 0
        while end < len(latex):
            depth += {"(": 1, ")": -1}.get(latex[end], 0)
            if depth == 0:
                break
            end += 1
        if depth:
            return latex
        latex = f"{latex[:begin]}{{{latex[begin + 1 : end]}}}{latex[end + 1 :]}"
        start = latex.find(opening, begin)
    return latex
