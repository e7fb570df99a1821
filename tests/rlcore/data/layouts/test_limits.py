"""A row's limits raise the judge's own within its bounds, and never lower them."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest
from layout_rows import loaded, source
from rows_of_cases import CODE_CONTESTS, CODEFORCES, TACO

from verifiers.code.reference import read_reference
from verifiers.sandbox.types import Limits

GIB = 1 << 30


@pytest.mark.parametrize(
    ("row", "limits"),
    [
        (TACO, {"cpu_seconds": 10.0, "wall_seconds": 30.0, "memory_bytes": GIB}),
        (TACO | {"time_limit": "1.0 seconds", "memory_limit": "256.0 megabytes"}, {}),
        (TACO | {"time_limit": None, "memory_limit": None}, {}),
        (TACO | {"time_limit": "soon", "memory_limit": "much"}, {}),
        (
            TACO | {"time_limit": "900 seconds", "memory_limit": "100 gigabytes"},
            {"cpu_seconds": 60.0, "wall_seconds": 120.0, "memory_bytes": 8 * GIB},
        ),
        (CODE_CONTESTS, {"cpu_seconds": 4.5, "wall_seconds": 13.5, "memory_bytes": 1024000000}),
        (CODE_CONTESTS | {"time_limit": None, "memory_limit_bytes": 256000000}, {}),
        (CODEFORCES, {"cpu_seconds": 3.0, "wall_seconds": 9.0, "memory_bytes": GIB}),
        (CODEFORCES | {"time_limit": 2.0, "memory_limit": 256.0}, {}),
    ],
)
def test_limits(tmp_path: Path, row: dict[str, Any], limits: dict[str, Any]) -> None:
    [problem], _ = loaded(source(tmp_path, [row], "jsonl"))
    found = read_reference(problem.reference).limits.limits()
    assert found == dataclasses.replace(Limits(), **limits)
