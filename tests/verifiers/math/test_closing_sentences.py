# ruff: noqa: RUF001 (Chinese punctuation is meant)
"""Equations, lists and units in a closing sentence, answers that are taken back, and long hostile sentences."""

import pytest

from verifiers.math.judge import judge

RIGHT = [
    # An equation is read whole: its sides agree, and words before it say nothing.
    ("18", "So she has 6*3=18 apples."), ("18", "So the total cost = $18."),
    ("18", "Thus, he has 20 - 2 = 18 apples left."),
    ("18", "So total = 3 boxes x 6 apples = 18 apples."), ("18", "Therefore, the time taken = 36 / 2 = 18 minutes."),
    ("18", "Therefore, he walked 3 hours * 6 miles/hour = 18 miles."), ("18", "So the profit is $30 - $12 = $18."),
    ("18", "So Janet makes 9 eggs * $2/egg = $18 every day at the farmers' market."), ("18", "So 20% of 90 = 18."),
    ("18", "Thus, the distance = speed × time = 6 × 3 = 18 km."), ("18", "Therefore x = 36/2 = 18 apples."),
    ("18", "所以一共有6×3=18个苹果。"), ("18", "因此还剩20-2=18页。"), ("18", r"\boxed{18 = 20-2 = 18}"),
    ("y=-3x", "Therefore, it is left that y=-3x."), ("x=5", "Therefore, we get x=2+3=5."), ("204", "So m=n=204."),
    ("7", "So AB=BC=7."), (r"\frac{3}{4}", r"\boxed{P(A)=1-P(B)=\frac34}"), ("7", r"\boxed{AB=AC-BC=10-3=7}"),
    (r"\frac{3}{4}", r"\boxed{P(A)=1-\frac14=\frac34}"), ("18", r"\boxed{= 18}"), (r"x^2+1", r"\boxed{= x^2+1}"),
    ("18", "#### x = 36/2 = 18"), ("18", "#### **18**"), ("7", "AB=BC=7"), (r"\frac{3}{4}", r"P(A)=\frac34"),
    # Formulas behind words.
    ("(2,-1)", "So the solution is $(x,y)=(2,-1)$."), ("(2,-1)", "Therefore, the solution is $x = 2$ and $y = -1$."),
    ("(2,-1)", "Therefore, the solution is $x = 2$, $y = -1$."), ("x^2+1", "Therefore, the polynomial is $x^2+1$."),
    (r"2\sqrt{3} \text{ cm}", r"Therefore, the length is $2\sqrt{3}$ cm."),
    ("18 dollars", "So Janet makes $18$ dollars."),
    ("18", r"So we have $AB = \sqrt{324} = 18$."),
    # Subjects.
    ("18", "Therefore, the least common multiple is 18."), ("18", "So the smallest positive integer is 18."),
    ("18", "Thus, the number of ways to choose is 18."), ("18", "So, the train travels at a speed of 18 km/h."),
    ("18", "So each of them gets 18 apples."), ("18", "So the value of the expression is 18."),
    ("10\\%", "So the discount is 10%."),
    ("18", "答：平均每人18个。"), ("18", "答：甲数是18。"),
    # Units and fractions in other commands.
    ("18", r"\boxed{18\mathrm{~cm}}"), ("18 cm^2", r"\boxed{18\ \mathrm{cm^2}}"),
    ("18 m/s", r"\boxed{18 \mathrm{~m} / \mathrm{s}}"), (r"\frac{3}{4}", r"\boxed{{3\over 4}}"),
    # Choices.
    ("C", "The correct answer is **C. 18**."), ("C", "The correct answer is option C: 18."), ("C", "选 C。"),
    # What stands behind an answer and takes nothing back, and answers that are talked about.
    ("18", r"\boxed{18}. Wait, 18 it is."), ("18", "The answer is 18. I hope this helps!"),
    (r"\frac{3}{4}", r"$\boxed{\frac{3}{4}}$ or 0.75."), ("18", "So the least number is 18."),
    ("18", "The answer is 18.\nA common wrong answer is 20."), ("18", "The answer is 20? No. The answer is 18."),
    # A last sentence that says what something is.
    (r"\frac{3}{4}", r"The probability is $\frac34$."), ("18", "It is 18."),
    ("18", "First 9*2.\n\nThe total number of ways is 18."),
    (r"\frac{3}{4}", r"Of 8 pairs 6 are red. The probability that both are red is \(\frac{3}{4}\)."),
    ("7", "The value of x is 7."),
    (r"2\pi", r"The area of the circle is $2\pi$."), ("[1,2]", "The solution set is $[1,2]$."),
    ("7", "The length of AB is 7."),
    ("12", r"The number of ways is $\binom{4}{2}\cdot 2 = 12$."), ("7", "The sum of the digits is **7**."),
    ("7", "The largest prime factor is $7$."), ("1.5", "The slope of the line is 1.5."),
    ("C", "Option C is correct."), ("C", "9 * 2 = 18.\n**(C)** is the correct answer."), ("C", "Choice (C) is right"),
    # What stands behind a formula and says no more.
    ("18", "The answer is 18. Everything else is wrong about the cow."), ("C", "选C。其他都错在单位。"),
    # As JSON escapes it.
    ("18", r"So she has \\boxed{18}."), ("-18", r"it is $-\\boxed{18}$"),
    ("18", "The answer is $18$ (apples)."), ("18", "The answer is $18$, since $9*2=18$."),
    ("50%", "The answer is $50$%."),
    ("50%", "The answer is $50$ per cent."), ("9", r"The answer is $9$, which is $3 \cdot 3$."),
    ("18", "Thus, it is $18$!"),
]  # fmt: skip

WRONG = [
    # Sides that do not agree, or that hold the symbol.
    ("y=-104729x", "Therefore, it is left that y=7x=-104729x."), ("-3x", "So the line is y=7x=-3x."),
    ("5", "Therefore, it is left that x=2x=5."), ("5", "So we get 2x=5."), ("5", "So she has 3=5 apples."),
    ("5", "So she has 5=5=5 apples."), ("1", "Thus, we get 1=1."), ("18", "So she has 9 * 3 = 18 apples."),
    ("18", "The answer is 9 x 3 = 18 apples."), ("18", "The answer is 9 x $3 = $18 per day."),
    ("18", "#### 9*3 = 18 apples"),
    ("18", "So she has 9 * 2 = 17 = 18 apples."), ("20", "So it takes 3+7=10*2=20 minutes."), ("18", "So x/2 = 18."),
    ("5", "Therefore, it is left that |x|=5."), ("5", "Therefore, we get -x=5."), ("7", "So AB=8=7."),
    ("18", "因此一共有9*3=18个。"), ("7", r"\boxed{P(A)=1-P(A)=7}"), ("7", r"\boxed{f(3)=2f(3)=7}"),
    ("2x", r"\boxed{x=2x}"), ("y+1", r"\boxed{y=y+1}"), ("2x", r"\boxed{f(x)=x=2x}"), ("5", r"\boxed{5=5=5}"),
    # Words left of an equation that change it.
    ("18", "So twice the total = 18."), ("18", "So half the total = 18."), ("18", "Therefore, the total is not = 18."),
    ("18", "The answer is not = 18"), ("18", r"\boxed{not = 18}"), ("18", "So the reciprocal of the total = 18."),
    ("18", "So 3 times the total = 18."), ("18", "So it is not 9 * 2 = 18."), ("18", "So about 9 = 18 apples."),
    ("18", "So she has 9 * 2 = 18 apples and 3 pears."), ("18", "So she has 9 * 2 = 18, 10 + 10 = 20 apples."),
    ("18", "So 50% of 30 = 18."), ("18", "So 2 dozen x 9 = 18."), ("18 dollars", "The answer is 9 * 2 = 18 euros."),
    # Lists.
    ("18", "Therefore, the solutions are $18$ and $20$."), ("(2,-1)", "Therefore, the solution is $x=-1$ and $y=2$."),
    ("(2,-1)", "Therefore, the solution is $x=2$ or $y=-1$."), ("18", "Therefore, the value is $18$ and a half."),
    ("18 dollars", "So Janet makes $18$ euros."), ("18 dollars", r"So Janet makes \(18\) euros."),
    ("18", "Therefore, we have $AB^2 = 18$."), ("18", "Therefore, we have $AB = 20$ and $BC = 18$."),
    # Questions, answers taken back, answers of somebody else.
    ("18", "The answer is 18?"), ("18", "Final Answer: 18? 20?"), ("18", "The answer is 18. Wait, it is 20."),
    ("18", "The answer is 18; alternatively 20."), ("18", r"\boxed{18}. No, it is 20."),
    ("18", r"\boxed{18} Actually, 20."),
    ("18", "You'd think the answer is 18. It is 20."), ("18", "Suppose the answer is 18. Then 20."),
    ("18", "A common wrong answer is 18."), ("18", "The student's answer is 18."), ("18", "My first answer is 18."),
    ("C", "The answer is **C. 18** or **D. 19**."), ("C", "The answer is C. 18 or D. 19."), ("C", "选C或D"),
    ("18", r"\boxed{18} or 20"), ("18", "The answer is 18... or 20"), ("18", r"$\boxed{18}$?"),
    ("18", "So the total is at least 6 + 12 = 18."), ("3", r"\boxed{AB=CD+AB=3}"),
    # Called wrong right behind.
    ("C", "选C。错"), ("C", "选C。不对。"), ("18", "The answer is 18. That is wrong."),
    ("18", r"\boxed{18}. This is incorrect!"),
    ("18", "The answer is 18. No, that's not right."), ("18", "#### 18\nWrong."),
    # Behind a formula, or between two: it is another value.
    ("18", r"So \\boxed{18}. \boxed{"), ("18", r"\\boxed{17}.\boxed{18}rt"), ("18", r"\boxed{18}.\\boxed{17}"),
    ("18", "The answer is $18$ + 1."), ("18", "The answer is $18$ - $1$."), ("18", "So she has $18$ - 1 apples."),
    ("18", r"The answer is $18$\cdot 2"), ("18", "The answer is $18$²"), ("18", "The answer is $18$ (2)"),
    ("18", r"Therefore, $18$ \times 10^3."), ("0.5", "The answer is $0.5$%."), ("0.5", r"So Janet has \(0.5\)%."),
    ("0.5", "The answer is $0.5$ per cent."), ("9", "Therefore $9$ times $9$."), ("9", "The answer is $9$ minus $9$."),
    ("9", "The answer is $9$ per $9$."), ("9", "The answer is $9$ of $9$."), ("9", "The answer is $9$ + $9$."),
    ("9", "Therefore, $9$ of $7$9K."), ("9", "The answer is $9$ of 30."), ("9", "The answer is $9$ per 2 days"),
    ("18", "The answer is $-$18$ cm$"), ("18", "The answer is $2$18$ cm$"), ("18", r"$\foo $18$(cm)}$"),
    ("18", "The answer is $>$18$"), ("18", "$x$18$(cm)$"),
    ("9", r"<answer>$9$ \pm 1</answer>"), ("9", "The answer is $9$/2"), ("9", "The answer is $9$ = $8$."),
    # A last sentence that says something else.
    ("18", "It is not 18."), ("18", "This is 18?"), ("18", "The price is $18 more."), ("18", "The number is 18 or 19."),
    ("18", "The wrong answer is 18."), ("18", "The incorrect result is 18."), ("18", "The square of x is 18."),
    ("18", "The negative of it is 18."), ("18", "The value is about 18."), ("18", "The value is at least 18."),
    ("18", "If x is 2, it is 18."), ("18", "The number is 18. Not sure."), ("18", "The value is 18 thousand."),
    ("18", "The value is 18, not 19."), ("18", "The value of 2 is 18."), ("18", "The value is $18$ + 1."),
    ("18", "It is 18 if x is 2."), ("18", "The digits of it are 18."), ("0.9", "The rate is $0.9$ percent."),
    ("C", "Option C is not correct."), ("C", "Is C correct?"), ("C", "C is correct, or B is."),
    ("C", "C is the wrong answer."),
    ("C", "C is correct for another question."), ("C", "Options C and D are correct."),
    ("C", "C is correct. B is correct."),
    ("18", r"\boxed{18\over 2}"), ("18", r"\boxed{18\mathrm{~k}}"), ("18", r"\boxed{== 18}"), ("18", r"\boxed{=> 18}"),
]  # fmt: skip


@pytest.mark.parametrize(("gold", "text"), RIGHT)
def test_right(gold: str, text: str) -> None:
    verdict = judge(text, {"answer": gold}, finish_reason="stop")
    assert verdict.reward == 1.0, verdict.detail


@pytest.mark.parametrize(("gold", "text"), WRONG)
def test_wrong(gold: str, text: str) -> None:
    verdict = judge(text, {"answer": gold}, finish_reason="stop")
    assert verdict.reward == 0.0, verdict.detail


@pytest.mark.parametrize("part", ["\\(", "\\[", "$1$ and ", "1 apples = ", "x=", "Wait, ", "选", "**C. "])
@pytest.mark.parametrize(("before", "behind"), [("<answer>", "</answer>"), ("Therefore, ", " = 18"), ("", " 18")])
def test_long_statements_are_bounded(part: str, before: str, behind: str) -> None:
    text = before + part * (100_000 // len(part)) + behind
    assert not judge(text, {"answer": "18", "lone_number": True}, finish_reason="stop").mask_sample


@pytest.mark.parametrize(
    ("gold", "text"),
    [
        ("w=104729", "因此，0104729倍104729 (thousands)"),
        ("104729", "The answer should be 104729的倒数up to 104729%−."),
        ("5", "The answer is 5 times 5.0"),
    ],
)
def test_words_between_equal_numbers_are_not_dropped(gold: str, text: str) -> None:
    assert judge(text, {"answer": gold}, finish_reason="stop").reward == 0.0
