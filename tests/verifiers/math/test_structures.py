"""Formulas and structures: what is equal to what, against the judge itself."""

import pytest

from verifiers.math.formula import Unreadable
from verifiers.math.judge import judge, reference_problem
from verifiers.math.reader import read
from verifiers.types import Status

EQUAL = [
    ("2-2p", "2(1-p)"),
    (r"\frac{x+2}{7}", r"\frac{x}{7}+\frac{2}{7}"),
    (r"\tan^2(y)+1", r"\sec^2(y)"),
    (r"\sin 2x", r"2\sin x\cos x"),
    (r"e^{x}+e^{-x}", r"2\cosh x"),
    (r"\lfloor 3.7 \rfloor", "3"),
    (r"\log_2 8", "3"),
    ("3", r"\frac{\log 8}{\log 2}"),
    (r"\sqrt{10}", "10^{0.5}"),
    (r"\sqrt[3]{2}", "2^{1/3}"),
    ("120", "5!"),
    ("10", r"\binom{5}{2}"),
    ("|x-1|", "|1-x|"),
    ("3+4i", "4i+3"),
    ("2 1/2", "5/2"),
    ("a\\sqrt{b}", "\\sqrt{b}a"),
    (r"\{1\pm\sqrt{5},-2\}", r"-2, 1-\sqrt{5}, 1+\sqrt{5}"),
    ("1,2", "x_1=1, x_2=2"),
    ("x=1,y=2", "y=2, x=1"),
    ("3,4,5", "3, 4, and 5"),
    ("(1,2,3)", r"\langle 1,2,3 \rangle"),
    (r"[-1, -\frac{1}{2}) \cup (-\frac{1}{2}, 0)", r"(-\tfrac12, 0)\cup[-1,-0.5)"),
    ("[0,2]", r"[0,1]\cup[1,2]"),
    (r"(-\infty,1)\cup(1,\infty)", r"x \ne 1"),
    (r"\{x \mid x > 3\}", r"(3,\infty)"),
    ("x<1 or x>3", r"(-\infty,1)\cup(3,\infty)"),
    ("x < 1", "-x > -1"),
    ("y=2x+1", "2x-y+1=0"),
    ("x^2/4 + y^2/3 = 1", "x^2/16 + y^2/12 = 1/4"),
    ("f(x) = (x+1)^2", "f(x)=x^2+2x+1"),
    ("1:2:3", "2:4:6"),
    ("1/2", "2:4"),
    (r"\begin{pmatrix}1 & 2 \\3 & 4\end{pmatrix}", r"\left[\begin{array}{cc}1 & 2 \\3 & 4\end{array}\right]"),
    (r"\frac{9\pi}{4} \text{ cm}^2", r"\frac{9}{4}\pi"),
    ("$125$ miles", r"125\textnormal{ miles}"),
    ("(B) 12", "B"),
]

DIFFERENT = [
    ("3x+4y+14=0", "3*x-1*y+13=0"),
    (r"\frac{1}{2004!}", r"\frac{1}{2006!}"),
    ("1:2:3", "1:2:4"),
    (r"\sqrt{2}", r"\sqrt{2}+10^{-60}"),
    (r"\sqrt{2}", "1.41421356"),
    ("1", "1+10^{-100}"),
    (r"\sqrt{x^2}", "x"),
    ("2+3t", "2+3s"),
    ("5", "5t"),
    ("1,2", "1,1,2"),
    ("{1,2}", "{1,2,3}"),
    ("(1,2)", "[1,2]"),
    ("x>3", r"x\ge 3"),
    ("x=5", "y=5"),
    ("f(x)=x^2", "g(x)=x^2"),
    ("42", "41=42"),
    ("42", "x=41=42"),
    ("204_5", "54"),
    ("a_1", "a_2"),
    ("2x", "x2"),
    ("64", "2^3^2"),
    ("24", "4!!"),
    (r"\log 100", "2"),
    ("12:30", "2:5"),
    (r"\infty", r"-\infty"),
    ("0", r"\frac{0}{0}"),
    ("0", r"\sin(\pi)+10^{-90}"),
    ("7", r"7\over 2"),
    ("7", r"7\phantom{0}"),
    ("7", r"\lim 7"),
    (r"\begin{pmatrix}1&2\end{pmatrix}", r"\begin{pmatrix}1\\2\end{pmatrix}"),
    ("(B) 12", "(B) 13"),
    ("B", "B or C"),
    ("11", "1 1"),
    ("[0,1)", "0<x<y"),
    ("x>3", "C>y"),
    (r"1\pm\sqrt{2}", r"1+\sqrt{2}"),
    ("262537412640768744", r"e^{\pi\sqrt{163}}"),
]

UNVERIFIABLE = [
    r"1:2:3:\ldots", r"\ldots", r"\int_0^1 x dx", r"f(2) < f(1)", r"\frac{1}{0}", "2^{2^{100}}", "?!",
    r"x + \foo", "+", r"\{1, ", "10000000!", r"\binom{1000000000}{500000000}", "a^b^c",
]  # fmt: skip


def status(gold: str, answer: str) -> Status:
    return judge(f"\\boxed{{{answer}}}", {"answer": gold}, finish_reason="stop").status


@pytest.mark.parametrize(("gold", "answer"), EQUAL)
def test_equal(gold: str, answer: str) -> None:
    assert status(gold, answer) is Status.CORRECT
    assert status(gold, gold) is Status.CORRECT


@pytest.mark.parametrize(("gold", "answer"), DIFFERENT)
def test_different(gold: str, answer: str) -> None:
    assert reference_problem({"answer": gold}) is None
    assert status(gold, answer) in {Status.WRONG, Status.REJECTED}


@pytest.mark.parametrize("gold", UNVERIFIABLE)
def test_what_is_screened_out(gold: str) -> None:
    assert reference_problem({"answer": gold})
    assert status(gold, gold) is Status.ERROR


@pytest.mark.parametrize(
    "source",
    ["x2", "2 3", "1+", "f(x)", r"\sin(x)^2", "a^b^c", "(1", "1)", r"\sqrt", "hello", r"\frac12x}", "#", "1,,2", "|x"],
)
def test_what_the_reader_does_not_read_whole(source: str) -> None:
    with pytest.raises(Unreadable):
        read(source)
