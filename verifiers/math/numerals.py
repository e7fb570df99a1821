# ruff: noqa: RUF001 (the ideographic zero is what is read here)
"""Reads Chinese numerals: 三百二十一, 两千, 二〇二四, 三点五, 负七, 三分之一, 百分之五, 一又二分之一, 一半.

Exact, linear in the length, at most MAX_CHARS characters. What has two readings is not read: 三百二 (302 or 320),
and words that are no exact number (几, 多, 余, 半).
"""

from __future__ import annotations

import re
from fractions import Fraction

MAX_CHARS = 40

_DIGITS = {"零": 0, "〇": 0, "一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9}
_SMALL = {"十": 10, "百": 100, "千": 1000}
# 百分之五 is five parts of one hundred, without its 一.
_POWERS = {"百": 100, "千": 1000, "万": 10_000}
_WHOLE = f"[零〇一二两三四五六七八九十百千万亿]{{1,{MAX_CHARS}}}"
_NUMERAL = re.compile(
    rf"(?P<sign>负)?(?:(?P<half>一半)"
    rf"|(?:(?P<whole>{_WHOLE})又)?(?P<below>{_WHOLE})分之(?P<above>{_WHOLE})(?:点(?P<parts>[零〇一二三四五六七八九]+))?"
    rf"|(?P<number>{_WHOLE})(?:点(?P<decimals>[零〇一二三四五六七八九]{{1,{MAX_CHARS}}}))?)"
)


def read_numeral(text: str) -> tuple[Fraction, int] | None:
    """The value of the longest numeral that `text` starts with, and where it ends; None when there is none."""
    match = _NUMERAL.match(text)
    if match is None:
        return None
    value = _value(match)
    if value is None:
        return None
    return -value if match["sign"] else value, match.end()


def _value(match: re.Match[str]) -> Fraction | None:
    if match["half"]:
        return Fraction(1, 2)
    if match["below"]:
        below = _POWERS.get(match["below"]) or _whole(match["below"])
        above = _with_decimals(match["above"], match["parts"])
        whole = _whole(match["whole"]) if match["whole"] else 0
        return None if not below or above is None or whole is None else whole + above / below
    return _with_decimals(match["number"], match["decimals"])


def _with_decimals(whole: str, decimals: str | None) -> Fraction | None:
    value = _whole(whole)
    if value is None:
        return None
    if not decimals:
        return Fraction(value)
    digits = "".join(str(_DIGITS[character]) for character in decimals)
    return value + Fraction(int(digits), 10 ** len(digits))


def _whole(text: str) -> int | None:
    if not set(text) - set(_DIGITS):
        # Digit by digit (二〇二四); 两 is never a digit of such a row, and one digit stands for itself.
        return (
            int("".join(str(_DIGITS[character]) for character in text)) if len(text) == 1 or "两" not in text else None
        )
    total = 0
    bound = 10**12
    for name, size in (("亿", 10**8), ("万", 10**4), ("", 1)):
        head, found, text = text.rpartition(name) if name else (text, "", "")
        if name and not found:
            continue
        if not head:
            if name:
                return None
            continue
        section = _section(head.lstrip("零〇") if total else head)
        if section is None or section * size >= bound:
            return None
        total, bound = total + section * size, size
    return total


def _section(text: str) -> int | None:
    """A numeral below 10,000: units strictly fall, and a digit after a skipped unit needs its 零."""
    total, digit, last, zero = 0, None, 10_000, False
    for character in text:
        if character in _SMALL:
            unit = _SMALL[character]
            if unit >= last or (digit is None and (unit != 10 or total)) or digit == 0:
                return None
            total, digit, last, zero = total + (digit or 1) * unit, None, unit, False
        elif character in _DIGITS:
            value = _DIGITS[character]
            if digit is not None:
                return None
            if value == 0:
                if zero or not total:
                    return None
                zero = True
            else:
                digit = value
        else:
            return None
    if digit is None:
        return None if zero else total or None
    # 三百二 is 302 to nobody and 320 to some.
    return None if last in {100, 1000} and not zero else total + digit
