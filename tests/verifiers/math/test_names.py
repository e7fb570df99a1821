"""Names, chains, layout, choices: what is said beside a value counts, and nothing is read that is not said."""

import pytest

from verifiers.math.judge import judge, reference_problem
from verifiers.types import Status

SAME = [
    ("(2,3)", "(x,y)=(x=2,y=3)"), ("(2,3)", "(x=2,y=3)"),
    (r"y=2x \quad y=-x", "y=-x, y=2x"), (r"y=2x \quad y=-x", r"y=2x \quad y=-x"),
    (r"y=2x \quad y=-x", r"y = -x \text{ or } y = 2x"), (r"y=2x \\ y=-x", "y=2x, y=-x"), ("y=2x\ny=-x", "y=-x\ny=2x"),
    ("a_1=3, a_2=5", "a_2=5, a_1=3"), ("a_1=3, a_2=5", "3, 5"), ("x=1, y=2", "y=2, x=1"), ("x=1, y=2", "x=1 and y=2"),
    ("x=1", "1"), ("x=1", "1=x"), ("x=1, x=2", "1, 2"), ("x=1, x=2", "x_1=1, x_2=2"),
    ("1, 2", r"x=1 \text{ or } x=2"), ("1,2", "x_1=2, x_2=1"), (r"x=1 \pm \sqrt{2}", r"1+\sqrt2, 1-\sqrt2"),
    (r"x=1 \pm \sqrt{2}", r"x=1 \pm \sqrt{2}"), (r"1 \pm \sqrt{2}", r"x=1 \pm \sqrt{2}"), ("x=y=5", "x=5, y=5"),
    ("x=y=5", "x=y=5"), ("42", r"x=6\cdot 7=42"), ("42", r"6\cdot 7=42"), (r"3\sqrt{13}", r"3\sqrt{13}\approx 10.82"),
    (r"3\sqrt{13}", r"x=3\sqrt{13}\approx 10.82"), ("B", "B. Paris"), ("B", "(B) 12"), ("B", "B. x = 5"), ("B", "B"),
    (r"[0,2\pi]", r"0\le x\le 2\pi"), (r"[0,2\pi]", r"[0,2\pi]"), (r"[0,2\pi]", r"[0,\pi]\cup[\pi,2\pi]"),
    (r"(-\infty,0)\cup(\sqrt2,\infty)", r"x<0 \text{ or } x>\sqrt{2}"), (r"(3,\frac{\pi}{2})", r"(3,\frac{\pi}{2})"),
    (r"(1,\sqrt{26})", r"1<x<\sqrt{26}"), ("5", r"5 \quad \text{cm}"), (r"5 \quad \text{cm}", "5"),
    ("5", r"5~\text{cm}"), ("x=5", r"x = 5 \quad"), (r"\{\pm\sqrt{2}, 0\}", r"\{0,\sqrt2,-\sqrt2\}"),
    (r"\mathbb{R}\setminus\{\pm \sqrt{2}\}", r"(-\infty,-\sqrt2)\cup(-\sqrt2,\sqrt2)\cup(\sqrt2,\infty)"),
]  # fmt: skip

OTHER = [
    ("(2,3)", "(x,y)=(y=2,x=3)"), ("(2,3)", "(x,y)=(a_3=2,a_1=3)"), ("(2,3)", "(x,y)=(2,z=3)"),
    ("(x,y)=(2,3)", "(x,y)=(y=2,x=3)"), ("(2,3)", "(y=2, x=3)"),
    (r"y=2x \quad y=-x", "y=-x"), (r"y=2x \quad y=-x", r"y=7x \quad y=-x"), (r"y=2x \quad y=-x", "y=2x"),
    (r"y=2x \qquad y=-x", "y=-x"), (r"y=2x \\ y=-x", "y=-x"), ("y=2x\ny=-x", "y=-x"), ("y=2x\ny=-x", "y=7x\ny=-x"),
    ("y=-x", r"y=7x \quad y=-x"), ("y=-x", "y=7x\ny=-x"), ("y=-x", "y=7x y=-x"), ("y=-x", r"y=7x \, y=-x"),
    ("y=-x", "y=7x = -x"), ("y=-x", "y=7x, y=-x"), ("y=-x", "y=7x and y=-x"), ("y=-x", "y=7x or y=-x"),
    ("5", r"x=3 \quad x=5"), ("5", r"3 \quad 5"), ("5", r"3 \\ 5"), ("5", "3\n5"), ("42", r"4 \quad 2"),
    ("42", "4\n2"), ("42", r"4 \\ 2"), ("6x", r"6 \quad x"), ("a_1=3, a_2=5", "a_1=5, a_2=3"),
    ("a_1=3, a_2=5", "5, 3"), ("a_1=3, a_2=5", "a_1=3, a_3=5"), ("a_1=3, a_2=5", "a_2=3, a_1=5"),
    ("a_1=3, a_2=5", "3"), ("a_1=3, a_2=5", "b_1=3, b_2=5"), ("x=1, y=2", "x=2, y=1"), ("x=1, y=2", "2, 1"),
    ("x=1, y=2", "y=1, x=2"), ("x=1 and y=2", "x=2 and y=1"), ("x=1", "1=1"), ("x=1", "x=x"), ("x", "x=x"),
    ("1", "1=1"), ("5", "5=5"), ("x=1", "x=x=1"), ("x=5", "5=5"), ("x=5", "0=0"), ("x+y=5", "0=0"), ("x+y=5", "5=5"),
    ("x+y=5", "x+y=x+y"), ("x=1", "x=2=1"), ("x=1", "y=1"), ("x=1, x=2", "y=1, y=2"), ("x<1 or x>3", "x<1 and x>3"),
    ("x<1 and x>3", "x<1 or x>3"), (r"(\pm 1, 2)", "(1,-1,2)"), ("5", r"x=\infty=5"), ("5", r"x=3\pm 1=5"),
    (r"\{1,2\}", r"S=\{1,3\}=\{1,2\}"), ("5", r"x\approx 5"), ("5", r"5 \approx 6"), ("x=5", r"x \approx 5"),
    ("B", "B. C is also fine"), ("B", "B. also C"), ("B", "B. or c"), ("B", "B. maybe"),
    ("B", "B. Not sure, could be C"), ("B", "B. (C)"), ("B", "B. C"), ("B", "(B) (C)"), ("B", "B) or D"),
    ("B", "B. The other one works too"), ("B", "B. c is right"), ("B", "B. both B and D"), ("B", "B. not A"),
    ("B", "B. A"), ("B", "B/C"), ("B", "B, C"), ("B", "BC"), ("B", "B C"), ("B", "B. 或C"), ("B", "B. C也对"),
    ("(B) 12", "B. C is also fine"), ("B", "B? C?"), ("[1,5]", r"1\le x\le\sqrt{26}"), (r"(3,\frac{\pi}{2})", "0"),
    (r"(3,\frac{\pi}{2})", r"(\frac{\pi}{2},3)"), (r"[0,2\pi]", "[0,6.283]"),
    (r"(-\infty,0)\cup(\sqrt2,\infty)", r"(-\infty,0)\cup(1.41421356,\infty)"), (r"\sqrt{2}", r"\sqrt{2}\mathrm{X}"),
    (r"\sqrt{2}", r"\sqrt{2}\text{ thousand}"), (r"\sqrt{2}", r"\sqrt{2}\text{ or so}"), (r"\sqrt{2}", r"\sqrt{2}倍"),
    (r"2\pi", r"2\pi \text{ dozen}"), (r"\frac{1}{2}", r"\frac{1}{2}\text{ k}"),
]  # fmt: skip


def status(gold: str, answer: str) -> Status:
    return judge(f"\\boxed{{{answer}}}", {"answer": gold}, finish_reason="stop").status


@pytest.mark.parametrize(("gold", "answer"), SAME)
def test_the_same(gold: str, answer: str) -> None:
    assert status(gold, answer) is Status.CORRECT
    assert status(gold, gold) is Status.CORRECT


@pytest.mark.parametrize(("gold", "answer"), OTHER)
def test_not_the_same(gold: str, answer: str) -> None:
    assert reference_problem({"answer": gold}) is None
    assert status(gold, answer) in {Status.WRONG, Status.NO_ANSWER}


@pytest.mark.parametrize("gold", ["1=1", "x=x", r"x \approx 5", r"y=2x \, y=-x", "x=2=1", r"S=\{1\}=\{2\}"])
def test_a_reference_that_says_nothing_is_screened_out(gold: str) -> None:
    assert reference_problem({"answer": gold})
