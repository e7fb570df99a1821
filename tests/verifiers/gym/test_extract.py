"""Answers that are texts: where they stand in a completion."""

import pytest

from verifiers.gym.extract import find_text, readings


@pytest.mark.parametrize(
    ("completion", "answer"),
    [
        ("<answer>3*4 - 5</answer>", "3*4 - 5"),
        ("3*4 is 12.\n<ANSWER>\n1 2\n3 4 \n</ANSWER>", "1 2\n3 4"),
        ("<think><answer>1</answer></think> So <answer>2</answer>.", "2"),
        ("<answer>1</answer> No: <answer>2</answer>", "2"),
        ("<answer>\\boxed{Peng}</answer>", "Peng"),
        ("<answer>\n```\n1 0\n0 1\n```\n</answer>", "1 0\n0 1"),
        ("<answer>1</answer> or better \\boxed{2}", "2"),
        ("It is \\boxed{3*4 - 5}.", "3*4 - 5"),
        ("\\boxed{\\text{wonderful day}}", "wonderful day"),
        ("\\boxed{\\#B A\\#}", "#B A#"),
        ('\\boxed{{"0": 1, "1": 2}}', '{"0": 1, "1": 2}'),
        ("First \\boxed{1}. Then I saw it: \\boxed{2}.", "2"),
        ("The board:\n```\n1 2\n2 1\n```\nThat is all.", "1 2\n2 1"),
        ("A try:\n```\n1 1\n```\nBetter:\n```text\n1 2\n2 1\n```", "1 2\n2 1"),
        ("```\n1 1\n```\nThe answer is DENS,DONS", "DENS,DONS"),
        ("The answer is 5.\n```\n1 2\n```", "1 2"),
        ("Answer: 1 2 3\nbecause", "1 2 3"),
        ("**Answer:**\n1 2\n2 1\n\nEach row sums to 3.", "1 2\n2 1"),
        ("Some thoughts.\n\n**Final Answer**\n\nup up left\n", "up up left"),
        ("**Final Answer**\n1 2\n2 1\n\nChecked.", "1 2\n2 1"),
        ("答案是 D3", "D3"),
        ("3*4 - 5\n", "3*4 - 5"),
        ("1 2\n2 1", "1 2\n2 1"),
    ],
)
def test_the_answer_is_found(completion: str, answer: str) -> None:
    found = find_text(completion)
    assert found is not None and found.answer == answer


@pytest.mark.parametrize(
    "completion",
    ["", " \n ", "<think> 3*4 - 5", "\\boxed{1} or \\boxed{2}", "so \\boxed{", "<answer>1</answer> <answer>2</answer>"],
)
def test_there_is_none(completion: str) -> None:
    found = find_text(completion)
    assert found is None or not found.answer


@pytest.mark.parametrize(
    ("completion", "complete"),
    [
        ("<answer>3*4</answer> so", True),
        ("<answer>3*4", False),
        ("\\boxed{3*4} is", True),
        ("```\n1 2\n```\n", True),
        ("```\n1 2\n", False),
        ("The answer is 12\nas", True),
        ("The answer is 1", False),
        ("3*4 - 5", False),
    ],
)
def test_what_no_further_text_could_change(completion: str, complete: bool) -> None:
    found = find_text(completion)
    assert found is not None and found.complete is complete


@pytest.mark.parametrize(
    ("answer", "others"),
    [
        ("D3", []),
        ("D3.", ["D3"]),
        ("**D3**", ["D3"]),
        ("`D3`.", ["`D3`", "D3"]),
        ("**Yes.**", ["Yes.", "Yes"]),
        ("**[1, 2]**.", ["**[1, 2]**", "[1, 2]"]),
        ("**$3*4$**.", ["**$3*4$**", "$3*4$", "3*4"]),
        ("\\(3*4\\)\u3002", ["\\(3*4\\)", "3*4"]),
        ("....." * 9, ["." * number for number in (44, 43, 42, 41)]),
        ("**", []),
        ("$3*4$", ["3*4"]),
        ('"A=1,B=2"', ["A=1,B=2"]),
        ("**$x**2$**", ["$x**2$", "x**2"]),
        ("Have you?", []),
    ],
)
def test_readings_of_one_answer(answer: str, others: list[str]) -> None:
    assert list(readings(answer)) == [answer, *others]
