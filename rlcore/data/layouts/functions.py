"""Layouts whose tests are programs: HumanEval, LeetCodeDataset, MBPP, KodCode."""

from __future__ import annotations

from rlcore.data.layouts import cells, prompts
from rlcore.data.sources.rows import Row
from verifiers.expected.asserts import asserts_reference, header
from verifiers.expected.cases import Case, calls_reference, keyword_arguments, read_value
from verifiers.types import Json, Problem


def humaneval_problem(row: Row) -> Problem:
    """HumanEval, HumanEval+: {prompt, test, entry_point, canonical_solution}; `prompt` is code that goes on."""
    prompt = cells.text(row, "prompt")
    entry, tests = cells.text(row, "entry_point").strip(), cells.text(row, "test")
    reference = asserts_reference(tests, entry_point=entry) | {"prompt_prefix": prompt}
    solution = cells.text_or_empty(row, "canonical_solution")
    whole = prompt + solution if solution else ""
    return cells.code_problem(
        row, prompt, reference, solution=whole, tags=cells.tags(row, "task_id", first="humaneval")
    )


def leetcode_problem(row: Row) -> Problem:
    """LeetCodeDataset: {query, prompt, test, entry_point, completion}; `prompt` are imports and classes for all."""
    asked = cells.text(row, "query", "problem_description")
    entry = cells.text(row, "entry_point").strip()
    tests, given = cells.text_or_empty(row, "test"), row.values.get("input_output")
    if tests:
        reference = asserts_reference(tests, entry_point=entry) | {"prompt_prefix": cells.text_or_empty(row, "prompt")}
    else:
        reference = calls_reference(entry, [_called_by_names(case) for case in cells.records(given)])
    asked = prompts.fitting(asked, reference, starter=cells.text_or_empty(row, "starter_code"))
    solution = cells.text_or_empty(row, "completion", "solution")
    return cells.code_problem(
        row, asked, reference, solution=solution, tags=cells.tags(row, "task_id", "difficulty", first="leetcode")
    )


def mbpp_problem(row: Row) -> Problem:
    """MBPP, its sanitized form and MBPP+: {text or prompt, code, test_list, test_setup_code, test_imports, test}."""
    asked, solution = cells.text(row, "text", "prompt"), cells.text_or_empty(row, "code")
    imports = row.values.get("test_imports")
    lines = [line for line in imports if isinstance(line, str)] if isinstance(imports, list) else []
    setup = "\n".join([*lines, cells.text_or_empty(row, "test_setup_code")])
    listed = row.values.get("test_list")
    if not isinstance(listed, list) or not listed or not all(isinstance(test, str) for test in listed):
        raise ValueError(f"`test_list` is {cells.shown(listed)}: give a list of assert statements")
    # MBPP+ has a program with many more inputs, which brings its own imports.
    tests = cells.text_or_empty(row, "test") or "\n".join(listed)
    first = asserts_reference("\n".join(listed), setup=setup, solution=solution)["entry_point"]
    reference = asserts_reference(tests, setup=setup, entry_point=first) if isinstance(first, str) else None
    reference = reference or asserts_reference(tests, setup=setup, solution=solution)
    return _of_function(row, asked, reference, solution, "mbpp")


def kodcode_problem(row: Row) -> Problem:
    """KodCode: {question, solution, test, test_info}; the tests are pytest's, and import from `solution`."""
    asked, tests = cells.text(row, "question"), cells.text(row, "test")
    solution = cells.text_or_empty(row, "solution")
    reference = asserts_reference(tests, solution=solution)
    named = cells.records(row.values.get("test_info"))
    head = str(named[0].get("function_declaration") or "") if named else ""
    return _of_function(row, asked, reference, solution, "kodcode", head=head.strip())


def _of_function(row: Row, asked: str, reference: Json, solution: str, layout: str, *, head: str = "") -> Problem:
    entry = reference["entry_point"]
    head = head or (header(solution, entry) if isinstance(entry, str) else "")
    asked_whole = prompts.fitting(asked, reference, header=head)
    own = cells.tags(row, "task_id", "question_id", "subset", "source", first=layout)
    return cells.code_problem(row, asked_whole, reference, solution=solution, tags=own)


def _called_by_names(case: Json) -> Case:
    return Case(keyword_arguments(str(case.get("input", ""))), read_value(str(case.get("output", ""))))
