r"""Math answers in another markup or notation, equal to the expected one and not: (expected answer, answer)."""

from __future__ import annotations

from math import gcd, lcm
from random import Random

from tests.bench.material.math_equal import Form, Pair
from tests.bench.material.math_numbers import coefficients, fraction, number, terms, tex

_DEGREES = (r"^\text{o}", r"^{\small\circ}", "^o", "^{o}", r"^{\text{o}}", "°")
_ROW = r"\\"
_MONTHS = ("January", "March", "May", "June", "August", "December")


def coloured(rng: Random) -> Pair:
    value = rng.choice([str(number(rng)), tex(fraction(rng)), "x+1", "2\\sqrt{3}"])
    form = rng.choice(
        [
            r"\textcolor{{blue}}{{{}}}",
            r"\color{{red}}{{{}}}",
            r"\color{{red}} {}",
            r"\Large {}",
            r"\mathbf{{{}}}",
            r"\boldsymbol{{{}}}",
            r"\underline{{{}}}",
            r"{} \checkmark",
            r"{{\huge {}}}",
            r"\underline{{\mathbf{{{}}}}}",
        ]
    )
    return value, form.format(value)


def grouped_digits(rng: Random) -> Pair:
    value = rng.randint(1_000, 10**10)
    return str(value), f"{value:,}".replace(",", rng.choice([r"\;", r"\,", r"\ ", " ", r",\! ", "{,}", "~", r"\:"]))


def based_number(rng: Random) -> Pair:
    base, names = rng.randint(2, 9), ("two", "three", "four", "five", "six", "seven", "eight", "nine")
    digits = "1" + "".join(rng.choice("0123456789"[:base]) for _ in range(rng.randint(1, 7)))
    said = [f"({digits})_{base}", f"{digits}_{{{base}}}", f"{digits}_{{\\text{{{names[base - 2]}}}}}"]
    return f"{digits}_{base}", rng.choice([*said, f"{digits} \\text{{ (base {base})}}"])


def repeating(rng: Random) -> Pair:
    once, repeated = rng.choice(["", "1", "05"]), str(rng.choice([3, 6, 27, 142857, 81]))
    whole = rng.randint(0, 40)
    above = int(f"{whole}{once}{repeated}") - int(f"{whole}{once}")
    below = (10 ** len(repeated) - 1) * 10 ** len(once)
    return f"\\frac{{{above}}}{{{below}}}", f"{whole}.{once}\\overline{{{repeated}}}"


def list_function(rng: Random) -> Pair:
    a, b = rng.sample(range(2, 200), 2)
    return rng.choice(
        [
            (str(max(a, b)), rng.choice([f"\\max({a},{b})", f"\\max\\{{{a}, {b}\\}}"])),
            (str(min(a, b)), rng.choice([f"\\min({a},{b})", f"\\operatorname{{min}}({a}, {b})"])),
            (str(gcd(a, b)), f"\\gcd({a}, {b})"),
            (str(lcm(a, b)), rng.choice([f"\\operatorname{{lcm}}({a}, {b})", f"\\text{{lcm}}({a},{b})"])),
        ]
    )


def modulo(rng: Random) -> Pair:
    a, b = rng.randint(10, 9_999), rng.randint(2, 97)
    return str(a % b), rng.choice([f"{a} \\bmod {b}", f"{a} \\bmod {b} = {a % b}", f"{a} \\mod {b}"])


def cube_root(rng: Random) -> Pair:
    n, k = rng.randint(2, 30), rng.choice([3, 5])
    return str(-n), f"\\sqrt[{k}]{{-{n**k}}}"


def matrix_multiple(rng: Random) -> Pair:
    a, b = rng.sample(range(-20, 20), 2)
    k = rng.randint(2, 9)
    gold = rng.choice([f"\\begin{{pmatrix}}{a}/{k}\\\\{b}/{k}\\end{{pmatrix}}", f"({a}/{k}, {b}/{k})"])
    space = rng.choice(["", r" \cdot "])
    return gold, f"\\frac{{1}}{{{k}}}{space}\\begin{{pmatrix}} {a} \\\\[2pt] {b} \\end{{pmatrix}}"


def column_as_tuple(rng: Random) -> Pair:
    values = [str(number(rng)) for _ in range(rng.randint(2, 4))]
    column = f"\\begin{{pmatrix}}{_ROW.join(values)}\\end{{pmatrix}}"
    return rng.choice([(column, f"({','.join(values)})"), (f"({', '.join(values)})", column)])


def two_forms(rng: Random) -> Pair:
    value, places = rng.randint(1, 999), rng.choice([2, 4, 5, 8, 20])
    gold = f"\\frac{{{value}}}{{{places}}}"
    return gold, rng.choice([f"{gold} \\text{{ or }} {value / places}", f"{gold} = {value / places}"])


def power_of_function(rng: Random) -> Pair:
    name, k = rng.choice(["sin", "cos", "tan"]), rng.randint(2, 5)
    return f"{k}\\{name}^2 x", f"{k}\\{name}(x)^2"


def common_logarithm(rng: Random) -> Pair:
    n = rng.randint(-4, 6) or 2
    return str(n), f"\\log {10**n}" if n > 0 else f"\\log {10.0**n:.4f}"


def root_of_quotient(rng: Random) -> Pair:
    a, n = rng.choice([1, 2, 3, 5]), rng.choice("nxm")
    return f"\\sqrt{{\\frac{{{a}}}{{{n}}}}}", f"\\frac{{\\sqrt{a}}}{{\\sqrt {n}}}"


def complex_in_brackets(rng: Random) -> Pair:
    a, b = coefficients(rng, 2)
    return terms(str(a), f"{b}i"), f"{a}+({b})i"


def scaled_inequality(rng: Random) -> Pair:
    a, k = rng.randint(-20, 20), rng.randint(2, 9)
    sign = rng.choice(["<", ">", r"\le ", r"\ge "])
    return f"x {sign} {a}", f"{k}x {sign} {k * a}"


def degrees(rng: Random) -> Pair:
    value, sign = rng.randint(1, 359), rng.choice(_DEGREES)
    return f"{value}^\\circ", f"{value}{sign}"


def date(rng: Random) -> Pair:
    month, day = rng.choice(_MONTHS), rng.randint(4, 20)
    return f"{month} {day}", rng.choice([f"{day} {month}", f"\\text{{{month} {day}th}}", f"{day}th of {month}"])


def marked_choice(rng: Random) -> Pair:
    letter, value = rng.choice("ABCDE"), rng.randint(2, 99)
    forms = [f"\\textbf{{({letter})}}\\ {value}", f"\\text{{{letter}. }} {value}", f"\\text{{Option {letter}}}"]
    forms += [f"\\boldsymbol{{{letter}}}", f"\\text{{({letter})}} {value}", f"\\textbf{{({letter}) }}\\frac{{1}}{{2}}"]
    return rng.choice([letter, f"\\text{{({letter})}}"]), rng.choice(forms)


def other_coloured(rng: Random) -> Pair:
    value, other = rng.sample(range(10, 999), 2)
    return str(value), rng.choice(
        [
            f"\\textcolor{{red}}{{{other}}}",
            f"\\cancel{{{value}}} {other}",
            f"\\phantom{{1}}{value}",
            f"\\cancel{{{value}}}",
            f"\\overline{{{value}}}",
            f"\\underline{{{other}}} \\checkmark",
            f"\\color{{{value}}}",
        ]
    )


def other_groups(rng: Random) -> Pair:
    value, other = rng.sample(range(100, 999), 2)
    return f"{value}{other}", rng.choice(
        [
            f"{value}, {other}",
            f"{value} {other}0",
            f"{value} {str(other)[:2]}",
            f"{value}\\;{other}\\;000",
            f"{value} {other}/2",
            f"{other} {value}",
            f"{value} \\quad {other}",
        ]
    )


def other_base(rng: Random) -> Pair:
    first, second = rng.sample(range(4, 10), 2)
    digits = "1" + "".join(rng.choice("0123") for _ in range(rng.randint(2, 6)))
    gold = f"{digits}_{first}"
    return rng.choice(
        [
            (gold, f"{digits}_{second}"),
            (gold, f"({digits})_{{{second}}}"),
            (digits, f"{digits}_{{{first}}}"),
            (gold, str(int(digits, first))),
            (gold, f"{digits}_{{10}}"),
            (gold, f"{digits[:-1]}_{first}"),
        ]
    )


def other_repetition(rng: Random) -> Pair:
    digits = str(rng.choice([3, 6, 27, 142857, 81]))
    gold = f"\\frac{{{digits}}}{{{10 ** len(digits) - 1}}}"
    return gold, rng.choice(
        [f"0.0\\overline{{{digits}}}", f"0.{digits * 6}", f"1.\\overline{{{digits}}}", f"0.{digits}"]
    )


def other_list_function(rng: Random) -> Pair:
    a, b = rng.sample(range(2, 200), 2)
    return str(max(a, b) + rng.randint(1, 5)), rng.choice([f"\\max({a},{b})", f"\\min({a},{b})", f"\\gcd({a},{b})"])


def other_modulo(rng: Random) -> Pair:
    a, b = rng.randint(10, 9_999), rng.randint(3, 97)
    return str((a + rng.randint(1, b - 1)) % b), rng.choice([f"{a} \\bmod {b}", f"{a} \\bmod {b} = {(a + 1) % b + b}"])


def other_multiple(rng: Random) -> Pair:
    a, b = rng.sample(range(1, 20), 2)
    k = rng.randint(2, 9)
    return f"\\begin{{pmatrix}}{a * k}\\\\{b * k}\\end{{pmatrix}}", rng.choice(
        [
            f"{k + 1}\\begin{{pmatrix}}{a}\\\\{b}\\end{{pmatrix}}",
            f"({b * k}, {a * k})",
            f"[{a * k}, {b * k}]",
            f"\\{{{a * k}, {b * k}\\}}",
            f"{k}\\begin{{pmatrix}}{a}&{b}\\end{{pmatrix}}",
            f"{a * k}, {b * k}",
        ]
    )


def other_of_two_forms(rng: Random) -> Pair:
    value, places = rng.randint(1, 999), rng.choice([2, 4, 5, 8, 20])
    gold = f"\\frac{{{value}}}{{{places}}}"
    wrong = value / places + rng.choice([-1, 0.01, 0.001, 2])
    return gold, rng.choice(
        [f"{gold} \\text{{ or }} {wrong:.4f}", f"{wrong:.4f} \\text{{ or }} {gold}", f"{gold} = {wrong:.4f}"]
    )


def other_power_of_function(rng: Random) -> Pair:
    name, k = rng.choice(["sin", "cos", "tan"]), rng.randint(3, 5)
    return f"\\{name}^2 x", rng.choice([f"\\{name}(x^2)", f"\\{name}(x)^{k}", f"\\{name}(2x)", f"\\arc{name}(x)^2"])


def other_logarithm(rng: Random) -> Pair:
    n = rng.randint(2, 6)
    return rng.choice([(str(n), f"\\ln {10**n}"), (str(n), f"\\log {10**n + 1}"), (f"\\log {10**n}", str(n))])


def other_root_of_quotient(rng: Random) -> Pair:
    a, n = rng.choice([2, 3, 5]), rng.choice("nxm")
    return f"\\sqrt{{\\frac{{{a}}}{{{n}}}}}", rng.choice(
        [f"-\\frac{{\\sqrt{a}}}{{\\sqrt {n}}}", f"\\frac{{\\sqrt {n}}}{{\\sqrt{a}}}", f"\\frac{{{a}}}{{\\sqrt {n}}}"]
    )


def other_date(rng: Random) -> Pair:
    month, other = rng.sample(_MONTHS, 2)
    day = rng.randint(4, 20)
    return f"{month} {day}", rng.choice([f"{day} {other}", f"{month} {day + 1}th", f"{month} {day}, 2024", f"{day}/6"])


def other_marked_choice(rng: Random) -> Pair:
    letter, other = rng.sample("ABCDE", 2)
    forms = [
        f"\\textbf{{({other})}}\\ 12",
        f"\\text{{Option {other}}}",
        f"\\text{{{letter} or {other}}}",
        f"\\text{{not {letter}}}",
    ]
    forms += [
        f"\\textbf{{({letter})}} 12 \\textbf{{({other})}}",
        f"\\text{{Options {letter}, {other}}}",
        f"\\mathbf{{{other}}}",
    ]
    return letter, rng.choice(forms)


EQUAL_NOTATION: tuple[Form, ...] = (
    coloured, grouped_digits, based_number, repeating, list_function, modulo, cube_root, matrix_multiple,
    column_as_tuple, two_forms, power_of_function, common_logarithm, root_of_quotient, complex_in_brackets,
    scaled_inequality, degrees, date, marked_choice,
)  # fmt: skip
UNEQUAL_NOTATION: tuple[Form, ...] = (
    other_coloured, other_groups, other_base, other_repetition, other_list_function, other_modulo, other_multiple,
    other_of_two_forms, other_power_of_function, other_logarithm, other_root_of_quotient, other_date,
    other_marked_choice,
)  # fmt: skip
