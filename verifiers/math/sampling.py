"""Compares two formulas by their values at points.

The points depend on both texts, so nobody can write an answer that is right only at points known before. The precision
follows the largest and smallest value that occurs: a difference that the formula can express is one that is seen
(`1+10^{-60}` is not 1).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from fractions import Fraction

from verifiers.math.evaluate import START_BITS, UNKNOWN_BASE, Evaluator, Points, Undefined, Value
from verifiers.math.formula import Node, Unreadable
from verifiers.math.limits import MAX_MAGNITUDE, ValueTooLarge, Work

MIN_POINTS = 3
_GUARD_BITS = 64
# Few precisions, since mpmath prepares tables for each.
_LEVELS = (START_BITS, 512, 1_024, 2_048, 4_096, START_BITS + 3 * MAX_MAGNITUDE)
# Sizes of the points, and how many of the symbols are negative: at one point all, or x would be \\sqrt{x^2}.
_RANGES = ((1, 10, "none"), (0, 1, "none"), (1, 10, "all"), (0, 3, "some"), (10, 200, "none"), (0, 2, "some"))


class Undecided(Undefined):
    """Two formulas of which neither has a value."""


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


def exact(node: Node, work: Work) -> Fraction | None:
    """The value of a formula that is a ratio of integers without symbols, else None. Raises TooLarge, Undefined."""
    if symbols_of(node):
        return None
    value = Evaluator({}, START_BITS, work).value(node)
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
            point[symbol] = -value if negative == "all" or (negative == "some" and digest[3] % 2) else value
        yield point


def everywhere(left: Node, right: Node, seed: str, work: Work) -> list[Points] | None:
    """Where two formulas were found to have the same value; None when they differ or too few points can be told.

    Raises TooLarge, Unreadable.
    """
    symbols = symbols_of(left) | symbols_of(right)
    defined = []
    for point in points(symbols, seed):
        same = close(left, right, point, work)
        if same is False:
            return None
        if same:
            defined.append(point)
    return defined if len(defined) >= (MIN_POINTS if symbols else 1) else None


def close(left: Node, right: Node, point: Points, work: Work) -> bool | None:
    """Whether two formulas have the same value at a point; None where neither has one, or one is beyond the caps.

    Without symbols there is no other point: what is beyond the caps raises TooLarge. Raises Unreadable.
    """
    try:
        return compare(left, right, point, work) == 0 or (
            None if point and _is_not_real(left, right, point, work) else False
        )
    except Undecided:
        return None
    except ValueTooLarge:
        if not point:
            raise
        return None


def _is_not_real(left: Node, right: Node, point: Points, work: Work) -> bool:
    r"""Whether two formulas without `i` both leave the real numbers at a point: there `\sqrt{1/n}` says nothing."""
    values = [_defined(Evaluator(point, START_BITS, work), node) for node in (left, right)]
    if any(value is None or isinstance(value, Fraction) or not value.imag for value in values):
        return False
    return not any(_holds(node, "i") for node in (left, right))


def _holds(node: Node, name: str) -> bool:
    stack = [node]
    while stack:
        one = stack.pop()
        if one.name == name:
            return True
        stack.extend(one.args)
    return False


def compare(left: Node, right: Node, point: Points, work: Work) -> int:
    """-1, 0 or 1 as the left value is less than the right one, equal or greater; 1 for complex ones that differ.

    Exact where both are rational; else 0 says that they are equal to the precision that the largest and smallest
    value on the way call for. Raises Undecided where neither has a value, TooLarge and Unreadable.
    """
    bits = START_BITS
    for _ in range(2):
        evaluator = Evaluator(point, bits, work)
        first, second = _defined(evaluator, left), _defined(evaluator, right)
        if first is None and second is None:
            raise Undecided("neither has a value")
        if first is None or second is None:
            return 1
        if isinstance(first, Fraction) and isinstance(second, Fraction):
            return (first > second) - (first < second)
        difference = evaluator.real(first) - evaluator.real(second)
        size = evaluator.order(difference)
        if size is not None and size > evaluator.magnitude + _GUARD_BITS - bits:
            return -1 if not difference.imag and difference.real < 0 else 1
        # Next time with enough bits for the smallest epsilon that occurred, squared.
        bits = next(level for level in _LEVELS if level >= START_BITS + 3 * evaluator.magnitude)
        if bits == START_BITS:
            break
    return 0


def is_real(node: Node, work: Work) -> bool:
    """Whether a formula without symbols has a real value. Raises TooLarge, Unreadable."""
    value = _defined(Evaluator({}, START_BITS, work), node)
    return value is not None and not value.imag


def rational_at(node: Node, point: Points, work: Work) -> Fraction | None:
    """The value of a formula at a point where it is rational. Raises TooLarge, Unreadable."""
    try:
        value = _defined(Evaluator(point, START_BITS, work), node)
    except ValueTooLarge:
        return None
    return value if isinstance(value, Fraction) else None


def _defined(evaluator: Evaluator, node: Node) -> Value | None:
    try:
        return evaluator.value(node)
    except Undefined:
        return None
