"""Generated code problems: the reference solution computes what the cases expect, and the words say it."""

import ast

import pytest

from rlcore.data.families import programs
from rlcore.data.families.programs import OPERATIONS, Task


def operation(name: str) -> programs.Operation:
    return next(one for one in OPERATIONS if one.en == name)


def run(code: str, argument: object, variable: str) -> object:
    """Our own reference solution, never a model's."""
    return eval(compile(code, "solution", "eval"), {}, {variable: argument})


def test_a_pipeline_is_said_in_order_and_written_with_the_right_nesting() -> None:
    task = Task("number", ((operation("add {k}"), 3), (operation("times {k}"), 2), (operation("square it"), 0)))
    assert task.said("en") == "f(x): add 3, then times 2, then square it"
    assert task.said("zh") == "f(x)\uff1a加3\uff0c再乘以2\uff0c再平方"
    assert task.code() == "((x + 3) * 2) ** 2"
    assert task.value(-1) == 16
    assert programs.solution(task) == "```python\ndef f(x):\n    return ((x + 3) * 2) ** 2\n```"


def test_a_call_needs_no_brackets() -> None:
    task = Task("list", ((operation("sort it"), 0), (operation("drop the first"), 0), (operation("the sum"), 0)))
    assert task.code() == "sum(sorted(xs)[1:])"
    assert task.value([3, 1, 2]) == 5


@pytest.mark.parametrize("language", ["en", "zh"])
def test_reference_solutions_give_what_the_cases_expect(language: programs.Language) -> None:
    for problem in programs.problems(400, 3, variants=(language,)):
        body = problem.reference["solution"].split("\n", 1)[1].rsplit("\n", 1)[0]
        function = ast.parse(body).body[0]
        assert isinstance(function, ast.FunctionDef) and isinstance(function.body[0], ast.Return)
        code = ast.unparse(function.body[0].value)  # type: ignore[arg-type]
        assert len(problem.reference["cases"]) == programs.HIDDEN_CASES
        for case in problem.reference["cases"]:
            assert run(code, case["args"][0], function.args.args[0].arg) == case["expected"]


def test_hidden_cases_are_not_shown_and_no_constant_passes_them() -> None:
    for problem in programs.problems(300, 5):
        expected = [repr(case["expected"]) for case in problem.reference["cases"]]
        assert len(set(expected)) > 1
        assert not any(f"f({case['args'][0]!r})" in problem.prompt for case in problem.reference["cases"])


def test_the_same_seed_extends_the_same_list_and_ids_are_unique() -> None:
    small, large = programs.problems(50, 1), programs.problems(200, 1)
    assert large[:50] == small
    assert programs.problems(50, 2) != small
    assert len({problem.id for problem in large}) == 200
    assert {tag for problem in large for tag in problem.tags if tag.startswith("level")} == {
        f"level={level}" for level in programs.LEVELS
    }


def test_too_few_or_too_many_are_refused_with_the_remedy() -> None:
    with pytest.raises(ValueError, match=r"data\.size to 1"):
        programs.problems(0, 1)
    with pytest.raises(ValueError, match=r"lower data\.size"):
        programs.problems(5000, 1, levels=(1,))
