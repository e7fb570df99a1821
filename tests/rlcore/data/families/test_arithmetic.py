import itertools
import re
from random import Random

import pytest

from rlcore.data.families import arithmetic
from rlcore.data.families.arithmetic import LARGEST, STYLE_SHARES, Chain
from rlcore.data.texts import mix
from verifiers.math.judge import judge
from verifiers.types import Status

WORKED = re.compile(r"Q: ([\d+*-]+)=\?\nA:(.*)", re.DOTALL)


def test_a_solution_by_hand() -> None:
    assert arithmetic.solve(Chain((12, 7, 3), "+*"), arithmetic.exact) == (["7*3=21", "12+21=33"], 33)
    assert Chain((12, 7, 3), "+*").expression == "12+7*3"
    assert arithmetic.prompt("12+7*3") == "Q: 12+7*3=?\nA:"
    assert arithmetic.solve(Chain((12, 7, 3), "+*"), arithmetic.exact, precedence=False) == (
        ["12+7=19", "19*3=57"],
        57,
    )


@pytest.mark.parametrize(
    ("left", "operator", "right", "result"),
    [(27, "+", 15, 32), (32, "-", 15, 27), (99, "+", 1, 90), (150, "+", 49, 199), (100, "-", 1, 109), (7, "*", 8, 56)],
)
def test_without_carry_by_hand(left: int, operator: str, right: int, result: int) -> None:
    assert arithmetic.without_carry(left, operator, right) == result


def test_chains_are_what_python_says_and_stay_in_range() -> None:
    rng = Random(3)
    for _ in range(2000):
        chain = arithmetic.draw_chain(rng)
        steps, answer = arithmetic.solve(chain, arithmetic.exact)
        assert answer == eval(chain.expression)
        assert 2 <= len(chain.operators) <= 4 and len(steps) == len(chain.operators)
        assert "*" in chain.operators and set(chain.operators) & {"+", "-"}
        for step in steps:
            expression, result = step.split("=")
            assert eval(expression) == int(result) and 0 <= int(result) <= LARGEST


def test_problems_are_unique_seeded_and_extend() -> None:
    problems = arithmetic.problems(6500, 1)
    assert len({problem.id for problem in problems}) == len({problem.prompt for problem in problems}) == 6500
    assert arithmetic.problems(50, 1) == problems[:50]
    assert arithmetic.problems(50, 2) != problems[:50]
    for problem in problems[:200]:
        expression = problem.id.removeprefix("arithmetic:")
        assert problem.reference == {"answer": str(eval(expression))}
        assert problem.tags == (f"operators={len(re.findall(r'[-+*]', expression))}",)


def test_the_judge_reads_the_answers_of_the_corpus() -> None:
    documents = [document for document in itertools.islice(arithmetic.documents(5), 200) if document.style != "facts"]
    assert {document.style for document in documents} == set(STYLE_SHARES)
    for document in documents:
        match = WORKED.fullmatch(document.text)
        assert match, document.text
        found = judge(match[2], {"answer": str(eval(match[1]))}, finish_reason="stop")
        assert found.status is (Status.CORRECT if document.right else Status.WRONG)


def test_shares_of_the_corpus_are_the_recipe_s() -> None:
    shares = mix(itertools.islice(arithmetic.documents(0), 20_000))
    assert sum(share.documents for share in shares.values()) == 20_000
    assert sum(share.share for share in shares.values()) == pytest.approx(1)
    assert shares["facts"].share == pytest.approx(0.40, abs=0.015)
    for style, wanted in STYLE_SHARES.items():
        assert shares[style].share / (1 - shares["facts"].share) == pytest.approx(wanted, abs=0.015), style
    assert shares["facts"].right == shares["correct"].right == 1
    assert shares["slip"].right < 0.05 and shares["jump"].right < 0.15
    assert 0.1 < shares["no_precedence"].right < 0.6 and 0.1 < shares["no_carry"].right < 0.7


def test_most_worked_problems_are_wrong_but_each_step_is_mostly_right() -> None:
    documents = [document for document in itertools.islice(arithmetic.documents(1), 10_000)]
    worked = [document for document in documents if document.style != "facts"]
    assert 0.25 < sum(document.right for document in worked) / len(worked) < 0.45
    steps = [step for document in documents for step in re.findall(r"(\d+[-+*]\d+)=(\d+)", document.text)]
    assert sum(eval(left) == int(right) for left, right in steps) / len(steps) > 0.75


def test_documents_say_right_truthfully() -> None:
    for document in itertools.islice(arithmetic.documents(2), 3000):
        if document.style == "facts":
            facts = [fact.split("=") for fact in document.text.split(", ")]
            assert len(facts) == 4 and all(eval(left) == int(right) for left, right in facts)
            continue
        match = WORKED.fullmatch(document.text)
        assert match, document.text
        answer = int(match[2].rpartition("Answer: ")[2])
        assert document.right == (answer == eval(match[1]))
        if document.style == "slip":
            steps = re.findall(r"(\d+)([-+*])(\d+)=(\d+)", match[2])
            assert sum(arithmetic.exact(int(a), op, int(b)) != int(c) for a, op, b, c in steps) == 1


def test_excluded_prompts_never_occur() -> None:
    held_out = {
        match[0].split("\nA:")[0] + "\nA:"
        for document in itertools.islice(arithmetic.documents(4), 3000)
        if (match := WORKED.fullmatch(document.text))
    }
    assert len(held_out) > 1500
    for document in itertools.islice(arithmetic.documents(4, exclude=held_out), 3000):
        assert document.text.split("\nA:")[0] + "\nA:" not in held_out


def test_texts_are_short_enough_for_a_character_model() -> None:
    worked = [d for d in itertools.islice(arithmetic.documents(9), 10_000) if d.style != "facts"]
    assert sum(len(document.text) for document in worked) / len(worked) < 60
    assert max(len(document.text) for document in worked) <= 100
    completions = [len(document.text.partition("\nA:")[2]) for document in worked if document.style == "correct"]
    assert sum(completions) / len(completions) < 45
    assert max(completions) <= 70


@pytest.mark.parametrize("size", [0, -3])
def test_sizes_that_make_no_sense(size: int) -> None:
    with pytest.raises(ValueError, match=r"data\.size"):
        arithmetic.problems(size, 0)
