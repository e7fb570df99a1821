"""Powers and roots of rational numbers that are rational again."""

from __future__ import annotations

import math
from fractions import Fraction

from verifiers.math.limits import MAX_BITS, ValueTooLarge


def exact_power(base: Fraction, exponent: int) -> Fraction | None:
    """`base ** exponent`; None for 0 to a power that is not positive. Raises ValueTooLarge before it computes."""
    if base == 0:
        return base if exponent > 0 else None
    bits = max(base.numerator.bit_length(), base.denominator.bit_length())
    if base not in (1, -1) and bits * abs(exponent) > MAX_BITS:
        raise ValueTooLarge(f"a power of more than {MAX_BITS} bits")
    return base ** (exponent % 2 if base in (1, -1) else exponent)


def exact_root(base: Fraction, exponent: Fraction) -> Fraction | None:
    """`base ** exponent` where it is rational and the root is a real square or cube root, else None."""
    degree = exponent.denominator
    if degree not in (2, 3) or (base < 0 and degree == 2):
        return None
    above, below = (_whole_root(abs(number), degree) for number in (base.numerator, base.denominator))
    if above is None or below is None:
        return None
    return exact_power(Fraction(-above if base < 0 else above, below), exponent.numerator)


def _whole_root(number: int, degree: int) -> int | None:
    if degree == 2:
        root = math.isqrt(number)
        return root if root * root == number else None
    if number.bit_length() > 150:
        return None
    root = round(number ** (1 / 3))
    return next((near for near in (root - 1, root, root + 1) if near >= 0 and near**3 == number), None)
