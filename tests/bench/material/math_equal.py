r"""Math answers that are equal to an expected one in another form: (expected answer, answer of the policy)."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from math import comb, factorial
from random import Random

from tests.bench.material.math_numbers import chinese, coefficients, decimal, fraction, number, terms, tex

Pair = tuple[str, str]
Form = Callable[[Random], Pair]


def thousands(rng: Random) -> Pair:
    value = rng.randint(1000, 10**9)
    return str(value), f"{value:,}"


def fraction_forms(rng: Random) -> Pair:
    value = fraction(rng)
    factor = rng.randint(1, 6)
    above, below = value.numerator * factor, value.denominator * factor
    return tex(value), rng.choice(
        [f"{above}/{below}", f"\\dfrac{{{above}}}{{{below}}}", f"\\frac{{{-above}}}{{{-below}}}"]
    )


def decimal_and_fraction(rng: Random) -> Pair:
    text, value = decimal(rng)
    return (text, f"{value.numerator}/{value.denominator}") if rng.random() < 0.5 else (tex(value), text)


def mixed_number(rng: Random) -> Pair:
    whole, part = rng.randint(1, 30), abs(fraction(rng)) % 1
    return tex(whole + part), rng.choice([f"{whole}{tex(part)}", f"{whole} {part.numerator}/{part.denominator}"])


def percent(rng: Random) -> Pair:
    text, value = decimal(rng)
    whole = rng.randint(2, 999)
    return rng.choice(
        [
            (f"{text}\\%", tex(value / 100)),
            (f"{text}\\%", rng.choice([text, f"{text} \\text{{ percent}}", f"{text} percent"])),
            (str(whole), rng.choice([f"{whole}\\%", f"{whole} \\text{{ percent}}", f"百分之{chinese(whole)}"])),
        ]
    )


def scientific(rng: Random) -> Pair:
    head, power = rng.randint(11, 99), rng.randint(2, 9)
    return str(head * 10 ** (power - 1)), f"{head / 10} \\times 10^{{{power}}}"


def money_and_units(rng: Random) -> Pair:
    value = abs(number(rng))
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
    return str(value), chinese(value) + rng.choice(["", "元", "个", "米"])


def chinese_fraction(rng: Random) -> Pair:
    value = Fraction(rng.randint(1, 20), rng.randint(2, 40))
    return f"{value.numerator}/{value.denominator}", f"{chinese(value.denominator)}分之{chinese(value.numerator)}"


def assignment(rng: Random) -> Pair:
    value = number(rng)
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
    a, b, c, d = coefficients(rng, 4)
    expanded = terms(f"{a * c}x^2", f"{a * d + b * c}x", f"{b * d}")
    return expanded, f"({terms(f'{a}x', str(b))})({terms(f'{c}x', str(d))})"


def reordered_terms(rng: Random) -> Pair:
    a, b, c = coefficients(rng, 3)
    ordered = [f"{a}x^2", f"{b}xy", f"{c}"]
    shuffled = rng.sample(ordered, 3)
    return terms(*ordered), terms(*shuffled)


def split_fraction(rng: Random) -> Pair:
    a, b, c = coefficients(rng, 3)
    c = abs(c)
    return f"\\frac{{{terms(f'{a}x', str(b))}}}{{{c}}}", f"\\frac{{{a}x}}{{{c}}}+\\frac{{{b}}}{{{c}}}"


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
    value, whole = fraction(rng), number(rng)
    return f"({tex(value)}, {whole})", f"\\left({value.numerator}/{value.denominator},{whole}\\right)"


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
    a, b, c = coefficients(rng, 3)
    k = rng.randint(2, 5)
    return f"{terms(f'{a}x', f'{b}y')}={c}", rng.choice(
        [f"{terms(f'{a * k}x', f'{b * k}y')}={c * k}", f"{terms(f'{a}x', f'{b}y', str(-c))}=0"]
    )


def matrix_form(rng: Random) -> Pair:
    a, b, c, d = (number(rng) for _ in range(4))
    return (
        f"\\begin{{pmatrix}}{a}&{b}\\\\{c}&{d}\\end{{pmatrix}}",
        f"\\begin{{bmatrix}} {a} & {b} \\\\ {c} & {d}.0 \\end{{bmatrix}}",
    )


def complex_form(rng: Random) -> Pair:
    a, b = coefficients(rng, 2)
    return f"{terms(str(a), f'{b}i')}", f"{terms(f'{b}i', str(a))}"


def choice_form(rng: Random) -> Pair:
    letter = rng.choice("ABCDE")
    return letter, rng.choice([f"({letter})", f"\\text{{{letter}}}", f"{letter}.", f"\\textbf{{({letter})}}"])


def exponential(rng: Random) -> Pair:
    n = rng.randint(2, 9)
    return f"{n}^{{x+1}}", f"{n}\\cdot {n}^x"


_BEHIND = (
    "red apples", "apples left", "eggs per day", "cups of flour", "years old", "cm long", "square feet", "left",
    "in total", "students", "cookies", "boxes", "dollars a day", "miles per hour", "tickets each",
)  # fmt: skip


def noun_behind(rng: Random) -> Pair:
    value = rng.randint(2, 999)
    said = rng.choice(_BEHIND)
    return str(value), rng.choice(
        [f"{value} {said}", f"{value} \\text{{ {said}}}", f"{value}{rng.choice('个元米页岁人')}"]
    )


def chinese_kilo(rng: Random) -> Pair:
    value = rng.randint(2, 999)
    return rng.choice(
        [
            (str(value), f"{value}{rng.choice(['千米', '千克', '千米每小时', '万吨', '平方千米'])}"),
            (f"{value}千米", rng.choice([str(value), f"{value * 1000}米"])),
            (str(value * 10_000), f"{value}万{rng.choice('元人个')}"),
        ]
    )


def unit_around(rng: Random) -> Pair:
    value = rng.randint(2, 999)
    letter = rng.choice("msghL")
    glued = [f"{value}{letter}", f"{value}\\text{{ {letter}}}", f"{value}\\text{{{letter}}}", f"{value} {letter}"]
    return rng.choice(
        [
            (str(value), rng.choice(glued)),
            (rng.choice(glued), rng.choice(glued)),
            (str(value), rng.choice([f"{value}（元）", f"{value} (cm)", f"USD {value}", f"共{value}个"])),  # noqa: RUF001
            (f"{value} (apples)", rng.choice([str(value), f"{value} apples", f"{value} \\text{{ apples}}"])),
        ]
    )


_NAMES = (
    "m+n", "100a+b", r"P(A \cap B)", "|S|", "AB", "f(3)", "f'(2)", r"\overline{AB}", r"S_{\triangle ABC}",
    r"\angle A", r"\text{Total}", r"\text{Area of } \triangle ABC", "面积", r"\mathbb{E}[X]", r"\frac{AB}{CD}",
    r"\bar{x}",
)  # fmt: skip


def name_left(rng: Random) -> Pair:
    value = fraction(rng) if rng.random() < 0.3 else Fraction(number(rng))
    written = str(value) if value.denominator == 1 else tex(value)
    return written, rng.choice([f"{rng.choice(_NAMES)} = {written}", f"\\text{{Total: }} {written}"])


def named_tuple(rng: Random) -> Pair:
    a, b = rng.sample(range(-50, 50), 2)
    return rng.choice(
        [
            (f"({a}, {b})", rng.choice([f"(x,y)=({a},{b})", f"x={a}, y={b}", f"y={b}, x={a}", f"P({a},{b})"])),
            (f"x={a}, y={b}", rng.choice([f"({a}, {b})", f"(x,y)=({a},{b})"])),
            (f"(x,y)=({a},{b})", f"x = {a} \\text{{ and }} y = {b}"),
        ]
    )


def sequence_form(rng: Random) -> Pair:
    a, b, c = rng.sample(range(2, 99), 3)
    return rng.choice(
        [
            (f"{a}, {b}, {c}, \\ldots", f"{a},{b},{c},..."),
            (f"{a} {b} {c}", f"[{a}, {b}, {c}]"),
            (f"{a} (cows); {b} (hens)", f"{a} cows, {b} hens"),
        ]
    )


def names_in_order(rng: Random) -> Pair:
    a, b = rng.sample(range(-50, 50), 2)
    gold = f"a_1={a}, a_2={b}"
    return gold, rng.choice([f"a_2={b}, a_1={a}", f"a_1 = {a} \\text{{ and }} a_2 = {b}", f"{a}, {b}"])


def two_lines(rng: Random) -> Pair:
    a, b = rng.sample(range(2, 30), 2)
    space = rng.choice([r" \quad ", r" \qquad ", r" \\\\ ", "\n", ", ", r" \text{ or } "])
    return f"y={a}x \\quad y={b}x", f"y={b}x{space}y={a}x"


def irrational_ends(rng: Random) -> Pair:
    n, low = rng.choice([2, 3, 5, 6, 7, 10]), rng.randint(-9, 0)
    return rng.choice(
        [
            (f"[{low}, 2\\sqrt{{{n}}}]", f"{low} \\le x \\le \\sqrt{{{4 * n}}}"),
            (f"({low}, \\pi) \\cup (\\pi, 4)", f"({low}, 4) \\setminus \\{{\\pi\\}}"),
            (f"({low}, \\frac{{{n}\\pi}}{{2}})", f"({low}, {n / 2}\\pi)"),
        ]
    )


EQUAL: tuple[Form, ...] = (
    thousands, fraction_forms, decimal_and_fraction, mixed_number, percent, scientific, money_and_units,
    converted_units, chinese_numeral, chinese_fraction, assignment, arithmetic, power_form, factorial_form, surd,
    rationalised, multiple_of_pi, expanded_product, reordered_terms, split_fraction, trigonometric, logarithmic,
    tuple_form, set_form, roots_form, plus_minus, interval_form, equation_form, matrix_form, complex_form, choice_form,
    exponential, noun_behind, names_in_order, two_lines, irrational_ends, chinese_kilo,
    unit_around, name_left, named_tuple, sequence_form,
)  # fmt: skip
