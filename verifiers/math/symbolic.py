"""The second opinion: math-verify reads two formulas that our own reader and evaluation found equal, SymPy values them.

Of math-verify only its LaTeX parser (an ANTLR grammar) is used, on a box that we close: its plain-text reader picks any
number out of prose and goes through SymPy's `parse_expr`, which is an eval, and its comparison through `simplify` and
`solve`, which take minutes for some formulas. Its own time limits are off (they use SIGALRM, which fails outside the
main thread): what it is given is capped by counts, and the pool has a hard deadline.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from typing import Any

from verifiers.math.evaluate import Points

_DIGITS = 30
# Relative: our own evaluation sees finer differences, this one sees another reading.
_TOLERANCE = 1e-12
_ZERO = 1e-60
_KINDS = {
    "Equality": "=",
    "Unequality": "!=",
    "StrictLessThan": "<",
    "StrictGreaterThan": "<",
    "LessThan": "<=",
    "GreaterThan": "<=",
}
_FLIPPED = {"StrictGreaterThan", "GreaterThan"}
_BRACES = str.maketrans("", "", "{}'\\")
_FUNCTION = re.compile(
    r"(?<![\\A-Za-z])(arcsin|arccos|arctan|sinh|cosh|tanh|sin|cos|tan|cot|sec|csc|log|ln|exp)(?![a-z]{2})"
)
_DECIMAL = re.compile(r"(?<![0-9.,])([0-9]*)\.([0-9]+)(?![0-9.,])")
_SQRT = re.compile(r"(?<![\\A-Za-z])sqrt\s*(?=\()")
_PI = re.compile(r"(?<![\\A-Za-z])pi(?![A-Za-z])")
_INFINITY = re.compile(r"(?<![\\A-Za-z])(?:infinity|inf|oo)(?![A-Za-z])")


def equal(gold: str, answer: str, points: Sequence[Points]) -> bool:
    """Whether math-verify reads two expressions, or two relations, that are equal by SymPy's numbers at these points.

    The points are those where our own evaluation valued both, so that no value on the way is huge.
    """
    first, second = _reading(_parse_gold(gold)), _reading(parse(answer))
    if first is None or second is None:
        return False
    kinds = [_KINDS.get(type(one).__name__, "") for one in (first, second)]
    if kinds[0] != kinds[1]:
        return False
    # There is no list of what SymPy raises for an odd object that math-verify made of an answer. No opinion, no yes.
    try:
        values = [(_value(first, point), _value(second, point)) for point in points]
    except Exception:
        return False
    pairs = [(one, other) for one, other in values if one is not None and other is not None]
    if not pairs or len(pairs) < len(values):
        return False
    if not kinds[0]:
        return all(_near(one, other) for one, other in pairs)
    # Two relations are the same up to one factor, which is positive for inequalities.
    factors = [one / other for one, other in pairs if one and other]
    return (
        bool(factors)
        and all(bool(one) == bool(other) for one, other in pairs)
        and all(_near(factor, factors[0]) for factor in factors)
        and (kinds[0] in {"=", "!="} or bool(factors[0].real > 0))
    )


def _reading(parsed: list[Any]) -> Any:
    """The one SymPy object that math-verify read, None for none and for what it took for plain text."""
    from sympy import Basic, FiniteSet

    if not parsed or not isinstance(parsed[0], Basic):
        return None
    # It takes the braces around a lone fraction for those of a set.
    only_one = isinstance(parsed[0], FiniteSet) and len(parsed[0].args) == 1
    return parsed[0].args[0] if only_one else parsed[0]


def _value(read: Any, point: Points) -> Any:
    """The value of an expression, or left minus right of a relation; None where SymPy finds no number."""
    from sympy import Expr, I, Rational, Rel

    if isinstance(read, Rel):
        sides = (read.rhs, read.lhs) if type(read).__name__ in _FLIPPED else (read.lhs, read.rhs)
        left, right = (_value(side, point) for side in sides)
        return None if left is None or right is None else left - right
    if not isinstance(read, Expr):
        return None
    named = {_name(name): Rational(value.numerator, value.denominator) for name, value in point.items()}
    places = {symbol: named.get(_name(symbol.name), I if symbol.name == "i" else None) for symbol in read.free_symbols}
    if None in places.values():
        return None
    number = read.doit().evalf(_DIGITS, subs=places)
    return number._to_mpmath(4 * _DIGITS, allow_ints=False) if number.is_number and number.is_finite else None


def _near(one: Any, other: Any) -> bool:
    return bool(abs(one - other) <= max((abs(one) + abs(other)) * _TOLERANCE, _ZERO))


def _name(symbol: str) -> str:
    """One spelling of a symbol in our formulas and in math-verify's, which knows no capitals and no primes."""
    return symbol.translate(_BRACES).lower()


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
