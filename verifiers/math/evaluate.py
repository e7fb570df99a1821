# ruff: noqa: SIM905 (word lists read better as text)
"""Evaluates formulas: exactly with rationals where it can, else with mpmath at the precision asked for.

Powers, factorials and binomials are guarded before they are computed, and every operation is paid for from the work
that one answer may cost (`verifiers.math.limits`).
"""

from __future__ import annotations

import functools
import math
from fractions import Fraction
from typing import Any

from verifiers.math.formula import Node, Unreadable
from verifiers.math.limits import (
    MAX_BITS,
    MAX_GAMMA,
    MAX_GAMMA_BITS,
    MAX_MAGNITUDE,
    TooLarge,
    ValueTooLarge,
    Work,
)
from verifiers.math.powers import exact_power, exact_root

# mpmath's numbers have no types: Any is an mpf or an mpc. A Fraction and one of these are never compared by size:
# Python raises TypeError. `real` makes both mpmath's.
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

    def __init__(self, points: Points, bits: int, work: Work) -> None:
        self._mp = _context(bits)
        self._points = points
        self._bits = bits
        self._work = work
        # What a function of mpmath costs at this precision.
        self._price = 30 + bits * bits // 10_000
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
        self._work.spend(5 + sum(_size(value) for value in values))
        try:
            result = _RULES[name](self, *values) if name in _RULES else self._function(name, *values)
        except (TooLarge, Unreadable, Undefined):
            raise
        # What mpmath raises where a function has no value: a pole, an overflow, a domain.
        except (ArithmeticError, ValueError, NotImplementedError) as error:
            raise Undefined("no value there") from error
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
            if max(value.numerator.bit_length(), value.denominator.bit_length()) > MAX_BITS:
                raise ValueTooLarge(f"a number of more than {MAX_BITS} bits")
            return value
        if not self._mp.isfinite(value):
            raise Undefined("infinite")
        if isinstance(value, self._mp.mpc) and value.imag == 0:
            value = value.real
        if value:
            self._note(int(self._mp.mag(value)))
        return value

    def _note(self, order: int) -> None:
        self.magnitude = max(self.magnitude, abs(order))
        if self.magnitude > MAX_MAGNITUDE:
            raise ValueTooLarge(f"a value beyond 2^{MAX_MAGNITUDE}")

    def real(self, value: Value) -> Any:
        """As a number of mpmath."""
        if isinstance(value, Fraction):
            self._note(value.numerator.bit_length() - value.denominator.bit_length())
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
                exact = exact_power(base, exponent.numerator)
                if exact is None:
                    raise Undefined("0 to that power")
                return exact
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
        if isinstance(base, Fraction) and (exact := exact_root(base, exponent)) is not None:
            return exact
        number = self.real(base)
        fraction = self._mp.mpf(exponent.numerator) / exponent.denominator
        if exponent.denominator % 2 and not isinstance(number, self._mp.mpc) and number < 0:
            size = self._guarded_power(-number, fraction)
            return -size if exponent.numerator % 2 else size
        return self._guarded_power(number, fraction)

    def _guarded_power(self, base: Any, exponent: Any) -> Any:
        self._work.spend(2 * self._price)
        if not base:
            raise Undefined("0 to that power")
        if self._mp.mag(exponent) > 40 or abs(exponent) * (abs(self._mp.log(abs(base), 2)) + 1) > 2 * MAX_MAGNITUDE:
            raise ValueTooLarge(f"a power beyond 2^{MAX_MAGNITUDE}")
        return self._mp.power(base, exponent)

    def factorial(self, value: Value) -> Value:
        """Of whole numbers up to 3,000 exactly; of others by the gamma function."""
        if not isinstance(value, Fraction) or value.denominator != 1:
            return self._mp.factorial(self._within_gamma(value))
        if value < 0:
            raise Undefined("a factorial of a negative number")
        if value > 3_000:
            raise ValueTooLarge("a factorial of more than 3000")
        self._work.spend(value.numerator)
        return Fraction(math.factorial(value.numerator))

    def binomial(self, above: Value, below: Value) -> Value:
        """Above any number a whole one exactly; of others by the gamma function."""
        if isinstance(below, Fraction) and below.denominator == 1 and isinstance(above, Fraction):
            if below < 0:
                raise Undefined("a binomial below 0")
            if above.denominator == 1 and 0 <= above <= 3_000:
                self._work.spend(above.numerator)
                return Fraction(math.comb(above.numerator, below.numerator))
            if below <= 100:
                return self._falling(above, below.numerator)
        above, below = self._within_gamma(above), self._within_gamma(below)
        self._work.spend(5 * self._price)
        return self._mp.binomial(above, below)

    def _falling(self, above: Fraction, below: int) -> Fraction:
        bits = max(above.numerator.bit_length(), above.denominator.bit_length()) + below.bit_length()
        if bits * below > MAX_BITS:
            raise ValueTooLarge(f"a binomial of more than {MAX_BITS} bits")
        self._work.spend(below * (5 + bits * below // 1_000))
        result = Fraction(1)
        for number in range(below):
            result = result * (above - number) / (number + 1)
        return result

    def _within_gamma(self, value: Value) -> Any:
        number = self.real(value)
        if isinstance(number, self._mp.mpc):
            raise Unreadable("a factorial of a number that is not real")
        if abs(number) > MAX_GAMMA or self._bits > MAX_GAMMA_BITS:
            raise ValueTooLarge(f"a factorial of a number beyond {MAX_GAMMA} that is not whole")
        self._work.spend(10 * self._price)
        return number

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

    def extreme(self, *values: Value, largest: bool) -> Value:
        """The largest or smallest of real numbers."""
        found = values[0]
        for value in values[1:]:
            exact = isinstance(found, Fraction) and isinstance(value, Fraction)
            difference = value - found if exact else self.real(value) - self.real(found)
            if not exact and isinstance(difference, self._mp.mpc):
                raise Unreadable("the largest of numbers that are not real")
            if (difference > 0) if largest else (difference < 0):
                found = value
        return found

    def common(self, *values: Value, multiple: bool) -> Value:
        """The greatest common divisor or the least common multiple of whole numbers."""
        result = 0
        for value in values:
            if not isinstance(value, Fraction) or value.denominator != 1:
                raise Unreadable("a common divisor of numbers that are not whole")
            bits = max(value.numerator.bit_length(), result.bit_length())
            self._work.spend(bits * bits // 50_000)
            if multiple and result.bit_length() + value.numerator.bit_length() > MAX_BITS:
                raise ValueTooLarge(f"a multiple of more than {MAX_BITS} bits")
            result = (math.lcm if multiple and result else math.gcd)(result, value.numerator)
        return Fraction(result)

    def natural(self, value: Value) -> Value:
        """Natural logarithm."""
        self._work.spend(2 * self._price)
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

    def _function(self, name: str, *values: Value) -> Value:
        known = _MPMATH.get(name)
        if len(values) != 1 or (known is None and name != "exp"):
            raise Unreadable(f"the function {name}")
        number = self.real(values[0])
        self._work.spend(2 * self._price)
        if name == "exp":
            return self._guarded_power(+self._mp.e, number) if number else Fraction(1)
        if number and self._mp.mag(number) > START_BITS // 2:
            raise Unreadable("a function of a number that large")
        return getattr(self._mp, str(known))(number)


def _size(value: Value) -> int:
    """What one operation on a long fraction costs: its time grows with the square of its length."""
    if not isinstance(value, Fraction):
        return 5
    bits = max(value.numerator.bit_length(), value.denominator.bit_length())
    return bits * bits // 250_000


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
    "max": lambda self, *values: self.extreme(*values, largest=True),
    "min": lambda self, *values: self.extreme(*values, largest=False),
    "gcd": lambda self, *values: self.common(*values, multiple=False),
    "lcm": lambda self, *values: self.common(*values, multiple=True),
    "ln": Evaluator.natural,
    "log": Evaluator.logarithm,
    "lg": lambda self, value: self.logarithm(value, Fraction(10)),
}
_MPMATH = {
    **{name: name for name in "sin cos tan cot sec csc sinh cosh tanh coth asin acos atan".split()},
    **{f"arc{name}": f"a{name}" for name in "sin cos tan sinh cosh tanh".split()},
    **{f"ar{name}": f"a{name}" for name in "sinh cosh tanh".split()},
}
