"""One row of each public layout, the sum of two numbers in all of them: it loads without a name, from every kind of
file, and the right sum is correct, a wrong one wrong.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from layout_rows import loaded, source, status

from verifiers.code.judge import LIGHT
from verifiers.sandbox import policy
from verifiers.sandbox.launcher import shared
from verifiers.types import Message, Problem, Status

CASES: list[dict[str, Any]] = [
    json.loads(line) for line in Path(__file__).with_name("public.jsonl").read_text(encoding="utf-8").splitlines()
]
BAD = "own format, bad reference"
ROWS: dict[str, dict[str, Any]] = {case["layout"]: case["row"] for case in CASES if case["layout"] != BAD}
STDIN = "a, b = map(int, input().split())\nprint(a {} b)"
FUNCTION = "def add(a, b):\n    return a {} b"
METHOD = "class Solution:\n    def add(self, a, b):\n        return a {} b"

needs_sandbox = pytest.mark.skipif(
    bool(policy.check().missing()), reason=f"no sandbox here: {'; '.join(policy.check().missing())}"
)


@pytest.fixture(scope="module", autouse=True)
def _end_the_fork_server() -> Iterator[None]:
    yield
    shared(LIGHT).close()


def answers(problem: Problem) -> list[str]:
    """Programs with a gap for the operator."""
    reference = problem.reference
    if reference["kind"] == "stdin":
        return [STDIN]
    if reference.get("prompt_prefix", "").startswith("def"):
        return ["    return a {} b"]
    entry = reference["entry_point"]
    return (
        [METHOD]
        if entry.startswith("Solution")
        else [FUNCTION]
        if reference["kind"] == "asserts"
        else [FUNCTION, METHOD]
    )


def test_all_rows_are_here() -> None:
    assert len(CASES) == 25 and len(ROWS) == 24


@needs_sandbox
@pytest.mark.parametrize("layout", ROWS)
def test_the_right_sum_is_correct_and_a_wrong_one_wrong(tmp_path: Path, layout: str) -> None:
    [problem], dropped = loaded(source(tmp_path, [ROWS[layout]], "jsonl"))
    assert not dropped and problem.verifier == "code"
    for answer in answers(problem):
        assert status(problem, answer.format("+")) is Status.CORRECT
        assert status(problem, answer.format("-")) is Status.WRONG
    said = problem.prompt if isinstance(problem.prompt, str) else problem.prompt[-1].content
    assert problem.reference["kind"] == "stdin" or "add" in said, "the prompt says what the function is called"


@pytest.mark.parametrize("kind", ["json", "parquet", "hf"])
@pytest.mark.parametrize("layout", ROWS)
def test_every_kind_of_file_gives_the_same(tmp_path: Path, layout: str, kind: str) -> None:
    [from_lines], _ = loaded(source(tmp_path, [ROWS[layout]], "jsonl"))
    [problem], _ = loaded(source(tmp_path, [ROWS[layout]], kind))
    assert problem.reference == from_lines.reference and problem.prompt == from_lines.prompt


@needs_sandbox
def test_rows_of_many_layouts_in_one_file_pass_screening(tmp_path: Path) -> None:
    rows = list(ROWS.values())
    problems, dropped = loaded(source(tmp_path, rows, "jsonl"), screen=True)
    assert len(problems) == len(rows) and not dropped


def test_what_a_row_is_called_is_in_its_tags(tmp_path: Path) -> None:
    [problem], _ = loaded(source(tmp_path, [ROWS["openai_humaneval"]], "jsonl"))
    assert problem.id == "rows-1" and problem.tags == ("humaneval", "HumanEval/0", "family=rows")
    [problem], _ = loaded(source(tmp_path, [ROWS["verl fn_name"]], "jsonl"))
    assert problem.prompt == (Message(role="user", content="Sum two\n\nThe tests call `add`.\n"),)
    assert problem.tags == ("apps", "code", "family=rows")


@needs_sandbox
def test_a_bad_reference_of_our_own_is_dropped_with_its_place(tmp_path: Path) -> None:
    bad = next(case["row"] for case in CASES if case["layout"] == BAD)
    good = ROWS["own format"] | {"id": "2"}
    name = source(tmp_path, [bad, good], "jsonl")
    problems, [dropped] = loaded(name, screen=True)
    assert [problem.id for problem in problems] == ["2"] and dropped.id == "1"
    assert dropped.place == f"{name}, line 1" and "cases.0.stdout: Field required" in dropped.reason
