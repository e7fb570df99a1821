# ruff: noqa: RUF001 (full-width forms are meant)
"""Units, currencies and percents: what is the same amount, and what looks like it."""

from fractions import Fraction

import pytest

from verifiers.math.exact import Quantity, read_quantity
from verifiers.math.judge import judge, reference_problem
from verifiers.types import Json, Status

SAME = [
    # 千, 百 and 万 before a unit are part of it, before money and counters they are numbers.
    ("18", "18千米"), ("18", "18千克"), ("18", "18千米每小时"), ("18", "18千米/时"), ("18千米", "18"), ("5", "5千克"),
    ("18千米", "18000米"), ("18000米", "18千米"), ("18", "18千瓦"), ("18", "18千卡"), ("18", "18平方千米"),
    ("18", "18万吨"), ("180000", "18万吨"), ("18万吨", "180000吨"), ("18万吨", "18"), ("18", "18万公里"),
    ("3", "3万亩"), ("180000", "18万元"), ("5000", "5千个"), ("180000", "18万人"), ("300", "3百块"), ("5", "五千米"),
    ("5000", "五千米"), ("2", "两千克"), ("20", "二十千米"), ("120", "一百二十千米"), ("15000", "一万五千米"),
    ("18千米", "18 km"), ("1500万元", "15000000元"),
    # Glued, in \text, in brackets; in both directions.
    ("18", "18m"), ("18", "18L"), ("18", "18g"), ("18", "18h"), ("18", "18s"), ("18", "18kW"), ("18", "18m^2"),
    ("18", "18cm"), ("18", "18hours"), ("18", r"18\text{m}"), ("18", r"18\mathrm{m}"), ("18", r"18 \text{ m}"),
    (r"18\text{ m}", "18"), (r"18\text{ m}", "18m"), (r"18\text{m}", r"18 \text{ m}"), (r"18\text{ m}", "1800 cm"),
    ("2 m", "2m"), ("2m", "2 m"), ("2m", "2m"), ("2m", r"2\text{ m}"), ("2m", "2 meters"), ("2m", r"m \cdot 2"),
    ("2m", "200cm"), ("18", "18（元）"), ("18", "18 (cm)"), ("18", "18(cm^2)"), ("18", r"18 (\text{cm}^2)"),
    ("18", "18(m)"), ("18", r"18\text{ (cm)}"), ("18 (cm)", "18"), ("18 (cm)", "18 cm"), ("18（元）", "18元"),
    (r"2\pi", r"2\pi\text{m}"), (r"2\pi\text{ m}", r"2\pi"), (r"2\pi (\text{cm})", r"2\pi"),
    ("9 (apples)", "9 apples"), ("9 (apples)", "9"), ("9 (apples)", r"9 \text{ apples}"),
    ("9 (widgets)", "9 widgets"), ("9 (times)", "9"), ("3 (pairs)", "3 pairs"),
    # Money before the number.
    ("18", "USD 18"), ("18", "USD18"), ("18", r"\text{USD } 18"), ("18", r"US\$18"), ("18", "18 USD"),
    ("18", "18USD"), ("18", "RMB 18"), ("18", "CNY 18"), ("18", "EUR 18"), ("18", "Rs. 18"), ("18", "₹18"),
    ("18 dollars", "USD 18"), ("18元", "RMB 18"), ("1234.50", "USD 1,234.50"),
    # Percents.
    ("10%", "10"), ("10%", "0.1"), ("10%", r"10\%"), ("10%", "10 percent"), ("10%", r"10\text{ percent}"),
    ("10%", r"10 \text{ percent}"), ("10%", r"10\text{\%}"), ("10%", r"\frac{1}{10}"), ("10%", "10 pct"),
    ("10%", "百分之十"), ("60", r"60\%"), ("60", "60 per cent"), ("60", "百分之六十"), ("-20", r"-20\%"),
    ("0.6", r"60\%"), ("1", r"100\%"), ("100", r"100\%"), ("1.5", r"1.5\%"), ("0.005", r"0.5\%"), ("0.5%", "0.5"),
    ("10", r"1000\%"), ("60", r"x = 60\%"), (r"33\frac{1}{3}\%", r"\frac{1}{3}"), (r"33\frac{1}{3}\%", r"33\frac13"),
    ("60", r"60\% \text{ of the students}"), ("60", "60% of the students"),
    ("60", r"\frac{3}{5} \times 100\% = 60\%"), (r"60\%", r"\frac{3}{5} \cdot 100 = 60"), ("60", r"\(60\)\%"),
]  # fmt: skip

OTHER = [
    ("18m", r"18\text{ M}"), ("18 m", r"18\text{ M}"), ("18 g", r"18\text{ G}"), (r"18\text{ m}", r"18\text{M}"),
    ("18000", "18千米"), ("18", "18000千米"), ("18千米", "18米"), ("18千米", "18千克"), ("5", "5千个"),
    ("18", "18万元"), ("18", "18万人"), ("18", "18亿吨"), ("18", "18百万吨"), ("5", "五千个"), ("15", "一万五千米"),
    ("3", "3百块"), ("18", "18千"), ("18", "18万"), ("18", "18k"), ("18", "18M"), ("18", "18x"), ("18", "18n"),
    ("18", "18t"), ("18", "18ab"), ("18", "18mn"), ("18", "18xm"), ("18", r"18\text{k}"), ("18", "18fold"),
    ("18", "18th"), ("18", "18mil"), ("18", "18m+1"), ("18", "m18"), ("18", "2 18m"), ("2m", "2"), ("2m", "2 kg"),
    ("2m", "2m^2"), ("2m", "2cm"), ("m", "1"), ("18m+2", "20"), ("x+m", "x"), (r"2\pi m", r"2\pi"),
    (r"\frac{m}{2}", r"\frac{1}{2}"), (r"18\text{ m}", r"18\text{ kg}"), (r"18\text{ m}", r"18\text{ m}^2"),
    ("18", "18(x)"), ("18", "18 (ab)"), ("18", "18(2)"), ("18", "18 (thousands)"), ("18", "18 (dozen)"),
    ("18", "18 (tenths)"), ("18", "18 (or more)"), ("18", "18 (times)"), ("18", "18 (not)"),
    ("9 (apples)", "9 pears"), ("9 (apples)", "9 (pears)"), ("9 (apples)", "8 apples"),
    ("9 (apples)", "9 thousand apples"), ("18元", "USD 18"), ("18", "XYZ 18"), ("18", "USD"),
    ("18", "USD 18 thousand"), ("18 euros", "USD 18"), ("0.5", r"0.5\%"), ("1", r"1\%"), ("0.1", r"0.1\%"),
    ("10%", r"1000\%"), ("10", r"100\%"), ("20", r"-20\%"), ("10%", "10 dollars"), ("60 dollars", r"60\%"),
    ("10%", "10 percentage points"), ("10%", "0.001"), ("6000", r"300\cdot 20\%"), ("60", "60% of 5"),
    ("60", r"60\%x"), ("60", r"60\% + 1"), ("5", "5 percent of x"), ("5", r"5\% \text{ of a dozen}"),
    ("10%", "10 thousand"), ("1", r"1\text{ percent}"), ("60", "百分之六"), ("60", r"59\% = 60\%"),
    (r"60\%", "59 = 60"),
]  # fmt: skip

STRICT = [
    (r"10\%", "0.1", True), (r"10\%", r"10\%", True), ("0.1", r"10\%", True), (r"10\%", "10", False),
    ("10", r"10\%", False), ("60", "百分之六十", False), ("60", r"\frac{3}{5} \times 100\% = 60\%", False),
    (r"60\%", r"\frac{3}{5} \cdot 100 = 60", False), ("0.6", r"\frac{3}{5} \times 100\% = 60\%", True),
]  # fmt: skip


def status(reference: Json, answer: str) -> Status:
    return judge(f"\\boxed{{{answer}}}", reference, finish_reason="stop").status


@pytest.mark.parametrize(("gold", "answer"), SAME)
def test_the_same_amount(gold: str, answer: str) -> None:
    assert status({"answer": gold}, answer) is Status.CORRECT
    assert status({"answer": gold}, gold) is Status.CORRECT


@pytest.mark.parametrize(("gold", "answer"), OTHER)
def test_another_amount(gold: str, answer: str) -> None:
    assert reference_problem({"answer": gold}) is None
    assert status({"answer": gold}, answer) in {Status.WRONG, Status.NO_ANSWER}


@pytest.mark.parametrize(("gold", "answer", "fits"), STRICT)
def test_an_option_makes_a_percent_its_hundredth_only(gold: str, answer: str, fits: bool) -> None:
    reference: Json = {"answer": gold, "strict_percent": True}
    assert reference_problem(reference) is None
    assert (status(reference, answer) is Status.CORRECT) is fits
    assert status({"answer": gold}, answer) is Status.CORRECT


@pytest.mark.parametrize("gold", ["9 (thousands)", "9 (dozen)", "9 (percent)", "9 (tenths)", "9 (or more)"])
def test_a_reference_whose_brackets_may_scale_is_screened_out(gold: str) -> None:
    assert reference_problem({"answer": gold})


@pytest.mark.parametrize(
    ("text", "quantity"),
    [
        ("10%", Quantity(Fraction(1, 10), "", Fraction(10), True)),
        ("负百分之五", Quantity(Fraction(-1, 20), "", Fraction(-5), True)),
        ("18万吨", Quantity(Fraction(180_000), "tonne", Fraction(18))),
        ("18千米", Quantity(Fraction(18), "km")),
        ("5千个", Quantity(Fraction(5000), "个")),
        ("USD 18 per day", Quantity(Fraction(18), "dollar/day")),
    ],
)
def test_what_is_remembered_of_the_number(text: str, quantity: Quantity) -> None:
    assert read_quantity(text) == quantity
