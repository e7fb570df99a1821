r"""Reads integers, decimals, fractions, mixed numbers, percents and amounts exactly, as `fractions.Fraction`.

Nothing is evaluated: one anchored pattern per shape, digits and exponents capped before any arithmetic.
A percent is a number (10% is 1/10, not 10).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

MAX_DIGITS = 1000
MAX_EXPONENT = 1000


class TooLarge(ValueError):
    """The number has more digits or a larger exponent than is read."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """An exact value and the first word of its unit ("" when there is none), lower case and singular."""

    value: Fraction
    unit: str = ""

    def equals(self, other: Quantity) -> bool:
        """Same value, and no two units that differ. A missing unit fits any."""
        return self.value == other.value and (self.unit == other.unit or not self.unit or not other.unit)


_DIGITS = r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?|\.\d+"
_SIGNED = rf"[-+]?\s*(?:{_DIGITS})"
_FRACTION = re.compile(
    rf"(?P<sign>[-+]?)\s*(?:(?P<whole>\d+)(?=\s*\\frac|\s+\d+\s*/)\s*)?"
    rf"(?:\\frac\s*\{{\s*(?P<a>{_SIGNED})\s*\}}\s*\{{\s*(?P<b>{_SIGNED})\s*\}}"
    rf"|(?P<c>{_DIGITS})\s*/\s*(?P<d>{_DIGITS}))"
)
_DECIMAL = re.compile(
    rf"(?P<sign>[-+]?)\s*(?P<number>{_DIGITS})"
    r"(?:(?:[eE]|\s*(?:\\times|\\cdot|\u00d7|\*)\s*10\s*(?:\^|\*\*)\s*)(?:\{\s*)?(?P<exponent>[-+]?\d+)(?:\s*\})?)?"
)
_PERCENT = re.compile(r"\s*(?:%|(?:percent|per cent|pct)\b)", re.IGNORECASE)
_UNIT = re.compile(
    r"\s*\\(?:text|textrm|textbf|mathrm|mbox)\s*\{(?P<tex>[^{}\\$\d]*)\}(?:\s*\^\s*\{?[23]\}?)?$"
    r"|\s+(?P<words>(?:[A-Za-z]{2,}|[mgshlL](?![A-Za-z]))(?:[ ,'/-]+[A-Za-z]+){0,11}(?:\s*\^\s*[23]|[²³])?)$"
    r"|\s*(?P<cjk>[\u4e00-\u9fff]+)$"
    r"|\s*(?P<degree>\^\s*\{?\s*\\circ\s*\}?|°|\\degree)$"
)
# Words after a number that change its value or turn it into something else than an amount.
_NOT_UNITS = {
    "hundred",
    "thousand",
    "million",
    "billion",
    "trillion",
    "dozen",
    "half",
    "halves",
    "third",
    "thirds",
    "quarter",
    "quarters",
    "fourth",
    "fourths",
    "fifth",
    "fifths",
    "tenth",
    "tenths",
    "squared",
    "cubed",
    "factorial",
    "plus",
    "minus",
    "times",
    "over",
    "divided",
    "mod",
    "and",
    "or",
    "nor",
    "not",
    "no",
    "except",
    "percent",
}
_NOT_CJK_UNITS = set("十百千万亿半多余几和或加减乘除分成倍不")


def read_quantity(text: str) -> Quantity | None:
    r"""`3/4`, `-1,234.50`, `\frac{1}{2}`, `1\frac{1}{2}`, `10\%`, `2.5 \times 10^3`, `$18`, `5 \text{ cm}` ... or None.

    Expects text tidied by `verifiers.math.judge.tidy`. Raises TooLarge beyond the caps.
    """
    text = re.sub(r"^([-+]?)\s*(?:\\\$|[$€£¥])\s*([-+]?)", r"\1\2", text)
    match = _FRACTION.match(text)
    value = _fraction(match) if match else None
    if match is None:
        match = _DECIMAL.match(text)
        value = _decimal(match) if match else None
    if match is None or value is None:
        return None
    rest = text[match.end() :]
    if percent := _PERCENT.match(rest):
        value, rest = value / 100, rest[percent.end() :]
    unit = _unit(rest)
    return None if unit is None else Quantity(value, unit)


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


def _unit(rest: str) -> str | None:
    """The unit's key, "" for none, None when what follows the number is no unit."""
    if not rest.strip(" .,"):
        return ""
    match = _UNIT.match(rest)
    if match is None:
        return None
    if match["degree"]:
        return "degree"
    if match["cjk"]:
        return None if _NOT_CJK_UNITS & set(match["cjk"]) else match["cjk"][0]
    words = re.findall(r"[A-Za-z]+", match["tex"] or match["words"] or "")
    if not words or _NOT_UNITS & {word.lower() for word in words}:
        return None if words else ""
    first: str = words[0].lower()
    return first[:-1] if len(first) > 2 and first.endswith("s") else first
