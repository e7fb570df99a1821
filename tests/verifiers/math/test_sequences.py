# ruff: noqa: RUF001 (full-width forms are meant)
"""Expected answers that are several values in an order."""

import pytest

from verifiers.math.judge import judge, reference_problem
from verifiers.types import Status

SAME = [
    (r"2, 4, 8, \ldots", "2,4,8,..."), (r"2, 4, 8, \ldots", r"2, 4, 8, \dots"), (r"1,2,\ldots,n", r"1, 2, \cdots, n"),
    (r"\frac{1}{2}, \frac{1}{4}, \ldots", r"0.5, 0.25, \ldots"), (r"x, 2x, \ldots", r"x, x+x, \ldots"),
    ("1 2 3 4", "1, 2, 3, 4"), ("1 2 3 4", "[1, 2, 3, 4]"), ("1 2 3 4", "(1, 2, 3, 4)"), ("-1 0 2", "-1 0 2"),
    ("20 (cows); 30 (hens)", "20 cows, 30 hens"), ("20 (cows); 30 (hens)", "20 cows and 30 hens"),
    ("20 (cows); 30 (hens)", "20, 30"), ("5 apples, 3 pears", "5 apples; 3 pears"),
    ("5 apples and 3 pears", "5 apples and 3 pears"), ("red, blue, green", r"\text{red}, \text{blue}, \text{green}"),
    ("red, blue, green", "Red, Blue, Green"), ("红、黄、蓝", "红，黄，蓝"), ("1, 4, 9, 16", "1,4,9,16"),
    ("x=5, y=6", "x=5,y=6"),
]  # fmt: skip

OTHER = [
    (r"2, 4, 8, \ldots", "2,4,8"), (r"2, 4, 8, \ldots", r"2,4,9,\ldots"), (r"2, 4, 8, \ldots", r"2,8,4,\ldots"),
    (r"2, 4, 8, \ldots", r"2,4,8,16,\ldots"), (r"1,2,\ldots,n", r"1,2,\ldots,m"), (r"1,2,\ldots,n", "n"),
    (r"1,2,\ldots,n", r"\ldots,1,2,n"), (r"2, 4, 8, \ldots", r"\ldots"), ("1 2 3 4", "1 2 4 3"), ("1 2 3 4", "1234"),
    ("1 2 3 4", "1 2 3"), ("1 2 3 4", "1, 2, 3, 4, 5"), ("20 (cows); 30 (hens)", "30 cows; 20 hens"),
    ("20 (cows); 30 (hens)", "30, 20"), ("20 (cows); 30 (hens)", "20"), ("20 (cows); 30 (hens)", "20 hens; 30 cows"),
    ("red, blue, green", "red, green, blue"), ("red, blue, green", "red, blue"),
    ("red, blue, green", "red or blue or green"), ("红、黄、蓝", "红，蓝，黄"),
]  # fmt: skip


def status(gold: str, answer: str) -> Status:
    return judge(f"\\boxed{{{answer}}}", {"answer": gold}, finish_reason="stop").status


@pytest.mark.parametrize(("gold", "answer"), SAME)
def test_the_same_elements_in_order(gold: str, answer: str) -> None:
    assert status(gold, answer) is Status.CORRECT
    assert status(gold, gold) is Status.CORRECT


@pytest.mark.parametrize(("gold", "answer"), OTHER)
def test_other_elements_or_another_order(gold: str, answer: str) -> None:
    assert reference_problem({"answer": gold}) is None
    assert status(gold, answer) in {Status.WRONG, Status.NO_ANSWER}


@pytest.mark.parametrize("gold", [r"\ldots", "...", r"1, \ldots", r"1:2:\ldots", r"1+2+\ldots+n", r"1, ?, \ldots"])
def test_a_sequence_that_says_too_little_is_screened_out(gold: str) -> None:
    assert reference_problem({"answer": gold})
