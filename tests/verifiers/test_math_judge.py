"""The math judge: what is equal, what is not, and which status everything else gets."""

from pathlib import Path

import pytest

from verifiers.math.judge import judge, reference_problem
from verifiers.types import Status, Verdict

EQUAL = [
    ("42", "42"),
    ("42", "42.0"),
    ("42", "+42"),
    ("042", "42"),
    ("-5", "−5"),  # noqa: RUF001
    ("1234", "1,234"),
    ("1,234,567.50", "1234567.5"),
    ("1234", r"1{,}234"),
    ("12345", r"12\,345"),
    ("0.5", "1/2"),
    ("0.5", r"\frac12"),
    ("0.5", r"\dfrac{1}{2}"),
    ("1.5", r"1\frac{1}{2}"),
    ("3/2", "1 1/2"),
    ("-0.75", r"-\frac{3}{4}"),
    ("-0.75", r"\frac{-3}{4}"),
    ("10%", "0.1"),
    ("10%", r"10\%"),
    ("10%", "10"),
    ("10", "10%"),
    ("0.125", "12.5 percent"),
    ("2500", r"2.5 \times 10^3"),
    ("0.001", "1e-3"),
    ("18", "$18"),
    ("18", r"\$18.00"),
    ("18", "18 dollars"),
    ("18 dollars", "18"),
    ("5", r"5\text{ cm}"),
    ("5", r"5 \mathrm{cm}^2"),
    ("5 apples", "5 apple"),
    ("90", r"90^\circ"),
    ("9", "9个"),
    ("5", "x=5"),
    ("5", r"\text{5}"),
    ("5", "$5$"),
    ("x+1", "1+x"),
    ("(x+1)^2", "x^2+2x+1"),
    (r"\sqrt{8}", r"2\sqrt{2}"),
    (r"\sqrt{8}", "2*sqrt(2)"),
    (r"\frac{\pi}{2}", "pi/2"),
    (r"\{1,2\}", r"\{2,1\}"),
    (r"x \in [0,1)", r"[0,1)"),
    ("A", "(A)"),
    ("Monday", "monday"),
    (r"\text{even}", "even"),
]

DIFFERENT = [
    ("42", "43"),
    ("42", "-42"),
    ("42", "42.0001"),
    ("1/3", "0.333333"),
    ("10", "100%"),
    ("10%", "1000%"),
    ("0.5", "0.5%"),
    ("5 cm", "5 m"),
    ("5", "5 hundred"),
    ("5", "5万"),
    ("5", "not 5"),
    ("87", "43 44"),
    ("42", "1e999"),
    ("42", r"\frac{1}{0}"),
    ("42", "}{"),
    ("A", "a"),
    ("A", "B"),
    ("even", "odd"),
    ("x+1", "x+2"),
    ("x=1", "y=1"),
    ("5", "5x"),
    ("(1,2)", "(2,1)"),
    (r"\frac{1}{2^{99}}", r"\frac{1}{2^{98}}"),
    (r"1-\frac{1}{\mathrm{e}}", r"1+\frac{1}{\mathrm{e}}"),
]


def boxed(answer: str, gold: str, finish_reason: str = "stop") -> Verdict:
    return judge(f"\\boxed{{{answer}}}", {"answer": gold}, finish_reason=finish_reason)


@pytest.mark.parametrize(("gold", "answer"), EQUAL)
def test_equal(gold: str, answer: str) -> None:
    verdict = boxed(answer, gold)
    assert verdict.status is Status.CORRECT, verdict.detail


@pytest.mark.parametrize(("gold", "answer"), DIFFERENT)
def test_different(gold: str, answer: str) -> None:
    verdict = boxed(answer, gold)
    assert verdict.status in {Status.WRONG, Status.NO_ANSWER}, verdict.detail
    assert verdict.reward == 0.0


@pytest.mark.parametrize("gold", sorted({gold for gold, _ in EQUAL + DIFFERENT}))
def test_every_expected_answer_passes_its_own_judge(gold: str) -> None:
    assert reference_problem({"answer": gold}) is None
    assert boxed(gold, gold).status is Status.CORRECT


@pytest.mark.parametrize(
    "form", ["{}", r"{}*0+\pi", r"\begin{{pmatrix}}{}\end{{pmatrix}}", r"\text{{{}}}", "eval({})", r"\frac{{{}}}{{1}}"]
)
def test_no_answer_is_executed(tmp_path: Path, form: str) -> None:
    """The shape of CVE-2026-6878: a grader that evaluates the model's text."""
    target = tmp_path / "executed"
    for call in (f"open('{target}','w')", f"__import__('os').system('touch {target}')"):
        assert boxed(form.format(call), "3").reward == 0.0
        assert not target.exists()


def test_the_exact_path_decides_for_numbers() -> None:
    assert boxed("43", "43").detail == "rule 'boxed': equal as exact numbers"
    assert boxed("44", "43").detail == "rule 'boxed': differs as an exact number"


@pytest.mark.parametrize("text", [" 12*3=36, 7+36=43. The answer is 43", "The answer is 43.", "... The answer is 43\n"])
def test_the_arithmetic_corpus_form(text: str) -> None:
    assert judge(text, {"answer": "43"}, finish_reason="stop").status is Status.CORRECT
    assert judge(text, {"answer": "44"}, finish_reason="stop").status is Status.WRONG


def test_an_integer_reference() -> None:
    assert judge("The answer is 43", {"answer": 43}, finish_reason="stop").reward == 1.0


@pytest.mark.parametrize(
    ("text", "finish_reason", "status"),
    [
        ("I do not know", "stop", Status.NO_ANSWER),
        ("43", "stop", Status.CORRECT),
        ("43", "length", Status.TRUNCATED),
        ("The answer is 3 or 43", "stop", Status.NO_ANSWER),
        ("The answer is 43", "length", Status.TRUNCATED),
        ("thinking", "length", Status.TRUNCATED),
        (r"\boxed{43", "length", Status.TRUNCATED),
        (r"\boxed{43} no \boxed{4", "length", Status.TRUNCATED),
        (r"\boxed{43} and more", "length", Status.CORRECT),
        ("The answer is 43. And", "length", Status.CORRECT),
        ("x" * 400_001, "stop", Status.REJECTED),
        (r"\boxed{" + "1" * 1001 + "}", "stop", Status.REJECTED),
        (r"\boxed{" + "1," * 1500 + "}", "stop", Status.REJECTED),
        (r"\boxed{" + "(" * 40 + ")" * 40 + "}", "stop", Status.REJECTED),
        (r"\boxed{1e999999999}", "stop", Status.REJECTED),
        (r"\boxed{10 \times 10^{999999999}}", "stop", Status.REJECTED),
        ("The answer is " + "1 " * 5000, "stop", Status.REJECTED),
    ],
)
def test_statuses(text: str, finish_reason: str, status: Status) -> None:
    verdict = judge(text, {"answer": "43"}, finish_reason=finish_reason)
    assert verdict.status is status, verdict.detail


def test_a_lone_number_on_request() -> None:
    reference = {"answer": "43", "lone_number": True}
    assert judge("it is 43", reference, finish_reason="stop").status is Status.CORRECT
    assert judge("it is 42, 43", reference, finish_reason="stop").status is Status.NO_ANSWER


@pytest.mark.parametrize(
    "reference",
    [
        {},
        {"answer": None},
        {"answer": True},
        {"answer": 0.5},
        {"answer": ["1"]},
        {"answer": ""},
        {"answer": "$ $"},
        {"answer": "?!"},
        {"answer": r"\frac{1"},
        {"answer": "1e999999999"},
        {"answer": "1" * 1001},
        {"answer": "x" * 2001},
        {"answer": "4", "lone_number": "yes"},
        {"answer": "4", "strict_percent": 1},
    ],
)
@pytest.mark.parametrize("text", [r"\boxed{4}", "nothing", "x" * 400_001])
def test_a_bad_reference_is_masked_whatever_the_answer(reference: dict[str, object], text: str) -> None:
    assert reference_problem(reference)
    verdict = judge(text, reference, finish_reason="stop")
    assert (verdict.status, verdict.reward, verdict.failure_kind) == (Status.ERROR, None, "bad_reference")


def test_the_expected_answer_is_never_shown() -> None:
    for text in (r"\boxed{1}", "none", r"\boxed{x+y}", "x" * 400_001, r"\boxed{1e999999999}"):
        assert "31415926" not in judge(text, {"answer": "31415926"}, finish_reason="stop").model_dump_json()
