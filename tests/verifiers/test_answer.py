# ruff: noqa: RUF001 (Chinese punctuation is meant)
"""The extraction rules on literal completions."""

import pytest

from verifiers.answer import find_answer

CASES = [
    # boxed
    (r"\boxed{42}", "42", "boxed"),
    (r"so $\boxed{42}$.", "42", "boxed"),
    (r"\boxed {42}", "42", "boxed"),
    (r"\fbox{7}", "7", "boxed"),
    (r"\boxed{\frac{1}{2}}", r"\frac{1}{2}", "boxed"),
    (r"\boxed{\{1,2\}}", r"\{1,2\}", "boxed"),
    (r"\boxed{\text{if } x > 0 \text{ then } {a}_{1}}", r"\text{if } x > 0 \text{ then } {a}_{1}", "boxed"),
    (r"\boxed{\boxed{5}}", r"\boxed{5}", "boxed"),
    (r"first \boxed{1}. Then I see it is \boxed{2}.", "2", "boxed"),
    ("\\boxed{1}\nNo, it is this:\n\\boxed{2}", "2", "boxed"),
    (r"\boxed{3} so the result is \boxed{3}", "3", "boxed"),
    (r"\boxed{ 3 } and \boxed{3}", "3", "boxed"),
    (r"x } y \boxed{8}", "8", "boxed"),
    (r"\boxed{9}. The answer is 10", "9", "boxed"),
    (r"\boxed{９}", "9", "boxed"),
    # ####
    ("16-3-4=9\n#### 18", "18", "####"),
    ("#### 1,234", "1,234", "####"),
    ("####-5", "-5", "####"),
    ("#### $18\n", "$18", "####"),
    ("#### 1\n#### 2", "2", "####"),
    ("#### Step 1\nThe answer is 5.", "5", "answer is"),
    # answer is
    (" 12*3=36, 7+36=43. The answer is 43", "43", "answer is"),
    ("The answer is 43.", "43", "answer is"),
    ("The answer is 43.5.", "43.5", "answer is"),
    ("the final answer is: $x=5$", "x=5", "answer is"),
    ("**Answer:** 43", "43", "answer is"),
    ("Answer: **43**", "43", "answer is"),
    ("Final answer: 43\nThanks", "43", "answer is"),
    ("Answer:\n\n42\n", "42", "answer is"),
    ("Q: 1+1?\nA: 2", "2", "answer is"),
    ("The answer is 3. The answer is 4.", "4", "answer is"),
    (r"The answer is $\frac{1}{2}$ of it.", r"\frac{1}{2}", "answer is"),
    (r"The answer is \(3.5\).", "3.5", "answer is"),
    ("The answer is $18 per day.", "$18 per day", "answer is"),
    ("The answer is 1/2.", "1/2", "answer is"),
    ("The answer is 5!", "5", "answer is"),
    ("The answer is $5!$.", "5!", "answer is"),
    ("The answer is 3*x+2", "3*x+2", "answer is"),
    ("The answer is yes.", "yes", "answer is"),
    ("The answer is −5", "-5", "answer is"),
    ("所以答案是42。", "42", "answer is"),
    ("答案为：４２", "42", "answer is"),
    ("答案：42，因为", "42", "answer is"),
    ("答案为 3/4", "3/4", "answer is"),
    ("<think>maybe \\boxed{3}</think> The answer is 4", "4", "answer is"),
    ("no, \\boxed{1}</think>\\boxed{2}", "2", "boxed"),
    # whole
    ("42", "42", "whole"),
    ("= 42\n", "42", "whole"),
    ("x = 42", "x = 42", "whole"),
    ("12*3=36", "12*3=36", "whole"),
    ("**$42**", "$42", "whole"),
    ("42 apples.", "42 apples", "whole"),
    ("(C)", "(C)", "whole"),
    ("1/2", "1/2", "whole"),
]

SEVERAL = [
    r"$\boxed{1}$ and $\boxed{2}$",
    r"\boxed{1}, \boxed{2}, \boxed{3}, \boxed{4}",
    "The answer is 3 or 4",
    "答案是3或4",
    "The answer is 3, no, the answer is 4",
    "The answer is between 3 and 5",
    "The answer is 43 because 36+7=43",
    "The answer is $5$ and $6$",
    "The answer is $18 and saves $5",
]

UNFINISHED = [
    r"I have \boxed{3",
    r"\boxed{5} but \boxed{6",
    r"First \boxed{5}. Then finally \boxed{",
    r"\boxed{5}. So \fbox{",
    r"\boxed{5}. So \boxed",
    r"\boxed{5}. So \boxe",
    r"The answer is 5. So \boxed{\frac{1}{2}",
    "#### 5\nWait.\n####",
    "#### 5\n#### \n",
    "#### 5\n####\nDone.",
]

IN_WORDS = [
    ("The answer is that she has 5 apples left.", "5 apples left"),
    ("The answer is that Janet makes $5 per day.", "$5 per day"),
    ("The answer is that Tom and Mary have 5 apples.", "5 apples"),
    ("The answer is a total of 5.", "5"),
    ("The answer is that the number of eggs is 5.", "5"),
    ("Therefore, the shop sold 5 roses.", "5 roses"),
    ("Hence it is equal to 5.", "5"),
    ("Thus the total cost comes to $5.", "$5"),
    ("Therefore, he needs exactly 5 boxes.", "5 boxes"),
    ("答：一共有5个。", "5个"),
    ("因此，小明有5个苹果。", "5个苹果"),
]

CHANGED = [
    "The answer is close to 5.",
    "The answer is the successor to 5.",
    "The answer is one after 5.",
    "The answer is a multiple for 5.",
    "The answer is the reciprocal of 5.",
    "The answer is minus 5.",
    "The answer is roughly 5.",
    "The answer is nearly 5 apples.",
    "The answer is at least 5.",
    "The answer is up to 5.",
    "The answer is just over 5.",
    "The answer is not 5.",
    "The answer is twice 5.",
    "The answer is the square root of 5.",
    "The answer is anything but 5.",
    "The answer is what comes after 5.",
    "The answer is the total when he has 5.",
    "The answer is short of 5.",
    "The answer is a third of 5.",
    "Therefore, it is five times 5.",
    "Therefore, Successor 5.",
    "答案是约5个。",
    "答案是大约5个。",
    "答案是接近5。",
    "答案是不到5个。",
    "答案是5的倒数。",
    "答案是第5。",
    "答：一共有5个多。",
]

AROUND = [
    (r"So \boxed{5}\text{ thousands}", "5 thousands"),
    (r"So \boxed{5} thousand.", "5 thousand"),
    (r"So it is not \boxed{5}.", "not 5"),
    (r"So $-\boxed{5}$.", "-5"),
    (r"So $x = -\boxed{5}$.", "-5"),
    (r"So $2\boxed{5}$", "25"),
    (r"\boxed{5}\%", r"5\%"),
    (r"$\boxed{5}^2$", "5^2"),
    (r"$\boxed{90}^\circ$", r"90^\circ"),
    (r"$10^{\boxed{5}}$", "^{5"),
    (r"So \boxed{5} apples.", "5"),
    (r"So - \boxed{5}", "5"),
    ("The answer is $5$ thousands.", "$5$ thousands"),
    (r"The answer is \(5\) percent.", r"\(5\) percent"),
    ("The answer is $5$ apples.", "5"),
    ("The answer is $5$, of course.", "5"),
    ("The answer is $5$ because it is prime.", "5"),
]

NOTHING = ["", "   ", "just 42", "<think>\\boxed{3}", "#### Step 1", "42. Or 43", "42\n43", "it is 42", "B or C?"]


@pytest.mark.parametrize(("text", "answer", "rule"), CASES)
def test_the_final_answer(text: str, answer: str, rule: str) -> None:
    found = find_answer(text)
    assert found is not None
    assert (found.answer, found.rule) == (answer, rule)


@pytest.mark.parametrize("text", SEVERAL)
def test_several_candidates_are_no_answer(text: str) -> None:
    found = find_answer(text)
    assert found is not None
    assert found.answer is None
    assert "different answers" in found.reason


@pytest.mark.parametrize("text", UNFINISHED)
def test_a_last_mark_that_is_cut_off_or_empty_is_not_answered_by_an_earlier_one(text: str) -> None:
    found = find_answer(text)
    assert found is not None
    assert (found.answer, found.complete) == (None, False)


@pytest.mark.parametrize(("text", "answer"), IN_WORDS)
def test_a_number_in_a_sentence_of_words_that_are_known(text: str, answer: str) -> None:
    found = find_answer(text)
    assert found is not None
    assert found.answer == answer


@pytest.mark.parametrize("text", CHANGED)
def test_a_number_that_an_unknown_word_may_change_is_not_picked(text: str) -> None:
    found = find_answer(text)
    assert found is not None
    assert found.answer not in {"5", "5 apples", "5个"}


@pytest.mark.parametrize(
    "text", ["The answer is B. C is also fine.", r"\boxed{B}, or C", "答案是B。C也对。", "Answer: B. Or (D)."]
)
def test_a_choice_beside_which_another_is_offered_is_no_answer(text: str) -> None:
    found = find_answer(text)
    assert found is not None
    assert found.answer is None


@pytest.mark.parametrize(
    "text", ["The answer is B. C is wrong, since 3 is odd.", r"\boxed{B}. A was close.", "Answer: B"]
)
def test_a_choice_that_is_explained_is_one(text: str) -> None:
    found = find_answer(text)
    assert found is not None
    assert found.answer == "B"


@pytest.mark.parametrize("text", NOTHING)
def test_no_mark(text: str) -> None:
    assert find_answer(text) is None


@pytest.mark.parametrize("text", [r"\boxed{}", "The answer is", "The answer is ."])
def test_an_empty_answer(text: str) -> None:
    found = find_answer(text)
    assert found is not None
    assert found.answer is None


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("it is 42, yes, it is 42", "42"),
        ("it is 1/2", "1/2"),
        ("so 12*3=36", None),
        ("none", None),
    ],
)
def test_a_lone_number_only_on_request(text: str, answer: str | None) -> None:
    assert find_answer(text) is None
    found = find_answer(text, lone_number=True)
    assert (found.answer if found else None) == answer


@pytest.mark.parametrize(
    ("text", "complete"),
    [
        (r"\boxed{4}", True),
        (r"\boxed{4} and then \boxed{5", False),
        ("The answer is 4", False),
        ("The answer is 4.", False),
        ("The answer is 4. So", True),
        ("The answer is 4\n", True),
        ("#### 4", False),
        ("#### 4\n", True),
        ("答案是4。", True),
    ],
)
def test_complete_means_no_more_text_could_change_it(text: str, complete: bool) -> None:
    found = find_answer(text)
    assert found is not None
    assert found.complete is complete


@pytest.mark.parametrize(
    "piece", [r"\boxed{", "{", "}", r"\boxed{1} ", "The answer is ", "#### 1 ", "$", r"\(", "1,", " ", "答案是", "\\"]
)
@pytest.mark.timeout(60)
def test_huge_inputs_end(piece: str) -> None:
    """A quadratic scan of these would take far longer than the limit."""
    text = piece * (800_000 // len(piece))
    for found in (find_answer(text), find_answer(text, lone_number=True)):
        assert found is None or found.answer is None or found.answer in text
