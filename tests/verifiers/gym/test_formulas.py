"""What SymPy's `parse_expr` may be shown, and what not: it is Python's `eval`."""

from fractions import Fraction

import pytest

from verifiers.gym import formulas


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3*4 - 5", 7),
        ("(82 + 20) + 67 - 50", 119),
        ("1/3 + 1/3", Fraction(2, 3)),
        ("-3 + 10", 7),
        ("5 - -3", 8),
        ("2(3)", None),
        ("7/(3 - 3)", None),
    ],
)
def test_arithmetic_has_an_exact_value(text: str, value: Fraction | None) -> None:
    try:
        assert formulas.value(formulas.tree(text)) == value
    except formulas.Unreadable:
        assert value is None


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        (r"3 \times 4", "3 * 4"),
        ("3×4÷2", "3*4/2"),
        ("8 \u2212 5", "8 - 5"),
        (r"$\left(3 \cdot 4\right)$", "(3 * 4)"),
        ("x^2", "x**2"),
        ("3*4\n - 5", "3*4 - 5"),
    ],
)
def test_spellings(text: str, plain: str) -> None:
    assert formulas.respelled(text) == plain


@pytest.mark.parametrize(
    "text",
    [
        "x**2/2 + C",
        "-4*(-2*x - 8)**(3/2)/3 + C",
        "3*x*atan(x) - 3*log(x**2 + 1)/2",
        "E**(2*x)",
        "exp(-x)*sin(x + 8)**4",
        "0.5*x**2",
        "x**-1",
        "(x + 1)**100",
    ],
)
def test_formulas_that_are_read(text: str) -> None:
    formulas.tree(text, {"x", "C", "E"}, {"sin", "atan", "log", "exp"})


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('id')",
        "().__class__",
        "x.diff()",
        "x[0]",
        "lambda: x",
        "[x for x in x]",
        "x if x else x",
        "x == x",
        "x, x",
        "'x'",
        "Integral(2*x, x)",
        "integrate(2*x)",
        "Symbol(x)",
        "eval(x)",
        "sin(x, x)",
        "sin(x=x)",
        "sin",
        "y",
        "True",
        "1e9",
        "0x1f",
        "1_000",
        "1j",
        "007",
        "4!",
        "x // 2",
        "x % 2",
        "~x",
        "x @ x",
        "9**9**9",
        "9**9**9**9**9",
        "(((9**99)**99)**99)**99",
        "x**1000000",
        "((x**50)**50)**50",
        "2**(9**9)",
        "- - - -1",
        "(" * 60 + "x" + ")" * 60,
        "1" * 31,
        "+".join(["x"] * 300),
        "x\x00",
        "\uff58",
        "",
        "x y",
        "(x",
    ],
)
def test_what_is_not_read(text: str) -> None:
    with pytest.raises(formulas.Unreadable):
        formulas.tree(text, {"x", "C", "E"}, {"sin", "atan", "log", "exp"})


def test_decimals_become_fractions() -> None:
    text = "0.5*x**2 + 0.3333333333333333*x"
    exact = formulas.without_decimals(text, formulas.tree(text, {"x"}))
    assert exact == "(1/2)*x**2 + (3333333333333333/10000000000000000)*x"
