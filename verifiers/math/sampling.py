"""Compares two formulas by their values at points.

The points depend on both texts, so nobody can write an answer that is right only at points known before. The precision
follows the largest and smallest value that occurs: a difference that the formula can express is one that is seen
(`1+10^{-60}` is not 1).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from verifiers.math.evaluate import START_BITS, UNKNOWN_BASE, Evaluator, Points, Undefined, Value
from verifiers.math.formula import Node, Unreadable

_GUARD_BITS = 64
# Signs and sizes of the points: each symbol is (low, high, may be negative).
_RANGES = ((1, 10, False), (0, 1, False), (1, 10, True), (0, 3, True), (10, 200, False), (0, 2, True))


def symbols_of(node: Node) -> set[str]:
    """The symbols of a formula. Raises Unreadable where plus-minus was not expanded before."""
    found: set[str] = set()
    stack = [node]
    while stack:
        one = stack.pop()
        if one.name == "symbol":
            found.add(one.text)
        elif one.name in {"plusminus", "minusplus"}:
            raise Unreadable("plus-minus inside a formula")
        elif one.name == "log" and len(one.args) == 1:
            found.add(UNKNOWN_BASE)
        stack.extend(one.args)
    return found


def exact(node: Node) -> Fraction | None:
    """The value of a formula that is a ratio of integers without symbols, else None. Raises TooLarge, Undefined."""
    if symbols_of(node):
        return None
    value = Evaluator({}, START_BITS).value(node)
    return value if isinstance(value, Fraction) else None


def points(symbols: set[str], seed: str) -> Iterator[Points]:
    """Points to compare at: positive, below one, mixed in sign, large. Rational, fixed by the seed."""
    if not symbols:
        yield {}
        return
    for number, (low, high, negative) in enumerate(_RANGES):
        point: Points = {}
        for symbol in sorted(symbols):
            digest = hashlib.sha256(f"{number}\0{symbol}\0{seed}".encode("utf-8", "replace")).digest()
            value = low + (high - low) * Fraction(int.from_bytes(digest[:3], "big") | 1, 1 << 24)
            point[symbol] = -value if negative and digest[3] % 2 else value
        yield point


def close(left: Node, right: Node, point: Points) -> bool | None:
    """Whether two formulas have the same value at a point; None where neither has one. Raises TooLarge, Unreadable."""
    bits = START_BITS
    for _ in range(2):
        evaluator = Evaluator(point, bits)
        first, second = _defined(evaluator, left), _defined(evaluator, right)
        if first is None or second is None:
            return None if first is None and second is None else False
        if isinstance(first, Fraction) and isinstance(second, Fraction):
            return first == second
        difference = evaluator.real(first) - evaluator.real(second)
        size = evaluator.order(difference)
        if size is not None and size > evaluator.magnitude + _GUARD_BITS - bits:
            return False
        # Next time with enough bits for the smallest epsilon that occurred, squared.
        bits = START_BITS + 3 * evaluator.magnitude
        if bits == START_BITS:
            break
    return True


def _defined(evaluator: Evaluator, node: Node) -> Value | None:
    try:
        return evaluator.value(node)
    except Undefined:
        return None


def number_at(node: Node, point: Points, *, exact: bool = True) -> Any:
    """The real value of a formula at a point, None where it has none; with `exact` only a rational one."""
    value = _defined(Evaluator(point, START_BITS), node)
    if exact:
        return value if isinstance(value, Fraction) else None
    return value if isinstance(value, Fraction) or (value is not None and not value.imag) else None
