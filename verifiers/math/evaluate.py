# ruff: noqa: SIM905 (word lists read better as text)
"""Evaluates formulas: exactly with rationals where it can, else with mpmath at the precision asked for.

Powers, factorials and binomials are guarded before they are computed (`verifiers.math.limits`).
"""

from __future__ import annotations

import functools
import math
from fractions import Fraction
from typing import Any

from verifiers.math.formula import Node, Unreadable
from verifiers.math.limits import MAX_BITS, MAX_MAGNITUDE, TooLarge

# mpmath's numbers have no types: Any is an mpf or an mpc.
Value = Fraction | Any
Points = dict[str, Fraction]

START_BITS = 256


# Stands for 1 / ln(base) of a `log` without a base; no symbol can have this name.
UNKNOWN_BASE = "log "


class Undefined(ValueError):
    """The formula has no finite value there."""


@functools.lru_cache(maxsize=64)
def _context(bits: int) -> Any:
    """A context of mpmath whose precision nobody changes."""
    from mpmath import mp

    context = mp.clone()
    context.prec = bits
    return context


class Evaluator:
    """Evaluates nodes at one point. `magnitude` is the largest binary order of magnitude seen, up or down."""

    def __init__(self, points: Points, bits: int) -> None:
        self._mp = _context(bits)
        self._points = points
        self.magnitude = 0

    def order(self, value: Any) -> int | None:
        """Binary order of magnitude, None for 0."""
        return int(self._mp.mag(value)) if value else None

    def value(self, node: Node) -> Value:
        """The value of a node. Raises Undefined, TooLarge or Unreadable."""
        name = node.name
        if name == "number":
            return node.value
        if name == "symbol":
            return self._symbol(node.text)
        if not node.args:
            return self._constant(name)
        values = [self.value(argument) for argument in node.args]
        try:
            result = _RULES[name](self, *values) if name in _RULES else self._function(name, *values)
        except (ZeroDivisionError, ValueError, OverflowError) as error:
            if isinstance(error, TooLarge | Unreadable | Undefined):
                raise
            raise Undefined(str(error)) from error
        return self._checked(result)

    def _symbol(self, name: str) -> Fraction:
        if name not in self._points:
            raise Unreadable("a symbol where a number belongs")
        return self._points[name]

    def _constant(self, name: str) -> Value:
        if name == "pi":
            return +self._mp.pi
        if name == "e":
            return +self._mp.e
        if name == "i":
            return self._mp.mpc(0, 1)
        raise Undefined(name)

    def _checked(self, value: Value) -> Value:
        if isinstance(value, Fraction):
            bits = max(value.numerator.bit_length(), value.denominator.bit_length())
            if bits > MAX_BITS:
                raise TooLarge(f"a number of more than {MAX_BITS} bits")
            return value
        if not self._mp.isfinite(value):
            raise Undefined("infinite")
        if isinstance(value, self._mp.mpc) and value.imag == 0:
            value = value.real
        self._note(value)
        return value

    def _note(self, value: Any) -> None:
        if value:
            self.magnitude = max(self.magnitude, abs(int(self._mp.mag(value))))
            if self.magnitude > MAX_MAGNITUDE:
                raise TooLarge(f"a value beyond 2^{MAX_MAGNITUDE}")

    def real(self, value: Value) -> Any:
        """As a number of mpmath."""
        if isinstance(value, Fraction):
            size = value.numerator.bit_length() - value.denominator.bit_length()
            self.magnitude = max(self.magnitude, abs(size))
            if abs(size) > MAX_MAGNITUDE:
                raise TooLarge(f"a value beyond 2^{MAX_MAGNITUDE} beside one that is no fraction")
            return self._mp.mpf(value.numerator) / value.denominator
        return value

    def add(self, left: Value, right: Value) -> Value:
        """Sum."""
        if isinstance(left, Fraction) and isinstance(right, Fraction):
            return left + right
        return self.real(left) + self.real(right)

    def multiply(self, left: Value, right: Value) -> Value:
        """Product."""
        if isinstance(left, Fraction) and isinstance(right, Fraction):
            return left * right
        return self.real(left) * self.real(right)

    def divide(self, left: Value, right: Value) -> Value:
        """Quotient."""
        if right == 0:
            raise Undefined("division by zero")
        if isinstance(left, Fraction) and isinstance(right, Fraction):
            return left / right
        return self.real(left) / self.real(right)

    def power(self, base: Value, exponent: Value) -> Value:
        """Power; an odd root of a negative number is the real one."""
        if isinstance(exponent, Fraction):
            if isinstance(base, Fraction) and exponent.denominator == 1:
                return _exact_power(base, exponent.numerator)
            if base == 0:
                if exponent <= 0:
                    raise Undefined("0 to that power")
                return Fraction(0)
            if exponent.denominator == 1:
                return self._guarded_power(base, self._mp.mpf(exponent.numerator))
            return self._root_power(base, exponent)
        if base == 0:
            raise Undefined("0 to that power")
        return self._guarded_power(self.real(base), exponent)

    def _root_power(self, base: Value, exponent: Fraction) -> Value:
        if isinstance(base, Fraction) and (exact := _exact_root(base, exponent)) is not None:
            return exact
        number = self.real(base)
        fraction = self._mp.mpf(exponent.numerator) / exponent.denominator
        if exponent.denominator % 2 and not isinstance(number, self._mp.mpc) and number < 0:
            size = self._guarded_power(-number, fraction)
            return -size if exponent.numerator % 2 else size
        return self._guarded_power(number, fraction)

    def _guarded_power(self, base: Any, exponent: Any) -> Any:
        if not base:
            raise Undefined("0 to that power")
        if self._mp.mag(exponent) > 40 or abs(exponent) * (abs(self._mp.log(abs(base), 2)) + 1) > 2 * MAX_MAGNITUDE:
            raise TooLarge(f"a power beyond 2^{MAX_MAGNITUDE}")
        return self._mp.power(base, exponent)

    def factorial(self, value: Value) -> Value:
        """Of whole numbers up to 3,000 exactly; of others by the gamma function."""
        if not isinstance(value, Fraction) or value.denominator != 1:
            return self._mp.factorial(self.real(value))
        if value < 0:
            raise Undefined("a factorial of a negative number")
        if value > 3_000:
            raise TooLarge("a factorial of more than 3000")
        return Fraction(math.factorial(value.numerator))

    def binomial(self, above: Value, below: Value) -> Value:
        """Of whole numbers."""
        if not (isinstance(above, Fraction) and isinstance(below, Fraction)):
            return self._mp.binomial(self.real(above), self.real(below))
        if above.denominator != 1 or below.denominator != 1:
            return self._mp.binomial(self.real(above), self.real(below))
        if not 0 <= above <= 3_000 or below < 0:
            raise TooLarge("a binomial beyond 3000")
        return Fraction(math.comb(above.numerator, below.numerator))

    def root(self, value: Value, degree: Value) -> Value:
        """The root of a whole degree."""
        if not isinstance(degree, Fraction) or degree.denominator != 1 or not 1 <= degree <= 1_000:
            raise Unreadable("a root of that degree")
        return self.power(value, 1 / degree)

    def whole(self, value: Value, *, up: bool) -> Value:
        """Floor or ceiling."""
        if isinstance(value, Fraction):
            return Fraction(-(-value.numerator // value.denominator) if up else value.numerator // value.denominator)
        if isinstance(value, self._mp.mpc) or self._mp.mag(value) > START_BITS // 2:
            raise Unreadable("the floor of that")
        near = self._mp.nint(value)
        if abs(value - near) < self._mp.mpf(2) ** (-self._mp.prec // 2):
            return Fraction(int(near))
        return Fraction(int(self._mp.ceil(value) if up else self._mp.floor(value)))

    def absolute(self, value: Value) -> Value:
        """Absolute value."""
        return abs(value)

    def natural(self, value: Value) -> Value:
        """Natural logarithm."""
        if value == 0:
            raise Undefined("logarithm of 0")
        if isinstance(value, Fraction) and value > 0:
            if value == 1:
                return Fraction(0)
            # Not through a float quotient: a ratio of huge integers has a small logarithm.
            return self._mp.log(value.numerator) - self._mp.log(value.denominator)
        return self._mp.log(self.real(value))

    def logarithm(self, value: Value, base: Value | None = None) -> Value:
        """To a base; without one (`log`) a multiple of the natural logarithm by a factor that differs per point."""
        if base is None:
            return self.multiply(self.natural(value), self._symbol(UNKNOWN_BASE))
        return self.divide(self.natural(value), self.natural(base))

    def _function(self, name: str, value: Value) -> Value:
        number = self.real(value)
        if name == "exp":
            return self._guarded_power(+self._mp.e, number) if number else Fraction(1)
        if self._mp.mag(number) > START_BITS // 2 and number:
            raise Unreadable("a function of a number that large")
        known = _MPMATH.get(name)
        if known is None:
            raise Unreadable(f"the function {name}")
        return getattr(self._mp, known)(number)


_RULES: dict[str, Any] = {
    "add": Evaluator.add,
    "subtract": lambda self, left, right: self.add(left, -right),
    "multiply": Evaluator.multiply,
    "divide": Evaluator.divide,
    "negative": lambda _, value: -value,
    "power": Evaluator.power,
    "root": Evaluator.root,
    "factorial": Evaluator.factorial,
    "binomial": Evaluator.binomial,
    "absolute": Evaluator.absolute,
    "floor": lambda self, value: self.whole(value, up=False),
    "ceiling": lambda self, value: self.whole(value, up=True),
    "ln": Evaluator.natural,
    "log": Evaluator.logarithm,
    "lg": lambda self, value: self.logarithm(value, Fraction(10)),
}
_MPMATH = {
    **{name: name for name in "sin cos tan cot sec csc sinh cosh tanh coth asin acos atan".split()},
    **{f"arc{name}": f"a{name}" for name in "sin cos tan sinh cosh tanh".split()},
    **{f"ar{name}": f"a{name}" for name in "sinh cosh tanh".split()},
}


def _exact_power(base: Fraction, exponent: int) -> Fraction:
    if base == 0:
        if exponent <= 0:
            raise Undefined("0 to that power")
        return base
    bits = max(base.numerator.bit_length(), base.denominator.bit_length())
    if base not in (1, -1) and bits * abs(exponent) > MAX_BITS:
        raise TooLarge(f"a power of more than {MAX_BITS} bits")
    return base ** (exponent % 2 if base in (1, -1) else exponent)


def _exact_root(base: Fraction, exponent: Fraction) -> Fraction | None:
    """`base ** exponent` when it is rational and the root is a square or cube root of a positive number."""
    if base < 0 or exponent.denominator not in (2, 3):
        return None
    above, below = (_whole_root(number, exponent.denominator) for number in (base.numerator, base.denominator))
    if above is None or below is None:
        return None
    return _exact_power(Fraction(above, below), exponent.numerator)


def _whole_root(number: int, degree: int) -> int | None:
    if degree == 2:
        root = math.isqrt(number)
        return root if root * root == number else None
    if number.bit_length() > 150:
        return None
    root = round(number ** (1 / 3))
    return next((near for near in (root - 1, root, root + 1) if near >= 0 and near**3 == number), None)
