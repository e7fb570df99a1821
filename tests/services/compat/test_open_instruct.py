"""open-instruct's code server, with the bodies of its own documentation."""

from __future__ import annotations

import json
from typing import Any

import pytest
from canary import GOLD

ADD = {
    "program": "def add(a, b): return a + b",
    "tests": ["assert add(1, 2) == 3", "assert add(-1, 1) == 0", "assert add(0, 0) == 1"],
    "max_execution_time": 1.0,
}
LINES = {
    "program": "import sys\nfor line in sys.stdin.read().splitlines():\n    print(int(line.strip()) + 1)",
    "tests": [{"input": "1\n", "output": "2\n"}, {"input": "100\n", "output": f"{GOLD}\n"}],
    "max_execution_time": 1.0,
}


def results(post: Any, path: str, body: dict[str, Any]) -> list[int]:
    response = post(path, body)
    assert response.status_code == 200, response.text
    answer = response.json()
    assert set(answer) == {"results", "runtimes"}
    assert len(answer["runtimes"]) == len(answer["results"])
    assert all(seconds > 0 for seconds in answer["runtimes"])
    return list(answer["results"])


def test_asserts(post: Any) -> None:
    assert results(post, "/test_program", ADD) == [1, 1, 0]
    assert results(post, "/test_program", ADD | {"tests": json.dumps(ADD["tests"]), "x": 1}) == [1, 1, 0]


def test_stdio(post: Any) -> None:
    assert results(post, "/test_program_stdio", LINES) == [1, 0]


@pytest.mark.parametrize(
    ("program", "test", "passes"),
    [
        ("class Solution:\n    def f(self, x): return x", "assert Solution().f(3) == 3", 1),
        ("def f(x): return x", "def check(g):\n    assert g(3) == 3\ncheck(f)", 1),
        ("def f(x): return x", "assert math.sqrt(f(4)) == 2 and len([f(1)]) == 1", 1),
        ("def f(x): return '```\\n```'", "assert f(1) == '```\\n```'", 1),
        ("def f(x): raise SystemExit(0)", "assert f(1) == 1", 0),
        ("import os\nos._exit(0)", "assert f(1) == 1", 0),
        ("class A:\n    __eq__ = lambda self, other: True\ndef f(x): return A()", f"assert f(1) == {GOLD}", 0),
        ("no python at all", "assert f(1) == 1", 0),
        ("def f(x):\n    while True: pass", "assert f(1) == 1", 0),
        ("", "assert f(1) == 1", 0),
    ],
)
def test_programs_of_all_kinds(post: Any, program: str, test: str, passes: int) -> None:
    assert results(post, "/test_program", {"program": program, "tests": [test]}) == [passes]


def test_no_tests_no_results(post: Any) -> None:
    response = post("/test_program", {"program": "x = 1", "tests": []})
    assert (response.status_code, response.json()) == (200, {"results": [], "runtimes": []})


@pytest.mark.parametrize(
    ("path", "changes", "remedy"),
    [
        ("/test_program", {"tests": ["assert add(1, 2 == 3"]}, "no Python"),
        ("/test_program", {"tests": ["assert 1 == 2"]}, "call no function"),
        ("/test_program", {"tests": [{"input": "", "output": ""}]}, "assert statement as a string"),
        # Fails whatever the program does: the test is broken, the program is not to blame.
        ("/test_program", {"tests": [f"raise ValueError({GOLD})\nadd(1, 2)"]}, "bad_reference"),
        ("/test_program", {"tests": "gASVCgAAAAAAAACMBm5v"}, "tests"),
        ("/test_program", {"max_execution_time": 0}, "max_execution_time"),
        ("/test_program", {"program": None}, "program"),
        ("/test_program_stdio", {}, "input"),
        ("/test_program_stdio", {"tests": [{"input": 1, "output": "1"}]}, "both strings"),
    ],
)
def test_what_cannot_be_judged_is_no_zero(post: Any, path: str, changes: dict[str, Any], remedy: str) -> None:
    response = post(path, ADD | changes)
    assert response.status_code == 422
    assert remedy in response.json()["detail"]
