"""Generated word problems: the story, its equations and its answer say the same, and the judge agrees."""

import re

import pytest

from rlcore.data.families import word_problems
from rlcore.data.families.word_problems import Event, Story
from verifiers.math.judge import judge
from verifiers.types import Status

BUY = Event("+", "{p} buys {k} more {t}.", "{p}又买了{k}{t}。")
SHARE = Event("/", "{p} shares them equally among {k} people and keeps one share.", "{p}分给{k}个人。")


def test_a_story_in_two_languages() -> None:
    story = Story(5, ((BUY, 7), (SHARE, 3)), person=1, things=0)
    assert story.values() == [5, 12, 4]
    assert story.told("en") == (
        "Ben has 5 apples. He buys 7 more apples. He shares them equally among 3 people and keeps one share. "
        "How many apples are there in the end?"
    )
    assert story.told("zh") == "小红有5个苹果。她又买了7个苹果。她分给3个人。最后有多少个苹果\uff1f"
    assert word_problems.solution(story, "en") == " 5+7=12, 12/3=4. The answer is 4"
    assert word_problems.solution(story, "zh") == " 5+7=12, 12/3=4. 答案是4"


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_reference_solution_passes_its_judge_and_adds_up(language: word_problems.Language) -> None:
    for problem in word_problems.problems(500, 2, variants=(language,)):
        solution = problem.reference["solution"]
        assert judge(solution, problem.reference, finish_reason="stop").status is Status.CORRECT
        equations = re.findall(r"(\d+)([-+*/])(\d+)=(\d+)", solution)
        assert f"level={len(equations)}" in problem.tags
        for left, operator, right, result in equations:
            exact = {"+": int(left) + int(right), "-": int(left) - int(right), "*": int(left) * int(right)}
            assert int(result) == (int(left) / int(right) if operator == "/" else exact[operator])
            assert 0 < int(result) <= word_problems.LARGEST


def test_the_same_seed_extends_the_same_list_and_texts_differ() -> None:
    small, large = word_problems.problems(50, 1), word_problems.problems(300, 1, variants=("en",))
    assert large[:50] == small
    assert len({problem.prompt for problem in large}) == 300
    levels = {tag for problem in large for tag in problem.tags if tag.startswith("level=")}
    assert levels == {f"level={level}" for level in word_problems.LEVELS}


def test_too_few_are_refused_with_the_remedy() -> None:
    with pytest.raises(ValueError, match=r"data\.size to 1"):
        word_problems.problems(0, 1)
