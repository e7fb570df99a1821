"""Amounts that are read exactly: numbers, Chinese numerals, units."""

from fractions import Fraction

import pytest

from verifiers.math.exact import Quantity, read_quantity
from verifiers.math.limits import TooLarge
from verifiers.math.numerals import read_numeral

VALUES = [
    ("42", 42, ""),
    ("-1,234.50", Fraction(-2469, 2), ""),
    (r"\frac{1}{2}", Fraction(1, 2), ""),
    (r"2\frac{1}{3}", Fraction(7, 3), ""),
    (r"2.5 \times 10^{3}", 2500, ""),
    ("1e-3", Fraction(1, 1000), ""),
    ("5 million", 5_000_000, ""),
    ("1.5亿", 150_000_000, ""),
    ("$18", 18, "dollar"),
    ("$42 per day", 42, "dollar/day"),
    ("5 cm", 5, "cm"),
    (r"15\text{ cm}^2", 15, "cm^2"),
    ("15 square centimeters", 15, "cm^2"),
    ("25平方厘米", 25, "cm^2"),
    ("60 kilometers per hour", 60, "km/h"),
    ("60 km/h", 60, "km/h"),
    ("3 apples", 3, "apple"),
    ("三十元", 30, "yuan"),
    (r"90^\circ", 90, "degree"),
]
NO_QUANTITY = [
    "", "x", "5x", "5 hundred and one", "5 less than 7", "5 or 6", "5!", "1,23", "1.2.3", "1 2", "٤٢",
    "²", "5 of 10", "1/0", "--5", "5 minus one", "not 5", "5多个", "一二百", "5 not really", "1e", "0x10", "5 teens",
]  # fmt: skip
NUMERALS = [
    ("零", 0), ("十", 10), ("十五", 15), ("二十", 20), ("两千", 2000), ("三百二十一", 321), ("一千零五十", 1050),
    ("一百零五", 105), ("一万二千", 12_000), ("三亿零五万", 300_050_000), ("二〇二四", 2024), ("三点一四", "3.14"),
    ("负七", -7), ("三分之一", "1/3"),
    ("百分之五", "1/20"), ("百分之十二点五", "1/8"), ("一又二分之一", "3/2"), ("一半", "1/2"),
]  # fmt: skip
NO_NUMERALS = ["三百二", "百", "一二百", "十十", "零百", "一百零", "几", "分之一", "", "两二", "一百零零五", "三千百"]


@pytest.mark.parametrize(("text", "value", "unit"), VALUES)
def test_what_is_read(text: str, value: Fraction, unit: str) -> None:
    assert read_quantity(text) == Quantity(Fraction(value), unit)


@pytest.mark.parametrize("text", NO_QUANTITY)
def test_what_is_no_amount(text: str) -> None:
    assert read_quantity(text) is None


@pytest.mark.parametrize(("text", "value"), NUMERALS)
def test_chinese_numerals(text: str, value: int | str) -> None:
    assert read_numeral(text) == (Fraction(value), len(text))


@pytest.mark.parametrize("text", NO_NUMERALS)
def test_what_is_no_numeral(text: str) -> None:
    assert read_numeral(text) is None


@pytest.mark.parametrize("text", ["1" * 1001, "1e1001", r"1 \times 10^{9999999}", "0." + "1" * 1000])
def test_caps(text: str) -> None:
    with pytest.raises(TooLarge):
        read_quantity(text)


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("1 m", "100 cm", True),
        ("1 m", "1 cm", False),
        ("1 m^2", "10000 cm^2", True),
        ("1 m^2", "100 cm^2", False),
        ("1 m", "1", True),
        ("2小时", "120 minutes", True),
        ("3元", "30角", True),
        ("$0.50", "50 cents", True),
        ("5元", "5 dollars", False),
        ("5 kg", "5 km", False),
        ("9个", "9个苹果", True),
        ("9个", "9米", False),
        ("5 apples", "5 apple", True),
        ("5 apples", "5 pears", False),
        ("1 year", "12 months", False),
    ],
)
def test_units_that_fit(first: str, second: str, same: bool) -> None:
    one, other = read_quantity(first), read_quantity(second)
    assert one is not None and other is not None
    assert one.equals(other) is same
    assert other.equals(one) is same
