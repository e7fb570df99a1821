r"""Reads integers, decimals, fractions, mixed numbers, percents and amounts exactly, as `fractions.Fraction`.

Nothing is evaluated: one anchored pattern per shape, digits and exponents capped before any arithmetic.

- A percent is a number: 10% is 1/10, not 10. 百分之五 and 5% are 1/20.
- Commas are thousands separators only in groups of three (1,234,567); a decimal comma is not read.
- `2 million`, 5万 and 1.5亿 are multiplied out. Money signs are units. For units see `verifiers.math.phrases`.
- Only the ASCII digits (full-width ones are made ASCII before) and Chinese numerals are digits.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from fractions import Fraction

from verifiers.math.limits import MAX_DIGITS, MAX_EXPONENT, TooLarge
from verifiers.math.numerals import read_numeral
from verifiers.math.phrases import is_known, unit_key
from verifiers.math.units import canonical, fit


@dataclass(frozen=True, slots=True)
class Quantity:
    """An exact value and the key of its unit ("" when there is none)."""

    value: Fraction
    unit: str = ""

    def equals(self, other: Quantity) -> bool:
        """The same amount, by the rules of `verifiers.math.units`."""
        return fit(self.value, self.unit, other.value, other.unit)


_DIGITS = r"(?:[0-9]{1,3}(?:,[0-9]{3})+(?![0-9])|[0-9]+)(?:\.[0-9]+)?|\.[0-9]+"
_SIGNED = rf"[-+]?\s*(?:{_DIGITS})"
_INTEGER = re.compile(r"[-+]?[0-9]{1,18}")
_FRACTION = re.compile(
    rf"(?P<sign>[-+]?)\s*(?:(?P<whole>[0-9]+)(?=\s*\\frac|\s+[0-9]+\s*/)\s*)?"
    rf"(?:\\frac\s*\{{\s*(?P<a>{_SIGNED})\s*\}}\s*\{{\s*(?P<b>{_SIGNED})\s*\}}"
    rf"|(?P<c>{_DIGITS})\s*/\s*(?P<d>{_DIGITS}))"
)
_DECIMAL = re.compile(
    rf"(?P<sign>[-+]?)\s*(?P<number>{_DIGITS})"
    r"(?:(?:[eE](?=[-+0-9])|\s*(?:\\times|\\cdot|\u00d7|\*)\s*10\s*(?:\^|\*\*)\s*)"
    r"(?:\{\s*)?(?P<exponent>[-+]?[0-9]+)(?:\s*\})?)?"
)
_PERCENT = re.compile(r"\s*(?:\\?%|(?:percent|per cent|pct)\b)", re.IGNORECASE)
_MULTIPLIER = re.compile(
    r"\s*(hundred|thousand|million|billion|trillion|dozen)\b\s*|([百千]?万|[百千]?亿|[百千])(?![\d.])"
)
_MULTIPLIERS = {
    "hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9, "trillion": 10**12, "dozen": 12,
    "百": 100, "千": 1000, "万": 10**4, "百万": 10**6, "千万": 10**7, "亿": 10**8, "百亿": 10**10, "千亿": 10**11,
}  # fmt: skip
_MONEY = re.compile(r"([-+]?)\s*(\\\$|[$€£¥])\s*(?=[-+.0-9])")

_RATE = re.compile(r"\s*(?:/|per\b|an?\b)\s*([A-Za-z]+)")


def read_quantity(text: str, own: Collection[str] | None = ()) -> Quantity | None:
    r"""`3/4`, `-1,234.50`, `\frac{1}{2}`, `1\frac{1}{2}`, `10\%`, `2.5 \times 10^3`, `$18`, `5 \text{ cm}` ... or None.

    Expects text tidied by `verifiers.math.tidy.tidy`. `own` as in `phrases.unit_key`. Raises TooLarge beyond the caps.
    """
    if _INTEGER.fullmatch(text):
        return Quantity(Fraction(int(text)))
    money = ""
    if match := _MONEY.match(text):
        money = canonical(match[2].lstrip("\\"))
        text = match[1] + text[match.end() :]
    read = _read_number(text)
    if read is None:
        return None
    value, end = read
    rest = text[end:]
    if rest:
        if percent := _PERCENT.match(rest):
            value, rest = value / 100, rest[percent.end() :]
        elif many := _MULTIPLIER.match(rest):
            value *= _MULTIPLIERS[many[1] or many[2]]
            rest = rest[many.end() :]
            rest = f" {rest}" if many[1] and rest else rest
    if money and (rate := _RATE.fullmatch(rest)) and is_known(rate[1]):
        return Quantity(value, f"{money}/{canonical(rate[1])}")
    unit = unit_key(rest, own)
    if unit is None or (money and unit and unit != money):
        return None
    return Quantity(value, unit or money)


def _read_number(text: str) -> tuple[Fraction, int] | None:
    if not text:
        return None
    first = text[0]
    if "\u4e00" <= first <= "\u9fff" or first == "\u3007":
        return read_numeral(text)
    if "/" in text or "\\frac" in text:
        match = _FRACTION.match(text)
        if match:
            value = _fraction(match)
            return None if value is None else (value, match.end())
    match = _DECIMAL.match(text)
    return (_decimal(match), match.end()) if match else None


def _fraction(match: re.Match[str]) -> Fraction | None:
    above, below = _number(match["a"] or match["c"]), _number(match["b"] or match["d"])
    if below == 0:
        return None
    value = above / below
    if match["whole"]:
        if value < 0:
            return None
        value += _number(match["whole"])
    return -value if match["sign"] == "-" else value


def _decimal(match: re.Match[str]) -> Fraction:
    value = _number(match["number"])
    if match["exponent"]:
        if len(match["exponent"]) > 6 or abs(int(match["exponent"])) > MAX_EXPONENT:
            raise TooLarge(f"an exponent beyond {MAX_EXPONENT}")
        value *= Fraction(10) ** int(match["exponent"])
    return -value if match["sign"] == "-" else value


def _number(text: str) -> Fraction:
    digits = re.sub(r"[,\s]", "", text)
    if len(digits) > MAX_DIGITS:
        raise TooLarge(f"a number of more than {MAX_DIGITS} digits")
    return Fraction(digits)
