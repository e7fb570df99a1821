"""Formulas that a scorer may be shown: SymPy's `parse_expr`, which some scorers call, is Python's `eval`.

What passes here is numbers, the operators + - * / and **, brackets, given symbols and given functions of one argument,
within bounds on length, depth and the size of powers. Read as a syntax tree; nothing is evaluated by name.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection
from fractions import Fraction

MAX_CHARS = 1_500
_MAX_DEPTH = 25
_MAX_OPERATORS = 200
# Of all powers inside one another.
_MAX_EXPONENT = 200

_ALLOWED = re.compile(r"[0-9A-Za-z+\-*/(). ]+")
_NUMBER = re.compile(r"[0-9]{1,30}(?:\.[0-9]{1,30})?")
# A leading zero, letters in a number, a row of signs, a second division sign.
_NOT_PLAIN = re.compile(r"(?<![0-9.])0[0-9]|[0-9][A-Za-z]|[+-]\s*[+-]\s*[+-]|/\s*/|\*\s*\*\s*\*|\*\s+\*")
_SPELLINGS = (
    (re.compile(r"\\(?:left|right)(?![A-Za-z])|\$"), ""),
    (re.compile(r"\\(?:times|cdot)(?![A-Za-z])|[\u00d7\u00b7\u22c5\u2217]"), "*"),
    (re.compile(r"\\div(?![A-Za-z])|\u00f7"), "/"),
    (re.compile(r"[\u2212\u2013]"), "-"),
    (re.compile(r"\^"), "**"),
    (re.compile(r"\s+"), " "),
)


class Unreadable(ValueError):
    """The text is no such formula, or beyond a bound."""


def respelled(text: str) -> str:
    r"""With Python's operators: `3 \times 4`, `x^2`."""
    for pattern, spelling in _SPELLINGS:
        text = pattern.sub(spelling, text)
    return text.strip()


def tree(text: str, symbols: Collection[str] = (), functions: Collection[str] = ()) -> ast.expr:
    """The syntax tree of a formula in Python's spelling. Raises Unreadable."""
    depth = max_depth = 0
    for sign in text if len(text) <= MAX_CHARS else "":
        depth += (sign == "(") - (sign == ")")
        max_depth = max(max_depth, depth)
    operators = sum(map(text.count, "+-*/"))
    if not _ALLOWED.fullmatch(text) or _NOT_PLAIN.search(text) or len(text) > MAX_CHARS:
        raise Unreadable("it holds signs that no formula has here")
    if max_depth > _MAX_DEPTH or operators > _MAX_OPERATORS:
        raise Unreadable("it is too deep or too long")
    try:
        found = ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise Unreadable("it does not parse") from error
    _check(text, found, symbols, functions, exponent=1)
    return found


def _check(text: str, node: ast.expr, symbols: Collection[str], functions: Collection[str], *, exponent: int) -> None:
    match node:
        case ast.Constant():
            if not _NUMBER.fullmatch(text, node.col_offset, node.end_col_offset or 0):
                raise Unreadable("it holds something that is no plain number")
            return
        case ast.Name():
            if node.id not in symbols:
                raise Unreadable("it holds a name that the question does not have")
            return
        case ast.BinOp(op=ast.Pow()):
            power = _constant(node.right)
            if power is not None:
                exponent *= max(1, abs(power.numerator), power.denominator)
            if exponent > _MAX_EXPONENT:
                raise Unreadable("it holds too large a power")
            children = [node.left, node.right]
        case ast.BinOp(op=ast.Add() | ast.Sub() | ast.Mult() | ast.Div()):
            children = [node.left, node.right]
        case ast.UnaryOp(op=ast.UAdd() | ast.USub()):
            children = [node.operand]
        case ast.Call(func=ast.Name(), args=[argument], keywords=[]):
            if node.func.id not in functions:  # type: ignore[attr-defined]
                raise Unreadable("it holds a function that is not known here")
            children = [argument]
        case _:
            raise Unreadable("it holds something that is no formula")
    for child in children:
        _check(text, child, symbols, functions, exponent=exponent)


def _constant(node: ast.expr) -> Fraction | None:
    """The value of an exponent without names; None where it has some. Raises Unreadable for a power inside it."""
    inside = list(ast.walk(node))
    if any(isinstance(one, ast.Name | ast.Call) for one in inside):
        return None
    if any(isinstance(one, ast.Pow) for one in inside):
        raise Unreadable("it holds a power of a power")
    return value(node)


def value(node: ast.expr) -> Fraction:
    """The exact value of a formula without names and powers. Raises Unreadable."""
    match node:
        case ast.Constant(value=int() | float()):
            return Fraction(str(node.value))
        case ast.UnaryOp(op=ast.USub()):
            return -value(node.operand)
        case ast.UnaryOp(op=ast.UAdd()):
            return value(node.operand)
        case ast.BinOp():
            left, right = value(node.left), value(node.right)
            match node.op:
                case ast.Add():
                    return left + right
                case ast.Sub():
                    return left - right
                case ast.Mult():
                    return left * right
                case ast.Div() if right:
                    return left / right
    raise Unreadable("it has no value")


def integers(node: ast.expr) -> list[int]:
    """The numbers in a formula, sorted. Raises Unreadable for one that is not whole."""
    found = [one.value for one in ast.walk(node) if isinstance(one, ast.Constant)]
    if not all(isinstance(one, int) for one in found):
        raise Unreadable("it holds a number that is not whole")
    return sorted(int(str(one)) for one in found)


def without_decimals(text: str, node: ast.expr) -> str:
    """The formula with its decimals as fractions: a decimal that is nearly right would vanish in rounding."""
    spans = [
        (one.col_offset, one.end_col_offset or 0)
        for one in ast.walk(node)
        if isinstance(one, ast.Constant) and isinstance(one.value, float)
    ]
    for start, end in sorted(spans, reverse=True):
        whole = Fraction(text[start:end])
        text = f"{text[:start]}({whole.numerator}/{whole.denominator}){text[end:]}"
    return text
