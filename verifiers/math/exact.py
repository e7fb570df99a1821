r"""Reads integers, decimals, fractions, mixed numbers, percents and amounts exactly, as `fractions.Fraction`.

Nothing is evaluated: one anchored pattern per shape, digits and exponents capped before any arithmetic.

- A percent is a number, and remembers how it was written: an expected 10% fits 10%, 0.1 and 10, an expected number g
  fits p% where p/100 is g, or where p is g and beyond 1 (60 fits 60%, 0.5 never fits 0.5%). 百分之五 is 5%.
- Commas are thousands separators only in groups of three (1,234,567); a decimal comma is not read.
- `2 million`, 5万 and 1.5亿 are multiplied out. 千, 百 and 万 before a unit are part of it (18千米 is 18 km) and before
  money and counters they are numbers (18万元); 18万吨 and 五千米 are read both ways: the amount is the same, the number
  that an expected answer without a unit may hold is not.
- Money signs and codes (`USD 18`) are units. For units see `verifiers.math.phrases`.
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
from verifiers.math.units import canonical, fit, is_known_unit, may_be_multiple


@dataclass(frozen=True, slots=True)
class Quantity:
    """An exact amount.

    Attributes:
        unit: the key of its unit, "" when there is none.
        written: the number as it stands before a percent sign, or before a unit that 万 may belong to, where that is
            another one than `value`.
    """

    value: Fraction
    unit: str = ""
    written: Fraction | None = None
    is_percent: bool = False

    def equals(self, other: Quantity, *, strict_percent: bool = False) -> bool:
        """Whether `other` is this expected amount, by the rules of `verifiers.math.units` and of this module.

        With `strict_percent` a percent is its hundredth and nothing else.
        """
        if fit(self.value, self.unit, other.value, other.unit):
            return True
        if self.is_percent or other.is_percent:
            return not strict_percent and self._same_without_the_sign(other)
        return (not other.unit and self.written == other.value) or (not self.unit and self.value == other.written)

    def _same_without_the_sign(self, other: Quantity) -> bool:
        if self.is_percent:
            return not other.is_percent and not other.unit and self.written == other.value
        return not self.unit and self.value == other.written and abs(self.value) > 1


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
_PERCENT = re.compile(r"\s*(?:\\?%|(?:percent|per cent|pct)(?![A-Za-z]))", re.IGNORECASE)
_PERCENT_IN_TEXT = re.compile(
    r"\s*\\(?:text|textrm|textbf|textnormal|mathrm|mbox|rm)\s*\{(\s*(?:%|percent|per cent|pct)[^{}]*)\}", re.IGNORECASE
)
# What the percentage is of.
_OF = re.compile(
    r"\s*(?:\\text\s*\{\s*)?of (?:(?:all )?(?:the|his|her|their|its|these|those) |all )?(?P<noun>[A-Za-z ]+)\}?"
)
_MULTIPLIER = re.compile(
    r"\s*(hundred|thousand|million|billion|trillion|dozen)\b\s*|([百千]?万|[百千]?亿|[百千])(?![\d.])"
)
_MULTIPLIERS = {
    "hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9, "trillion": 10**12, "dozen": 12,
    "百": 100, "千": 1000, "万": 10**4, "百万": 10**6, "千万": 10**7, "亿": 10**8, "百亿": 10**10, "千亿": 10**11,
}  # fmt: skip
_CODE = r"(?:USD|EUR|GBP|CNY|RMB|JPY|INR)(?![A-Za-z])|US\s?\\?\$|Rs\b\.?|₹"
_MONEY = re.compile(
    rf"([-+]?)\s*(?:(\\\$|[$€£¥]|{_CODE})|\\(?:text|textrm|mathrm)\s*\{{\s*({_CODE})\s*\}})\s*(?=[-+.0-9])"
)
# Which may belong to the unit behind them.
_BEFORE_UNIT = {"百": 100, "千": 1000, "万": 10**4}
_KILO = re.compile("千(?=[米克瓦卡帕])")

_RATE = re.compile(r"\s*(?:/|per\b|an?\b)\s*([A-Za-z]+)")


def read_quantity(text: str, own: Collection[str] | None = ()) -> Quantity | None:
    r"""`3/4`, `-1,234.50`, `\frac{1}{2}`, `1\frac{1}{2}`, `10\%`, `2.5 \times 10^3`, `$18`, `5 \text{ cm}` ... or None.

    Expects text tidied by `verifiers.math.tidy.tidy`. `own` as in `phrases.unit_key`. Raises TooLarge beyond the caps.
    """
    if _INTEGER.fullmatch(text):
        return Quantity(Fraction(int(text)))
    money = ""
    if match := _MONEY.match(text):
        money = canonical(re.sub(r"[\\\s.]", "", match[2] or match[3]))
        text = match[1] + text[match.end() :]
    read = _read_number(text)
    if read is None:
        return None
    value, end = read
    number, rest = text[:end], text[end:]
    written = value * 100 if number.removeprefix("负").startswith("百分之") else None
    is_percent = written is not None
    if rest and not is_percent:
        if said := _PERCENT_IN_TEXT.match(rest):
            rest = f" {said[1]}{rest[said.end() :]}"
        if percent := _PERCENT.match(rest):
            is_percent, written = True, value
            value, rest = value / 100, rest[percent.end() :]
            rest = f" {of['noun']}" if (of := _OF.fullmatch(rest)) else rest
        elif (many := _MULTIPLIER.match(rest)) and not (many[2] and is_known_unit(unit_key(rest))):
            written, value = value, value * _MULTIPLIERS[many[1] or many[2]]
            rest = rest[many.end() :]
            rest = f" {rest}" if many[1] and rest else rest
            number = many[2] or ""
    if money and (rate := _RATE.fullmatch(rest)) and is_known(rate[1]):
        return Quantity(value, f"{money}/{canonical(rate[1])}")
    unit = unit_key(rest, own)
    if unit is None or (money and unit and unit != money):
        return None
    if not is_percent:
        written = _before_multiple(number, value, written) if unit and may_be_multiple(unit) else None
    return Quantity(value, unit or money, written, is_percent)


def _before_multiple(number: str, value: Fraction, written: Fraction | None) -> Fraction | None:
    """The number without the 千, 百 or 万 that it ends in: 18 of 18万, 5 of 五千; None where it is none then."""
    if written is not None:
        return written if number in _BEFORE_UNIT else None
    size = _BEFORE_UNIT.get(number[-1:])
    return value / size if size and read_numeral(number[:-1]) == (value / size, len(number) - 1) else None


def _read_number(text: str) -> tuple[Fraction, int] | None:
    if not text:
        return None
    first = text[0]
    if "\u4e00" <= first <= "\u9fff" or first == "\u3007":
        read = read_numeral(text)
        if read is None and (kilo := _KILO.search(text)):
            # 二十千米: the numeral ends before the unit.
            read = read_numeral(text[: kilo.start()])
            return read if read and read[1] == kilo.start() else None
        return read
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
