"""Numbers and terms that math answers are made of."""

from __future__ import annotations

from fractions import Fraction
from random import Random


def number(rng: Random) -> int:
    return rng.randint(-999, 9999) or 7


def fraction(rng: Random) -> Fraction:
    while True:
        value = Fraction(rng.randint(-60, 60), rng.randint(2, 40))
        if value.denominator > 1:
            return value


def tex(value: Fraction) -> str:
    sign = "-" if value < 0 else ""
    return f"{sign}\\frac{{{abs(value.numerator)}}}{{{value.denominator}}}"


def coefficients(rng: Random, count: int) -> list[int]:
    return [rng.choice([-1, 1]) * rng.randint(2, 9) for _ in range(count)]


def terms(*terms: str) -> str:
    return "+".join(terms).replace("+-", "-")


_DIGITS = "零一二三四五六七八九"


def chinese(value: int) -> str:
    """1 to 9999 in Chinese numerals."""
    text = ""
    for unit, name in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit = value // unit % 10
        if digit:
            text += _DIGITS[digit] + name
        elif text and value % unit and not text.endswith("零"):
            text += "零"
    return text.removeprefix("一") if 10 <= value < 20 else text


def decimal(rng: Random) -> tuple[str, Fraction]:
    places = rng.randint(1, 5)
    whole = rng.randint(1, 10**places * 40)
    value = Fraction(whole, 10**places)
    return f"{whole // 10**places}.{whole % 10**places:0{places}d}", value
