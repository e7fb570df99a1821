"""Regions whose ends are rational and irrational numbers side by side, and that every text gives a verdict."""

from itertools import product
from random import Random

import pytest

from verifiers.math.compare import Comparison
from verifiers.math.formula import Scalar, Unreadable
from verifiers.math.judge import judge, reference_problem
from verifiers.math.reader import read
from verifiers.types import Status

SAME = [
    (r"(3, \frac{\pi}{2})", r"\left(3, 0.5\pi\right)"),
    (r"[0,2\pi]", r"0 \le x \le 2\pi"),
    (r"[0,2\pi]", r"[0,\pi] \cup [\pi,2\pi]"),
    (r"[1,\sqrt{26}]", r"1\le x\le\sqrt{26}"),
    (r"(-\infty,0)\cup(\sqrt2,\infty)", r"x < 0 \text{ or } x > \sqrt{2}"),
    (r"(-\infty,0)\cup(\sqrt2,\infty)", r"(\sqrt2,\infty)\cup(-\infty,0)"),
    (r"(0, e)\cup(e, 3)", r"(0,3) \setminus \{e\}"),
    (r"\mathbb{R}\setminus\{\pm\sqrt{2}, 1\}", r"(-\infty,-\sqrt2)\cup(-\sqrt2,1)\cup(1,\sqrt2)\cup(\sqrt2,\infty)"),
    (r"\{0, \pi\}", r"\{\pi, 0\}"),
    (r"[\log_2 8, 4]", "[3, 4]"),
    (r"[0, \sqrt{2}) \cup [\sqrt{2}, 2]", "[0, 2]"),
    (r"[\frac{\sqrt{8}}{2}, 2]", r"[\sqrt{2}, 2]"),
    (r"(-\sqrt[3]{8}, \ln 3)", r"(-2, \ln 3)"),
]
OTHER = [
    (r"(3, \frac{\pi}{2})", "0"),
    (r"(3, \frac{\pi}{2})", "x>1"),
    (r"(3, \frac{\pi}{2})", r"(\frac{\pi}{2}, 3)"),
    ("[1,5]", r"1\le x\le\sqrt{26}"),
    (r"[0,2\pi]", "[0,6.283185307179586]"),
    (r"[0,\pi)\cup(\pi,4]", "[0,4]"),
    (r"(-\infty,0)\cup(\sqrt2,\infty)", r"(-\infty,0)\cup(1.41421356237,\infty)"),
    (r"(-\infty,0)\cup(\sqrt2,\infty)", r"(-\infty,\infty)"),
    (r"[0, \sqrt{2})", r"[0, \sqrt{2}]"),
    (r"[0, \sqrt{2}]", r"[0, \sqrt{2}+10^{-60}]"),
    (r"(0, e)", r"(0, \frac{19}{7})"),
]
SCALARS = [
    "0", "1", "-5", r"\frac{7}{3}", "0.5", r"\pi", r"-\frac{\pi}{2}", "e", "e^2", r"\sqrt{2}", r"\sqrt[3]{-8}",
    r"\ln 2", r"\log 5", r"\sin 1", r"\cos(\pi)", r"\arcsin 2", "i", "2+3i", "e^{i\\pi}", r"\infty", r"-\infty", "x",
    "x^2", "n!", r"\pi!", "(2n)!", r"\binom{n}{2}", r"\binom{n}{k}", r"\binom{15t+16}{18t^3}", "2^{100}", "10^{-500}",
    "n^n", r"\frac{1}{0}", r"\ln 0", r"1 \pm \sqrt{2}", r"10\%", r"\log^{-1}_2 3", r"\lfloor \pi \rfloor",
    r"(10^{30}\pi)!", r"\sqrt{-1}", "1e5", "a_1",
]  # fmt: skip


def forms(first: str, second: str) -> list[str]:
    return [
        f"({first}, {second})",
        f"[{first}, {second}]",
        rf"\{{{first}, {second}\}}",
        f"{first}, {second}",
        rf"({first}, {second}) \cup [{second}, {first}]",
        rf"\mathbb{{R}} \setminus \{{{first}, {second}\}}",
        rf"[{first}, {second}) \setminus \{{{second}\}}",
        rf"{first} \le x < {second}",
        rf"x < {first} \text{{ or }} x \ge {second}",
        f"{first}:{second}",
        f"x = {first} = {second}",
        rf"x_1 = {first}, x_2 = {second}",
        rf"\begin{{pmatrix}}{first}&{second}\end{{pmatrix}}",
        rf"{first} \approx {second}",
    ]


def status(gold: str, answer: str) -> Status:
    return judge(f"\\boxed{{{answer}}}", {"answer": gold}, finish_reason="stop").status


@pytest.mark.parametrize(("gold", "answer"), SAME)
def test_the_same_numbers(gold: str, answer: str) -> None:
    assert status(gold, answer) is Status.CORRECT
    assert status(answer, gold) is Status.CORRECT


@pytest.mark.parametrize(("gold", "answer"), OTHER)
def test_other_numbers(gold: str, answer: str) -> None:
    assert reference_problem({"answer": gold}) is None
    assert status(gold, answer) in {Status.WRONG, Status.REJECTED}


def _scalar(text: str) -> Scalar:
    answer = read(text)
    assert isinstance(answer, Scalar)
    return answer


@pytest.mark.parametrize(
    ("left", "right", "order"),
    [
        ("3", r"\pi", -1),
        (r"\pi", r"\frac{22}{7}", -1),
        (r"\sqrt{26}", "5", 1),
        (r"\sqrt{2}", r"\sqrt{2}+10^{-60}", -1),
        (r"\sqrt{8}", r"2\sqrt{2}", 0),
        (r"\log_2 8", "3", 0),
        (r"e^{\pi\sqrt{163}}", "262537412640768744", -1),
        (r"\infty", "10^{500}", 1),
        (r"-\infty", r"-\pi", -1),
        ("0.1", r"\frac{1}{10}", 0),
    ],
)
def test_the_order_of_two_numbers(left: str, right: str, order: int) -> None:
    assert Comparison().order(_scalar(left), _scalar(right)) == order
    assert Comparison().order(_scalar(right), _scalar(left)) == -order


@pytest.mark.parametrize("text", ["i", "x", r"\frac{1}{0}", r"\arcsin 2"])
def test_what_is_no_real_number_has_no_order(text: str) -> None:
    with pytest.raises(Unreadable):
        Comparison().order(_scalar(text), _scalar("1"))


def test_every_pair_of_forms_gives_a_verdict() -> None:
    """Mixed number types, functions without a value, symbols: no reference and no answer of them raises."""
    rng = Random(11)
    golds = [form for pair in product(SCALARS, SCALARS) for form in forms(*pair)]
    sound = 0
    for gold in rng.sample(golds, 400):
        if reference_problem({"answer": gold}):
            continue
        sound += 1
        for answer in (gold, "0", rng.choice(golds), rng.choice(golds)):
            verdict = judge(f"\\boxed{{{answer}}}", {"answer": gold}, finish_reason="stop")
            assert verdict.status in {Status.CORRECT, Status.WRONG, Status.REJECTED, Status.NO_ANSWER}, (gold, answer)
            assert answer != gold or verdict.status is Status.CORRECT, gold
    assert sound > 50
