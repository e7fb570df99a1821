"""Layouts whose tests are inputs with their outputs: APPS, TACO, DeepCoder, AceCode, LiveCodeBench, CodeContests,
Codeforces as open-r1 has it.
"""

from __future__ import annotations

from typing import Any

from rlcore.data.layouts import cells, private_tests, prompts
from rlcore.data.sources.rows import Row
from verifiers.code.reference import read_reference
from verifiers.expected.asserts import header
from verifiers.expected.cases import Case, stdin_reference
from verifiers.expected.tests import code_reference
from verifiers.types import Json, Problem

# Code Contests' numbers of languages.
_PYTHON3 = 3
_MEBIBYTE = 1 << 20
_UNITS = {"k": 1 << 10, "m": _MEBIBYTE, "g": 1 << 30}
_TESTS = ("input_output", "test_cases", "tests", "unit_tests", "inputs")


def tests_problem(row: Row) -> Problem:
    """{question, and input_output, test_cases, tests, unit_tests or inputs and outputs}: APPS, TACO, AceCode,
    DeepCoder, Nemotron, rStar-Coder. The tests are in any form of `verifiers.expected.tests`.
    """
    asked = cells.prompt(row, "question", "problem", "prompt", "input", "description")
    key = next((key for key in _TESTS if cells.has(row, key)), _TESTS[0])
    # rStar-Coder has the columns of the tests as columns of the rows.
    given = {name: row.values.get(name) for name in ("inputs", "outputs")} if key == "inputs" else row.values.get(key)
    starter = cells.text_or_empty(row, "starter_code")
    solution = cells.first_solution(row.values.get("solutions")) or cells.first_solution(row.values.get("solution"))
    said = f"{starter}\n{prompts.shown(asked)}"
    reference = code_reference(given, name=cells.function_name(row), solution=solution, said=said)
    if reference is None:
        raise ValueError(f"`{key}` is {cells.shown(row.values.get(key))}: give tests in a form that docs/DATA.md lists")
    read_reference(reference)
    entry = reference.get("entry_point")
    asked = prompts.fitting(
        asked, reference, starter=starter, header=header(solution, entry) if isinstance(entry, str) else ""
    )
    return cells.code_problem(
        row,
        asked,
        reference,
        solution=solution,
        seconds=cells.number(row.values.get("time_limit")),
        memory_bytes=_bytes(row.values.get("memory_limit")),
        tags=cells.tags(row, "source", "dataset", "difficulty"),
    )


def livecodebench_problem(row: Row) -> Problem:
    """LiveCodeBench: {question_content, public_test_cases, private_test_cases, starter_code, metadata}."""
    asked, starter = cells.text(row, "question_content"), cells.text_or_empty(row, "starter_code")
    tests = cells.records(row.values.get("public_test_cases"))
    if cells.has(row, "private_test_cases"):
        tests = tests + private_tests.read(row.values["private_test_cases"])
    reference = code_reference(tests, name=cells.function_name(row), said=starter)
    if reference is None:
        raise ValueError("`public_test_cases` and `private_test_cases` hold no {input, output}: download them again")
    tags = cells.tags(row, "platform", "question_id", "difficulty", first="livecodebench")
    asked = prompts.fitting(asked, reference, starter=starter)
    return cells.code_problem(row, asked, reference, tags=tags)


def code_contests_problem(row: Row) -> Problem:
    """DeepMind's CodeContests: {description, public_tests, private_tests, generated_tests, solutions, time_limit}."""
    if cells.text_or_empty(row, "input_file") or cells.text_or_empty(row, "output_file"):
        raise ValueError("it reads or writes a file of its own name: the judge has stdin and stdout only")
    kinds = ("public_tests", "private_tests", "generated_tests")
    tests = [case for kind in kinds for case in cells.records(row.values.get(kind))]
    reference = stdin_reference(_cases(tests))
    own = [
        str(one.get("solution"))
        for one in cells.records(row.values.get("solutions"))
        if one.get("language") in (_PYTHON3, "PYTHON3")
    ]
    time = row.values.get("time_limit")
    seconds = _seconds(time) if isinstance(time, dict) else cells.number(time)
    return cells.code_problem(
        row,
        cells.text(row, "description"),
        reference,
        solution=own[0] if own else "",
        seconds=seconds,
        memory_bytes=cells.number(row.values.get("memory_limit_bytes")),
        tags=cells.tags(row, "name", first="code_contests"),
    )


def codeforces_problem(row: Row) -> Problem:
    """open-r1's Codeforces: {title, description, official_tests, examples, generated_checker, time_limit in s,
    memory_limit in MB}.
    """
    if cells.text_or_empty(row, "input_mode") not in ("", "stdio"):
        raise ValueError(
            f"`input_mode` is {cells.shown(row.values['input_mode'])}: the judge has stdin and stdout only"
        )
    if cells.text_or_empty(row, "interaction_format"):
        raise ValueError("it is interactive, which the judge is not: drop the row")
    tests = cells.records(row.values.get("official_tests")) or cells.records(row.values.get("examples"))
    reference = stdin_reference(_cases(tests))
    if checker := cells.text_or_empty(row, "generated_checker"):
        reference["checker"] = {"language": "python", "source": checker}
    memory = cells.number(row.values.get("memory_limit"))
    return cells.code_problem(
        row,
        _statement(row),
        reference,
        seconds=cells.number(row.values.get("time_limit")),
        memory_bytes=None if memory is None else memory * _MEBIBYTE,
        tags=cells.tags(row, "id", "rating", first="codeforces"),
    )


def _cases(tests: list[Json]) -> list[Case]:
    if not tests:
        raise ValueError("there are no tests: drop the row")
    if not all({"input", "output"} <= test.keys() for test in tests):
        raise ValueError("a test has no input or no output: write the row again")
    return [Case(test["input"], test["output"]) for test in tests]


def _statement(row: Row) -> str:
    """The parts of a problem's page, in its order."""
    parts = [cells.text(row, "description")]
    for title, key in (("Input", "input_format"), ("Output", "output_format")):
        if said := cells.text_or_empty(row, key):
            parts.append(f"{title}\n{said}")
    for example in cells.records(row.values.get("examples")):
        parts.append(f"Example input\n{example.get('input', '')}\nExample output\n{example.get('output', '')}")
    if note := cells.text_or_empty(row, "note"):
        parts.append(f"Note\n{note}")
    return "\n\n".join(parts)


def _seconds(given: Json) -> float | None:
    """Of a protobuf duration."""
    seconds, nanos = cells.number(given.get("seconds")), cells.number(given.get("nanos"))
    return None if seconds is None else seconds + (nanos or 0.0) / 1e9


def _bytes(given: Any) -> float | None:
    """Of `256.0 megabytes`, or a number of bytes."""
    size = cells.number(given)
    if size is None or not isinstance(given, str):
        return size
    unit = given.split()[1:]
    return size * _UNITS.get(unit[0][:1].lower(), 1) if unit else size
