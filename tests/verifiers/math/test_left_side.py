# ruff: noqa: RUF001 (full-width forms are meant)
"""Names, words and points left of an answer, names of the members of a tuple, and false equations."""

import pytest

from verifiers.math.judge import judge, reference_problem
from verifiers.math.left_side import is_name
from verifiers.math.names import without_condition, without_name
from verifiers.types import Status

SAME = [
    # Sums and products of several symbols.
    ("204", "m+n=204"), ("204", "100m+n = 204"), ("204", "a+b+c=204"), ("204", "m-n=204"), ("25", "x^2+y^2=25"),
    ("12", "xy=12"), ("12", r"m \cdot n = 12"), ("204", "204=m+n"), ("204", "m+n=200+4=204"), ("12", "x_1x_2=12"),
    ("7", r"\alpha+\beta=7"), (r"\frac{3}{4}", r"\frac{m}{n} = \frac{3}{4}"), ("3:4", "a:b=3:4"), ("x+5", "m+n=x+5"),
    # Functions, probabilities, sizes.
    ("7", "f(3)=7"), ("7", "f'(2)=7"), ("7", "f''(0)=7"), ("7", "f^{-1}(2)=7"), ("7", r"(f \circ g)(2)=7"),
    ("7", "f(g(2))=7"), ("7", "P(2)=7"), ("7", "a_{10}=7"), ("7", "S_{10}=7"), (r"\frac{3}{4}", r"P(A)=\frac34"),
    (r"\frac{3}{4}", r"P(A \mid B)=0.75"), (r"\frac{3}{4}", r"P(A \cap B) = \frac{3}{4}"),
    (r"\frac{3}{4}", r"P(X=2)=\frac34"), (r"\frac{3}{4}", r"\Pr(A)=75\%"), ("7", "E(X)=7"), ("7", r"\mathbb{E}[X]=7"),
    ("7", r"\operatorname{Var}(X)=7"), ("7", "|S|=7"), ("7", r"|A \cup B|=7"), ("7", "n(A)=7"), ("7", "|z|=7"),
    ("7", r"|\vec{a}|=7"), ("7", r"\|v\|=7"), ("7", r"\#S=7"), ("7", r"\det A = 7"),
    (r"\frac{1}{2}", r"\sin A = \frac12"), (r"\frac{1}{2}", r"\cos \angle ABC = 0.5"), ("2x", r"\frac{dy}{dx}=2x"),
    # Segments, angles, figures, vectors.
    ("7", "AB=7"), ("7", "A_1B_1=7"), ("7", "AB=CD=7"), ("7", r"\overline{AB}=7"), ("7", r"AB = 7 \text{ cm}"),
    ("7", "AB+BC=7"), ("7", r"S_{\triangle ABC}=7"), ("7", "[ABC]=7"), ("7", r"\triangle ABC = 7"),
    ("7", r"S_{阴影}=7"), ("7", r"x_{\max}=7"), ("7", r"\bar{x}=7"), ("90^\\circ", r"\angle A = 90^\circ"),
    ("90^\\circ", "∠ABC=90°"), ("90^\\circ", r"m\angle ABC = 90"), (r"\frac{3}{4}", r"\frac{AB}{CD}=\frac34"),
    ("7", r"\vec{a} \cdot \vec{b} = 7"), (r"7\pi", r"S_{\text{circle}}=7\pi"),
    (r"\begin{pmatrix}1\\2\end{pmatrix}", r"\mathbf{v} = \begin{pmatrix}1\\2\end{pmatrix}"),
    (r"\begin{pmatrix}1\\2\end{pmatrix}", r"A^{-1} = \begin{pmatrix}1\\2\end{pmatrix}"),
    (r"\{1,2\}", r"A \cup B = \{1,2\}"),
    # Words.
    ("18", r"\text{Total} = 18"), ("18", r"\text{Total: } 18"), ("18", "Total: 18"), ("18", r"\text{Area} = 18"),
    ("18", r"\text{The answer is } 18"), ("18", r"\text{Janet makes } \$18"), ("18", r"\text{Number of apples} = 18"),
    (r"7\pi", r"\text{Area} = 7\pi"), ("18", "面积=18"), ("18", "总数：18"), ("18", "共18个"),
    ("18", "一共有18个苹果"), ("18", "还剩18页"), ("18", "每小时18千米"), ("7", r"\text{Area of } \triangle ABC = 7"),
    (r"\frac{3}{4}", r"概率为\frac{3}{4}"),
    # What has a value must have it.
    ("7", r"\gcd(14,21)=7"), ("6", r"\text{lcm}(2,3)=6"), ("7", r"\max(3,7)=7"), ("10", "C(5,2)=10"),
    ("20", "P(5,2)=20"), ("7", r"\gcd(a,b)=7"), ("9", "3^2=9"),
    # Tuples.
    ("(2,-1)", "(x,y)=(2,-1)"), ("(2,-1)", "x=2, y=-1"), ("(2,-1)", r"x=2 \text{ and } y=-1"),
    ("(2,-1)", r"x=2 \quad y=-1"), ("(2,-1)", "y=-1, x=2"), ("(2,-1)", "(y,x)=(-1,2)"), ("(2,-1)", "(x=2, y=-1)"),
    ("(2,-1)", "a_1=2, a_2=-1"), ("(2,-1)", "m=2, b=-1"), ("(2,-1)", "P(2,-1)"), ("(2,-1)", "P=(2,-1)"),
    ("(7,5)", "(q,p)=(7,5)"), ("(1,2,3)", "x=1,y=2,z=3"),
    (r"\left( 3, \frac{\pi}{2} \right)", r"(r,\theta) = (3, \frac{\pi}{2})"),
    (r"(3,\frac{\pi}{2})", r"r=3, \theta=\frac{\pi}{2}"), ("x=5, y=6", "(5,6)"), ("x=5, y=6", "(x,y)=(5,6)"),
    ("x=5, y=6", "(y,x)=(6,5)"), ("x=5, y=6", "y=6, x=5"), ("(x,y)=(5,6)", "(5,6)"), ("(x,y)=(5,6)", "y=6, x=5"),
    ("(a,b)=(1,2)", "a=1 and b=2"),
    # A letter that is said to be constant.
    ("x+c", r"f(x) = x + c \text{ for any constant } c"), ("x+c", r"x+c, \text{ where } c \text{ is a constant}"),
    ("x+c", "x+c where c is an arbitrary constant"), ("x+c", "x+c（c为常数）"),
    ("x+C", r"x + C \text{ for some real constant } C"),
]  # fmt: skip

OTHER = [
    ("14", "2x=14"), ("14", "x+1=14"), ("49", "x^2=49"), ("7", "|x|=7"), ("7", "|2x|=7"), ("7", r"\sqrt{x}=7"),
    ("7", "-x=7"), ("7", r"\frac{1}{x}=7"), ("7", r"\frac{x}{2}=7"), ("7", "-(m+n)=7"), ("7", "m+n+1=7"),
    ("7", r"\ln x=7"), ("7", "n!=7"), ("7", "2f(3)=7"), ("7", "f(3)+1=7"), ("7", "2(3)=7"), ("7", r"\sin 30^\circ=7"),
    ("7", r"\varphi(12)=7"), ("7", "3^2=7"), ("7", r"\lim_{x \to 0} f(x)=7"), ("7", r"\sin 3=7"),
    ("5", r"\gcd(14,21)=5"), ("7", r"\text{lcm}(2,3)=7"), ("3", r"\max(3,7)=3"), ("7", "C(5,2)=7"),
    ("11", "P(5,2)=11"), ("7", r"\det(3)=7"), ("7", r"|{-3}|=7"), ("7", "e^2=7"), ("7", r"\pi=7"), ("1", "1=1"),
    ("7", "2=7"), ("3", "2=3"), ("7", "AB=3+5=7"), ("7", "AB=8=7"), ("7", "AB=7, CD=8"), ("7", "AB=8, CD=7"),
    ("7", "AB=7=8"), ("7", "m+n<7"), ("7", r"m+n \ne 7"), ("7", r"m+n \approx 7"), ("7", r"AB \approx 7"),
    ("7", "m+n!=7"), ("7", r"m+n \le 7"), ("7", "m+n=8"), ("7", "|S|=8"), ("x+5", "x+y=x+5"),
    (r"\alpha+2", r"\alpha+\beta=\alpha+2"), ("x=7", "y+z=7"), ("x+y=7", "m+n=7"), ("x>7", "m+n>7"),
    ("7", r"\text{not } 7"), ("7", r"\text{half the total} = 7"), ("7", r"\text{minus } 7"),
    ("7", r"\text{The answer is about } 7"), ("7", r"\text{The answer is not } 7"),
    ("7", r"\text{Twice the total} = 7"), ("7", r"\text{Janet loses } \$7"), ("7", "at least 7"), ("7", "不到7"),
    ("7", "约7"), ("7", "第7"), ("7", "大约有7个"), ("7", "至少有7个"), ("7", "不是7"), ("7", "面积=8"),
    ("7", "少7个"), ("(2,-1)", "x=-1, y=2"), ("(2,-1)", "y=2, x=-1"), ("(2,-1)", "(y,x)=(2,-1)"),
    ("(2,-1)", "(y=2, x=-1)"), ("(2,-1)", "x=2"), ("(2,-1)", r"x=2 \text{ or } y=-1"), ("(2,-1)", "x=2, x=-1"),
    ("(2,-1)", "x=2, y=-1, z=0"), ("(2,-1)", "a_2=2, a_1=-1"), ("(2,-1)", "P(-1,2)"), ("(1,2,3)", "z=1,y=2,x=3"),
    (r"(3,\frac{\pi}{2})", r"(r,\theta)=(\frac{\pi}{2},3)"), ("x=5, y=6", "(6,5)"), ("x=5, y=6", "(x,y)=(6,5)"),
    ("x=5, y=6", "(a,b)=(5,6)"), ("x=5, y=6", "x=6, y=5"), ("(x,y)=(5,6)", "(6,5)"), ("(x,y)=(5,6)", "(y,x)=(5,6)"),
    ("(x,y)=(5,6)", "(a,b)=(5,6)"), ("(x,y)=(5,6)", "x=6, y=5"), ("a_1=3, a_2=5", "(5,3)"), ("[0,1]", "a=0, b=1"),
    ("2, -1", "x=2, y=-1"), ("2, -1", "AB=2, y=-1"), ("2, -1", "AB=2, CD=-1"),
    ("x+c", r"x-c \text{ for any constant } c"), ("x+c", r"x+c \text{ for any constant } d"),
    ("x+c", r"x+5 \text{ for any constant } c"), ("x", r"x \text{ for any negative constant } x"),
]  # fmt: skip

NAMES = [
    "m+n",
    "AB",
    "|S|",
    "f(3)",
    r"\angle A",
    r"S_{\triangle ABC}",
    "P(A)",
    "x_1+x_2",
    r"\frac{AB}{CD}",
    r"\vec{a}",
    "(a+b)c",
]
NO_NAMES = [
    "2x",
    "x+1",
    "x^2",
    "|x|",
    "-x",
    "3",
    "",
    "(",
    "a b 2",
    r"\sqrt{x}",
    "f(3",
    "e",
    "i",
    "{",
    "|S",
    r"\frac{a}",
    "x" * 90,
]


def status(gold: str, answer: str) -> Status:
    return judge(f"\\boxed{{{answer}}}", {"answer": gold}, finish_reason="stop").status


@pytest.mark.parametrize(("gold", "answer"), SAME)
def test_what_is_asked_may_be_said(gold: str, answer: str) -> None:
    assert status(gold, answer) is Status.CORRECT
    assert status(gold, gold) is Status.CORRECT


@pytest.mark.parametrize(("gold", "answer"), OTHER)
def test_what_says_something_else(gold: str, answer: str) -> None:
    assert reference_problem({"answer": gold}) is None
    assert status(gold, answer) in {Status.WRONG, Status.NO_ANSWER}


@pytest.mark.parametrize("left", NAMES)
def test_a_name(left: str) -> None:
    assert is_name(left, "7")


@pytest.mark.parametrize("left", NO_NAMES)
def test_no_name(left: str) -> None:
    assert not is_name(left, "7")


def test_names_in_a_row_are_bounded() -> None:
    assert without_name("AB=CD=EF=7") == "7"
    assert without_name("AB=CD=EF=GH=7") == "GH=7"


@pytest.mark.parametrize(
    "text", [" " * 2000, "(" * 30 + " " * 1900, ", " * 1000, "a " * 1000, "a' " * 660, "中 " * 1000]
)
def test_long_texts_cost_no_more_than_their_length(text: str) -> None:
    for whole in (text, f"x{text}", f"x{text}=", f"\\text{{{text}}}7"):
        assert without_condition(whole) == whole
        without_name(whole)
