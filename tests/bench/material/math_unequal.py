r"""Math answers that look like an expected one and are not equal to it: (expected answer, answer of the policy)."""

from __future__ import annotations

from fractions import Fraction
from random import Random

from tests.bench.material.math_equal import (
    Form,
    Pair,
    decimal_and_fraction,
    expanded_product,
    exponential,
    fraction_forms,
    logarithmic,
    matrix_form,
    multiple_of_pi,
    reordered_terms,
    split_fraction,
    surd,
    trigonometric,
)
from tests.bench.material.math_numbers import chinese, coefficients, number, terms, tex


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
    return tex(value), f"{float(value):.{rng.randint(3, 12)}f}"


def other_sign(rng: Random) -> Pair:
    gold, answer = rng.choice([surd, fraction_forms, decimal_and_fraction, multiple_of_pi, split_fraction])(rng)
    return gold, f"-({answer})" if rng.random() < 0.5 else (answer[1:] if answer.startswith("-") else f"-{answer}")


def percent_for_number(rng: Random) -> Pair:
    value, small = rng.randint(2, 9999), Fraction(rng.randint(1, 100), 100)
    return rng.choice(
        [
            (f"{float(small)}", f"{float(small)}\\%"),
            (f"{value}\\%", f"{value * 100}\\%"),
            (f"{value}\\%", f"\\${value}"),
            (f"{value} dollars", f"{value}\\%"),
            (str(value), f"{value + 1}\\%"),
            (str(value), f"{value}\\% \\text{{ of }} 7"),
        ]
    )


def other_term(rng: Random) -> Pair:
    gold, answer = rng.choice([expanded_product, reordered_terms, trigonometric, logarithmic, exponential])(rng)
    return gold, f"{answer}{rng.choice(['+', '-'])}{rng.choice(['1', 'x', '0.001', '10^{-30}'])}"


def other_operator(rng: Random) -> Pair:
    a, b = coefficients(rng, 2)
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
    a, b = coefficients(rng, 2)
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
    a, b, c = coefficients(rng, 3)
    return f"{terms(f'{a}x', f'{b}y', str(c))}=0", f"{terms(f'{a}*x', f'{b + rng.choice([-1, 1])}*y', str(c))}=0"


def other_name(rng: Random) -> Pair:
    value = number(rng)
    x, y = rng.sample("xyztn", 2)
    return f"{x}={value}", f"{y}={value}"


def other_matrix(rng: Random) -> Pair:
    gold, answer = matrix_form(rng)
    return gold, answer.replace(".0", ".1") if rng.random() < 0.5 else answer.replace(r"\\", "&")


def other_unit(rng: Random) -> Pair:
    value = abs(number(rng))
    first, second = rng.sample(["cm", "m", "kg", "hours", "dollars", "cm^2", "元", "个", "apples"], 2)
    return f"{value} {first}", f"{value} {second}"


def other_numeral(rng: Random) -> Pair:
    value = rng.randint(1, 9999)
    other = value + rng.choice([-1, 1, 10, 100]) if value > 1 else 3
    return str(value), chinese(min(other, 9999) if other != value else 5) if other <= 9999 else chinese(1)


def two_answers(rng: Random) -> Pair:
    value = number(rng)
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
    value = number(rng)
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


_BEHIND = (
    "thousands", "millionths", "ppm", "tenfold", "reciprocal", "bn", "mil", "sevens", "halves", "more", "less", "times",
    "short", "fold", "dozen", "k", "K", "per mille", "basis points", "or so", "and a half", "in thousands",
    "below zero", "percentage points",
)  # fmt: skip


def changing_word(rng: Random) -> Pair:
    value = rng.randint(2, 999)
    behind = rng.choice(_BEHIND)
    before = rng.choice(["about", "~", "minus", "not", r"\approx", "twice", "at least", "约", "第", "负"])
    chinese_behind = rng.choice(["平方", "倍", "多", "左右", "不到", "折", "对", "个亿", "的倒数", "个百分点"])
    return str(value), rng.choice(
        [f"{value} {behind}", f"{value} \\text{{ {behind}}}", f"{before} {value}", f"{value}{chinese_behind}"]
    )


def factor_letters(rng: Random) -> Pair:
    value, letters = rng.randint(2, 99), "".join(rng.sample("bnpqxyz", rng.randint(1, 3)))
    return rng.choice([(str(value), f"{value} {letters}"), (f"{value} {letters}", str(value))])


def kilo_or_number(rng: Random) -> Pair:
    value = rng.randint(2, 99)
    return rng.choice(
        [
            (f"{value * 1000}", f"{value}千米"),
            (str(value), f"{value}千{rng.choice('个只元本')}"),
            (str(value), f"{value}万{rng.choice('元人个')}"),
            (f"{value}千米", f"{value}{rng.choice(['米', '千克'])}"),
        ]
    )


def no_unit(rng: Random) -> Pair:
    value = rng.randint(2, 99)
    behind = rng.choice(["(thousands)", "(dozen)", "(x)", "(tenths)", "k", "t", "n", "xm", "fold"])
    return rng.choice(
        [
            (str(value), f"{value}{behind}"),
            (f"{value}m", str(value)),
            (f"{value} (apples)", f"{value} pears"),
            (f"{value}元", f"USD {value}"),
        ]
    )


def no_name(rng: Random) -> Pair:
    value, other = rng.sample(range(30, 99), 2)
    return rng.choice(
        [
            (str(value), f"{left}={value}")
            for left in ("2x", "x+1", "x^2", "|x|", r"\sqrt{x}", "-x", r"\gcd(14,21)", "C(5,2)", r"\sin 30^\circ")
        ]
        + [(str(value), f"AB={other}"), (str(value), f"m+n={other}={value}"), (str(value), f"|S|<{value}")]
    )


def swapped_tuple(rng: Random) -> Pair:
    a, b = rng.sample(range(-50, 50), 2)
    return rng.choice(
        [
            (f"({a}, {b})", f"x={b}, y={a}"),
            (f"({a}, {b})", f"y={a}, x={b}"),
            (f"({a}, {b})", f"(y,x)=({a},{b})"),
            (f"({a}, {b})", f"P({b}, {a})"),
            (f"x={a}, y={b}", f"({b}, {a})"),
            (f"(x,y)=({a},{b})", f"x={b}, y={a}"),
            (f"(x,y)=({a},{b})", f"(p,q)=({a},{b})"),
        ]
    )


def other_sequence(rng: Random) -> Pair:
    a, b, c = rng.sample(range(2, 99), 3)
    return rng.choice(
        [
            (f"{a}, {b}, {c}, \\ldots", f"{a}, {c}, {b}, \\ldots"),
            (f"{a}, {b}, {c}, \\ldots", f"{a}, {b}, {c}"),
            (f"{a} {b} {c}", f"{b} {a} {c}"),
            (f"{a} (cows); {b} (hens)", f"{b} cows, {a} hens"),
        ]
    )


def swapped_names(rng: Random) -> Pair:
    a, b = rng.sample(range(-50, 50), 2)
    first, second = rng.choice([("a_1", "a_2"), ("x", "y"), ("m", "n"), ("a_{3}", "a_{37}")])
    return f"{first}={a}, {second}={b}", rng.choice(
        [f"{first}={b}, {second}={a}", f"{second}={a}, {first}={b}", f"{b}, {a}", f"{first}={a}, {first}={b}"]
    )


def other_line(rng: Random) -> Pair:
    a, b, c = rng.sample(range(2, 30), 3)
    space = rng.choice([r" \quad ", r" \qquad ", r" \\\\ ", "\n", r" \, ", " ", " = ", ", ", " and "])
    gold = rng.choice([f"y={b}x", f"y={a}x \\quad y={b}x"])
    first = "" if " = " in space else "y="
    return gold, rng.choice([f"y={c}x{space}{first}{b}x", f"y={a}x{space}{first}{c}x"])


def tautology(rng: Random) -> Pair:
    a = rng.randint(1, 99)
    return f"x={a}", rng.choice([f"{a}={a}", "x=x", f"x={a + 1}={a}", f"x \\approx {a}", f"x=x={a}"])


def choice_beside_another(rng: Random) -> Pair:
    gold, other = rng.sample("ABCDEFG", 2)
    said = rng.choice(["{o} is also fine", "or {o}", "maybe", "also {o}", "{o}", "not sure", "the other one works too"])
    return gold, f"{gold}. {said.format(o=other)}"


def other_end(rng: Random) -> Pair:
    n = rng.choice([2, 3, 5, 6, 7, 10, 11])
    root, low = f"\\sqrt{{{n}}}", rng.randint(-9, 0)
    return f"[{low}, {root}]", rng.choice(
        [f"[{low}, {n**0.5:.10f}]", f"{low} \\le x < {root}", f"[{root}, {low}]", str(low), f"x > {low}"]
    )


UNEQUAL: tuple[Form, ...] = (
    other_digit, rounded, other_sign, percent_for_number, other_term, other_operator, tiny_values, other_exponent,
    other_letter, other_order, other_brackets, other_inequality, missing_element, other_equation, other_name,
    other_matrix, other_unit, other_numeral, two_answers, one_of_two, sequences_with_dots, wrong_chain, other_choice,
    other_ratio, almost_surd, changing_word, factor_letters, swapped_names, other_line, tautology,
    choice_beside_another, other_end, kilo_or_number, no_unit, no_name, swapped_tuple, other_sequence,
)  # fmt: skip
