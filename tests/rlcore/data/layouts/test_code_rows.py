"""Rows in the shapes that the public sets of code problems really have: each set's own program is judged correct where
it has one, and programs that are nearly right are not.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import rows_of_cases
import rows_of_programs
from layout_rows import loaded, source, status

from verifiers.code.judge import LIGHT
from verifiers.sandbox import policy
from verifiers.sandbox.launcher import shared
from verifiers.types import Problem, Status

needs_sandbox = pytest.mark.skipif(
    bool(policy.check().missing()), reason=f"no sandbox here: {'; '.join(policy.check().missing())}"
)

Row = dict[str, Any]
ROWS = [*rows_of_cases.ROWS, *rows_of_programs.ROWS]


@pytest.fixture(scope="module", autouse=True)
def _end_the_fork_server() -> Iterator[None]:
    yield
    shared(LIGHT).close()


def problem_of(folder: Path, row: Row, kind: str = "jsonl") -> Problem:
    [problem], dropped = loaded(source(folder, [row], kind))
    assert not dropped
    return problem


@needs_sandbox
@pytest.mark.parametrize(("row", "right", "wrong"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_a_right_program_is_correct_and_one_nearly_right_is_wrong(
    tmp_path: Path, row: Row, right: str, wrong: list[str]
) -> None:
    problem = problem_of(tmp_path, row)
    assert status(problem, right) is Status.CORRECT
    assert {program: status(problem, program) for program in wrong} == dict.fromkeys(wrong, Status.WRONG)


@needs_sandbox
@pytest.mark.parametrize("row", [row for _, row, *_ in ROWS], ids=[row[0] for row in ROWS])
@pytest.mark.parametrize("kind", ["parquet", "hf"])
def test_the_own_program_of_a_data_set_is_correct(tmp_path: Path, row: Row, kind: str) -> None:
    problem = problem_of(tmp_path, row, kind)
    assert problem.reference == problem_of(tmp_path, row).reference
    if solution := problem.reference.get("solution"):
        assert status(problem, solution) is Status.CORRECT
