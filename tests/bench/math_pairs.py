r"""Pairs of math answers by construction: equal ones in different forms, and unequal ones that look alike.

`python -m tests.bench.math_pairs [--pairs N] [--seed N]` judges N of each (10,000 unless told) in this process and
prints the share accepted per form; the last line of stdout is one JSON object with `unequal, accepted, equal, recall`
and the two shares per form. Other benchmarks import `equal_pairs` and `unequal_pairs`.

Every form is a function of a random generator that returns (expected answer, answer of the policy).
"""

from __future__ import annotations

import argparse
import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from fractions import Fraction
from math import comb, factorial
from random import Random

from verifiers.math.judge import judge, screen
from verifiers.types import Status

Pair = tuple[str, str]
Form = Callable[[Random], Pair]


def _number(rng: Random) -> int:
    return rng.randint(-999, 9999) or 7


def _fraction(rng: Random) -> Fraction:
    while True:
        value = Fraction(rng.randint(-60, 60), rng.randint(2, 40))
        if value.denominator > 1:
            return value


def _tex(value: Fraction) -> str:
    sign = "-" if value < 0 else ""
    return f"{sign}\\frac{{{abs(value.numerator)}}}{{{value.denominator}}}"


def _coefficients(rng: Random, count: int) -> list[int]:
    return [rng.choice([-1, 1]) * rng.randint(2, 9) for _ in range(count)]


def _terms(*terms: str) -> str:
    return "+".join(terms).replace("+-", "-")


_DIGITS = "零一二三四五六七八九"


def _chinese(value: int) -> str:
    """1 to 9999 in Chinese numerals."""
    text = ""
    for unit, name in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit = value // unit % 10
        if digit:
            text += _DIGITS[digit] + name
        elif text and value % unit and not text.endswith("零"):
            text += "零"
    return text.removeprefix("一") if 10 <= value < 20 else text


def _decimal(rng: Random) -> tuple[str, Fraction]:
    places = rng.randint(1, 5)
    whole = rng.randint(1, 10**places * 40)
    value = Fraction(whole, 10**places)
    return f"{whole // 10**places}.{whole % 10**places:0{places}d}", value


def thousands(rng: Random) -> Pair:
    value = rng.randint(1000, 10**9)
    return str(value), f"{value:,}"


def fraction_forms(rng: Random) -> Pair:
    value = _fraction(rng)
    factor = rng.randint(1, 6)
    above, below = value.numerator * factor, value.denominator * factor
    return _tex(value), rng.choice(
        [f"{above}/{below}", f"\\dfrac{{{above}}}{{{below}}}", f"\\frac{{{-above}}}{{{-below}}}"]
    )


def decimal_and_fraction(rng: Random) -> Pair:
    text, value = _decimal(rng)
    return (text, f"{value.numerator}/{value.denominator}") if rng.random() < 0.5 else (_tex(value), text)


def mixed_number(rng: Random) -> Pair:
    whole, part = rng.randint(1, 30), abs(_fraction(rng)) % 1
    return _tex(whole + part), rng.choice([f"{whole}{_tex(part)}", f"{whole} {part.numerator}/{part.denominator}"])


def percent(rng: Random) -> Pair:
    text, value = _decimal(rng)
    return f"{text}\\%", _tex(value / 100)


def scientific(rng: Random) -> Pair:
    head, power = rng.randint(11, 99), rng.randint(2, 9)
    return str(head * 10 ** (power - 1)), f"{head / 10} \\times 10^{{{power}}}"


def money_and_units(rng: Random) -> Pair:
    value = abs(_number(rng))
    unit = rng.choice(["dollars", "cm", "apples", "hours", "miles per hour"])
    return rng.choice([(str(value), f"{value} {unit}"), (f"{value} {unit}", str(value)), (str(value), f"\\${value}")])


def converted_units(rng: Random) -> Pair:
    value = rng.randint(1, 500)
    larger, smaller, factor = rng.choice(
        [("m", "cm", 100), ("km", "m", 1000), ("hours", "minutes", 60), ("千克", "克", 1000), ("小时", "分钟", 60)]
    )
    return f"{value} {larger}", f"{value * factor} {smaller}"


def chinese_numeral(rng: Random) -> Pair:
    value = rng.randint(1, 9999)
    return str(value), _chinese(value) + rng.choice(["", "元", "个", "米"])


def chinese_fraction(rng: Random) -> Pair:
    value = Fraction(rng.randint(1, 20), rng.randint(2, 40))
    return f"{value.numerator}/{value.denominator}", f"{_chinese(value.denominator)}分之{_chinese(value.numerator)}"


def assignment(rng: Random) -> Pair:
    value = _number(rng)
    return rng.choice([(str(value), f"x = {value}"), (f"x={value}", str(value)), (f"x={value}", f"x = {value}.0")])


def arithmetic(rng: Random) -> Pair:
    left, right = rng.randint(2, 99), rng.randint(2, 99)
    return str(left * right), rng.choice([f"{left} \\cdot {right}", f"{left} \\times {right} = {left * right}"])


def power_form(rng: Random) -> Pair:
    base, exponent = rng.randint(2, 9), rng.randint(2, 12)
    return str(base**exponent), f"{base}^{{{exponent}}}"


def factorial_form(rng: Random) -> Pair:
    n = rng.randint(3, 20)
    return rng.choice([(str(factorial(n)), f"{n}!"), (str(comb(n, 2)), f"\\binom{{{n}}}{{2}}")])


def surd(rng: Random) -> Pair:
    outer, inner = rng.randint(2, 12), rng.choice([2, 3, 5, 6, 7, 10, 11, 13])
    return f"{outer}\\sqrt{{{inner}}}", f"\\sqrt{{{outer * outer * inner}}}"


def rationalised(rng: Random) -> Pair:
    above, inner = rng.randint(1, 12), rng.choice([2, 3, 5, 7, 11, 13])
    return f"\\frac{{{above}\\sqrt{{{inner}}}}}{{{inner}}}", f"\\frac{{{above}}}{{\\sqrt{{{inner}}}}}"


def multiple_of_pi(rng: Random) -> Pair:
    above, below = rng.randint(1, 30), rng.randint(2, 12)
    return f"\\frac{{{above}\\pi}}{{{below}}}", rng.choice([f"\\frac{{{above}}}{{{below}}}\\pi", f"{above}*pi/{below}"])


def expanded_product(rng: Random) -> Pair:
    a, b, c, d = _coefficients(rng, 4)
    expanded = _terms(f"{a * c}x^2", f"{a * d + b * c}x", f"{b * d}")
    return expanded, f"({_terms(f'{a}x', str(b))})({_terms(f'{c}x', str(d))})"


def reordered_terms(rng: Random) -> Pair:
    a, b, c = _coefficients(rng, 3)
    terms = [f"{a}x^2", f"{b}xy", f"{c}"]
    shuffled = rng.sample(terms, 3)
    return _terms(*terms), _terms(*shuffled)


def split_fraction(rng: Random) -> Pair:
    a, b, c = _coefficients(rng, 3)
    c = abs(c)
    return f"\\frac{{{_terms(f'{a}x', str(b))}}}{{{c}}}", f"\\frac{{{a}x}}{{{c}}}+\\frac{{{b}}}{{{c}}}"


def trigonometric(rng: Random) -> Pair:
    k = rng.randint(2, 9)
    return rng.choice(
        [
            (f"{k}\\sin 2x", f"{2 * k}\\sin x\\cos x"),
            (f"{k}-{k}\\sin^2 x", f"{k}\\cos^2 x"),
            (f"{k}\\sec^2 x", f"{k}+{k}\\tan^2 x"),
        ]
    )


def logarithmic(rng: Random) -> Pair:
    a, n = rng.choice([2, 3, 5, 7]), rng.randint(2, 5)
    return f"{n}\\ln {a}", f"\\ln {a**n}"


def tuple_form(rng: Random) -> Pair:
    value, number = _fraction(rng), _number(rng)
    return f"({_tex(value)}, {number})", f"\\left({value.numerator}/{value.denominator},{number}\\right)"


def set_form(rng: Random) -> Pair:
    values = rng.sample(range(-50, 50), rng.randint(2, 6))
    shuffled = rng.sample(values, len(values))
    inside = ", ".join(map(str, shuffled))
    return f"\\{{{','.join(map(str, values))}\\}}", rng.choice([f"\\{{{inside}\\}}", inside])


def roots_form(rng: Random) -> Pair:
    a, b = rng.sample(range(-20, 20), 2)
    return f"{a}, {b}", rng.choice([f"x = {b} \\text{{ or }} x = {a}", f"x={a}, {b}", f"x_1={b}, x_2={a}"])


def plus_minus(rng: Random) -> Pair:
    a, b = rng.randint(1, 20), rng.choice([2, 3, 5, 7])
    return f"{a} \\pm \\sqrt{{{b}}}", f"{a}-\\sqrt{{{b}}}, {a}+\\sqrt{{{b}}}"


def interval_form(rng: Random) -> Pair:
    a = rng.randint(-20, 20)
    b = a + rng.randint(1, 30)
    return rng.choice(
        [
            (f"[{a}, {b})", f"{a} \\le x < {b}"),
            (f"({a}, \\infty)", f"x > {a}"),
            (f"(-\\infty, {a}) \\cup ({a}, \\infty)", f"\\mathbb{{R}} \\setminus \\{{{a}\\}}"),
            (f"(-\\infty,{a}]\\cup[{b},\\infty)", f"x \\le {a} \\text{{ or }} x \\ge {b}"),
        ]
    )


def equation_form(rng: Random) -> Pair:
    a, b, c = _coefficients(rng, 3)
    k = rng.randint(2, 5)
    return f"{_terms(f'{a}x', f'{b}y')}={c}", rng.choice(
        [f"{_terms(f'{a * k}x', f'{b * k}y')}={c * k}", f"{_terms(f'{a}x', f'{b}y', str(-c))}=0"]
    )


def matrix_form(rng: Random) -> Pair:
    a, b, c, d = (_number(rng) for _ in range(4))
    return (
        f"\\begin{{pmatrix}}{a}&{b}\\\\{c}&{d}\\end{{pmatrix}}",
        f"\\begin{{bmatrix}} {a} & {b} \\\\ {c} & {d}.0 \\end{{bmatrix}}",
    )


def complex_form(rng: Random) -> Pair:
    a, b = _coefficients(rng, 2)
    return f"{_terms(str(a), f'{b}i')}", f"{_terms(f'{b}i', str(a))}"


def choice_form(rng: Random) -> Pair:
    letter = rng.choice("ABCDE")
    return letter, rng.choice([f"({letter})", f"\\text{{{letter}}}", f"{letter}.", f"\\textbf{{({letter})}}"])


def exponential(rng: Random) -> Pair:
    n = rng.randint(2, 9)
    return f"{n}^{{x+1}}", f"{n}\\cdot {n}^x"


EQUAL: tuple[Form, ...] = (
    thousands, fraction_forms, decimal_and_fraction, mixed_number, percent, scientific, money_and_units,
    converted_units, chinese_numeral, chinese_fraction, assignment, arithmetic, power_form, factorial_form, surd,
    rationalised, multiple_of_pi, expanded_product, reordered_terms, split_fraction, trigonometric, logarithmic,
    tuple_form, set_form, roots_form, plus_minus, interval_form, equation_form, matrix_form, complex_form, choice_form,
    exponential,
)  # fmt: skip


def other_digit(rng: Random) -> Pair:
    digits = list(str(rng.randint(10, 10**12)))
    at = rng.randrange(len(digits))
    changed = digits.copy()
    changed[at] = rng.choice([digit for digit in "123456789" if digit != digits[at]])
    return "".join(digits), "".join(changed)


def rounded(rng: Random) -> Pair:
    value = Fraction(rng.randint(1, 200), rng.choice([3, 7, 9, 11, 13, 17]))
    while value.denominator == 1:
        value += Fraction(1, 3)
    return _tex(value), f"{float(value):.{rng.randint(3, 12)}f}"


def other_sign(rng: Random) -> Pair:
    gold, answer = rng.choice([surd, fraction_forms, decimal_and_fraction, multiple_of_pi, split_fraction])(rng)
    return gold, f"-({answer})" if rng.random() < 0.5 else (answer[1:] if answer.startswith("-") else f"-{answer}")


def percent_for_number(rng: Random) -> Pair:
    value = abs(_number(rng))
    return rng.choice([(str(value), f"{value}\\%"), (f"{value}\\%", str(value))])


def other_term(rng: Random) -> Pair:
    gold, answer = rng.choice([expanded_product, reordered_terms, trigonometric, logarithmic, exponential])(rng)
    return gold, f"{answer}{rng.choice(['+', '-'])}{rng.choice(['1', 'x', '0.001', '10^{-30}'])}"


def other_operator(rng: Random) -> Pair:
    a, b = _coefficients(rng, 2)
    return rng.choice(
        [
            (f"{a}-\\frac{{{abs(b)}}}{{\\mathrm{{e}}}}", f"{a}+\\frac{{{abs(b)}}}{{\\mathrm{{e}}}}"),
            (f"{a}x+\\frac{{{abs(b)}}}{{x}}", f"{a}x-\\frac{{{abs(b)}}}{{x}}"),
            (f"{abs(a)}^{{x}}", f"{abs(a)}x"),
        ]
    )


def tiny_values(rng: Random) -> Pair:
    n = rng.randint(40, 400)
    m = n + rng.choice([-2, -1, 1, 2])
    return rng.choice(
        [
            (f"\\frac{{1}}{{2^{{{n}}}}}", f"\\frac{{1}}{{2^{{{m}}}}}"),
            (f"\\frac{{1}}{{{n}!}}", f"\\frac{{1}}{{{m}!}}"),
            (f"10^{{-{n}}}\\pi", f"10^{{-{m}}}\\pi"),
        ]
    )


def other_exponent(rng: Random) -> Pair:
    base, exponent = rng.randint(2, 9), rng.randint(3, 60)
    return f"{base}^{{{exponent}}}", f"{base}^{{{exponent + rng.choice([-1, 1])}}}"


def other_letter(rng: Random) -> Pair:
    a, b = _coefficients(rng, 2)
    x, y = rng.sample("xyztnabpqABX", 2)
    return f"{a}{x}+{abs(b)}", f"{a}{y}+{abs(b)}"


def other_order(rng: Random) -> Pair:
    a, b = rng.sample(range(-99, 99), 2)
    return f"({a}, {b})", f"({b}, {a})"


def other_brackets(rng: Random) -> Pair:
    a = rng.randint(-50, 50)
    b = a + rng.randint(1, 50)
    gold, answer = rng.sample([f"[{a},{b}]", f"({a},{b}]", f"[{a},{b})", f"({a},{b})"], 2)
    return gold, answer


def other_inequality(rng: Random) -> Pair:
    a = rng.randint(-50, 50)
    gold, answer = rng.sample(["<", ">", r"\le ", r"\ge "], 2)
    return f"x {gold}{a}", f"x {answer}{a}"


def missing_element(rng: Random) -> Pair:
    values = rng.sample(range(-50, 50), rng.randint(2, 6))
    text = ", ".join(map(str, values))
    other = [*values, rng.randint(60, 99)] if rng.random() < 0.5 else values[:-1]
    return f"\\{{{text}\\}}", f"\\{{{', '.join(map(str, other))}\\}}"


def other_equation(rng: Random) -> Pair:
    a, b, c = _coefficients(rng, 3)
    return f"{_terms(f'{a}x', f'{b}y', str(c))}=0", f"{_terms(f'{a}*x', f'{b + rng.choice([-1, 1])}*y', str(c))}=0"


def other_name(rng: Random) -> Pair:
    value = _number(rng)
    x, y = rng.sample("xyztn", 2)
    return f"{x}={value}", f"{y}={value}"


def other_matrix(rng: Random) -> Pair:
    gold, answer = matrix_form(rng)
    return gold, answer.replace(".0", ".1") if rng.random() < 0.5 else answer.replace(r"\\", "&")


def other_unit(rng: Random) -> Pair:
    value = abs(_number(rng))
    first, second = rng.sample(["cm", "m", "kg", "hours", "dollars", "cm^2", "元", "个", "apples"], 2)
    return f"{value} {first}", f"{value} {second}"


def other_numeral(rng: Random) -> Pair:
    value = rng.randint(1, 9999)
    other = value + rng.choice([-1, 1, 10, 100]) if value > 1 else 3
    return str(value), _chinese(min(other, 9999) if other != value else 5) if other <= 9999 else _chinese(1)


def two_answers(rng: Random) -> Pair:
    value = _number(rng)
    other = value + rng.randint(1, 9)
    return str(value), rng.choice(
        [f"{value}, {other}", f"{value} \\text{{ or }} {other}", f"\\{{{value}, {other}\\}}", f"{value} \\pm {other}"]
    )


def one_of_two(rng: Random) -> Pair:
    a, b = rng.sample(range(-50, 50), 2)
    return f"{a}, {b}", rng.choice([f"{a}", f"x={b}", f"{a}, {a}", f"({a}, {b})"])


def sequences_with_dots(rng: Random) -> Pair:
    n = rng.randint(2, 9)
    return f"{n}n", f"{n}, {2 * n}, \\ldots, {n}n"


def wrong_chain(rng: Random) -> Pair:
    value = _number(rng)
    return str(value), rng.choice([f"{value + 1} = {value}", f"x = {value + 1} = {value}", f"{value} = {value + 1}"])


def other_choice(rng: Random) -> Pair:
    gold, answer = rng.sample("ABCDE", 2)
    return gold, rng.choice([answer, f"({answer})", gold.lower(), f"{gold} or {answer}", f"({gold}) and ({answer})"])


def other_ratio(rng: Random) -> Pair:
    a, b = rng.sample(range(1, 30), 2)
    return f"{a}:{b}", f"{b}:{a}"


def almost_surd(rng: Random) -> Pair:
    n = rng.choice([2, 3, 5, 6, 7, 10])
    return f"\\sqrt{{{n}}}", rng.choice([f"{n**0.5:.10f}", f"\\sqrt{{{n + 1}}}", f"\\sqrt[3]{{{n}}}", f"{n}^{{0.499}}"])


UNEQUAL: tuple[Form, ...] = (
    other_digit, rounded, other_sign, percent_for_number, other_term, other_operator, tiny_values, other_exponent,
    other_letter, other_order, other_brackets, other_inequality, missing_element, other_equation, other_name,
    other_matrix, other_unit, other_numeral, two_answers, one_of_two, sequences_with_dots, wrong_chain, other_choice,
    other_ratio, almost_surd,
)  # fmt: skip


def equal_pairs(rng: Random, count: int) -> Iterator[tuple[str, str, str]]:
    """(form, expected answer, answer that is equal to it in another form), the forms in turn."""
    return _pairs(EQUAL, rng, count)


def unequal_pairs(rng: Random, count: int) -> Iterator[tuple[str, str, str]]:
    """(form, expected answer, answer that looks alike and is not equal), the forms in turn."""
    return _pairs(UNEQUAL, rng, count)


def _pairs(forms: tuple[Form, ...], rng: Random, count: int) -> Iterator[tuple[str, str, str]]:
    for number in range(count):
        form = forms[number % len(forms)]
        yield form.__name__, *form(rng)


def accepted(pairs: Iterator[tuple[str, str, str]]) -> tuple[Counter[str], Counter[str], list[tuple[str, str, str]]]:
    """Pairs per form, those judged correct per form, and up to 20 of each kind for a look."""
    tried: Counter[str] = Counter()
    correct: Counter[str] = Counter()
    shown: list[tuple[str, str, str]] = []
    for form, gold, answer in pairs:
        tried[form] += 1
        verdict = judge(f"\\boxed{{{answer}}}", {"answer": gold}, finish_reason="stop")
        # An expected answer that is screened out is never trained on: for these counts it is a refusal.
        assert verdict.status is not Status.ERROR or screen({"answer": gold})
        correct[form] += verdict.reward == 1.0
        if len(shown) < 60:
            shown.append((str(verdict.status), f"{form}: {gold}", answer))
    return tried, correct, shown


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    report: dict[str, object] = {}
    for kind, pairs in (("unequal", unequal_pairs), ("equal", equal_pairs)):
        started = time.perf_counter()
        tried, correct, _ = accepted(pairs(Random(options.seed), options.pairs))
        for form, count in tried.items():
            print(f"{kind:8} {form:22} {correct[form]:5} of {count:5} accepted")
        report |= {
            kind: tried.total(),
            "accepted" if kind == "unequal" else "recall": (
                correct.total() if kind == "unequal" else round(correct.total() / tried.total(), 4)
            ),
            f"{kind}_by_form": {form: round(correct[form] / count, 4) for form, count in tried.items()},
            f"{kind}_seconds": round(time.perf_counter() - started, 1),
        }
    print(json.dumps(report))


if __name__ == "__main__":
    main()
