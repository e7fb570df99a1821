"""Which case a program fails and what came out of it there, as a verdict tells it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from verifiers.code.judge import LIGHT, judge
from verifiers.code.spelling import spelled
from verifiers.code.values import encode
from verifiers.sandbox import policy
from verifiers.sandbox.launcher import shared
from verifiers.types import MAX_GOT_CHARS, FailedCase, Status, Verdict

needs_sandbox = pytest.mark.skipif(
    bool(policy.check().missing()), reason=f"no sandbox here: {'; '.join(policy.check().missing())}"
)
STDIN: dict[str, Any] = {
    "kind": "stdin",
    "cases": [{"stdin": "1\n", "stdout": "2\n"}, {"stdin": "5\n", "stdout": "6\n"}, {"stdin": "7\n", "stdout": "8\n"}],
}
QUICK = {"limits": {"cpu_seconds": 1}}
CALLS: dict[str, Any] = {
    "kind": "calls",
    "entry_point": "f",
    "cases": [{"args": [1], "expected": 2}, {"args": [5], "expected": [6, 31415926]}, {"args": [9], "expected": 10}],
}
ASSERTS: dict[str, Any] = {
    "kind": "asserts",
    "entry_point": "f",
    "tests": "assert f(1) == 2\nassert f(5) == 31415926\nassert f(9) == 10\n",
}


def verdict(program: str, reference: dict[str, Any]) -> Verdict:
    return judge(f"```python\n{program}\n```", reference, finish_reason="stop")


@pytest.fixture(scope="module", autouse=True)
def _end_the_fork_server() -> Iterator[None]:
    yield
    if not policy.check().missing():
        shared(LIGHT).close()


@needs_sandbox
@pytest.mark.parametrize(
    ("program", "reference", "number", "got"),
    [
        ("print(int(input()) + 1)", STDIN, None, None),
        ("x = int(input()); print(x + 1 if x < 5 else x)", STDIN, 2, "5\n"),
        ("print(input() == '1' and 2 or 3)", STDIN | {"partial": True}, 2, "3\n"),
        ("print('half'); print(1 / 0)", STDIN, 1, "half\n"),
        ("pass", STDIN, 1, ""),
        ("import sys; sys.stdout.buffer.write(b'a\\xffb\\x1b[31m\\x00')", STDIN, 1, "a\ufffdb\x1b[31m\x00"),
        ("print('e' * 9999)", STDIN, 1, "e" * MAX_GOT_CHARS),
        ("print('\U0001f600' * 9999)", STDIN, 1, "\U0001f600" * MAX_GOT_CHARS),
        ("while True: print('x' * 99)", STDIN, 1, ("x" * 99 + "\n") * 20),
        (
            "import sys; print('before', flush=True)\nwhile True: pass",
            STDIN | QUICK,
            1,
            "before\n",
        ),
        ("import sys; print('secret', file=sys.stderr)", STDIN, 1, ""),
        ("def f(x):\n    return x + 1", CALLS, 2, "6"),
        ("def f(x):\n    return x + 1", CALLS | {"partial": True}, 2, "6"),
        ("def f(x):\n    return (x, {'a': {x}}, None)", CALLS, 1, "(1, {'a': {1}}, None)"),
        ("def f(x):\n    raise ValueError('no')", CALLS, 1, None),
        ("def f(x):\n    return '\\ud800'", CALLS, 1, "'\\ud800'"),
        ("def f(x)", CALLS, 1, None),
        ("def f(x):\n    return 'x' * 10**7", CALLS, 1, None),
        ("def f(x):\n    return x + 1", ASSERTS, 2, None),
        ("def f(x):\n    return x + 1", ASSERTS | {"partial": True}, 2, None),
        ("def f(x):\n    return x", ASSERTS, 1, None),
    ],
)
def test_the_first_case_that_fails(
    program: str, reference: dict[str, Any], number: int | None, got: str | None
) -> None:
    said = verdict(program, reference)
    if number is None:
        assert said.status is Status.CORRECT and said.failed_case is None
        return
    assert said.failed_case is not None, said
    assert (said.failed_case.number, said.failed_case.got) == (number, got)
    assert said.failed_case.is_cut == (got is not None and len(got) == MAX_GOT_CHARS)
    # What was expected is nowhere, the input only where the program tells it.
    assert "31415926" not in said.model_dump_json()
    assert Verdict.model_validate_json(said.model_dump_json()) == said


@needs_sandbox
def test_tests_that_show_a_program_what_they_expect_tell_nothing_of_it() -> None:
    program = "class Echo:\n    def __eq__(self, other):\n        return other\n\ndef f(x):\n    return Echo()"
    tests = "assert f(1) == 0 and f(5) == 31415926"
    said = verdict(program, ASSERTS | {"tests": tests})
    assert said.status is not Status.ERROR and said.failed_case is not None
    assert "31415926" not in said.model_dump_json()
    kept = "seen = []\nclass Keep:\n    def __eq__(self, other):\n        seen.append(other)\n        return True\n\n"
    program = f"{kept}def f(x):\n    return seen[-1] if seen else Keep()"
    said = verdict(program, ASSERTS | {"tests": "assert f(1) == 31415926\nassert f(2) == 3"})
    assert said.status is Status.WRONG and said.failed_case is not None
    assert "31415926" not in said.model_dump_json()


def test_a_verdict_that_was_kept_before_there_was_such_a_field_is_read() -> None:
    old = '{"status": "wrong", "reward": 0.0, "detail": "case 1 of 2: wrong output", "verifier": "code"}'
    assert Verdict.model_validate_json(old).failed_case is None
    assert FailedCase.of(3, "a\ud800").got == "a\ufffd"


@pytest.mark.parametrize(
    "value",
    [
        *(None, True, 1, -1.5, "a'b", "", [], [1, [2]], (1,), (1, 2), (), {"a": 1, 2: [3]}, {}, {1, 2}, set()),
        *(frozenset(), frozenset({1}), 1 << 100, -(1 << 70)),
    ],
)
def test_values_are_spelled_as_in_python(value: Any) -> None:
    assert spelled(json.loads(json.dumps(encode(value))), 100) == repr(value)


@pytest.mark.parametrize(
    ("form", "text"),
    [
        ({"iterator": [1, 2]}, "iter([1, 2])"),
        ({"counter": [["a", 2]]}, "Counter({'a': 2})"),
        ({"decimal": "1.5"}, "decimal('1.5')"),
        ({"object": [0, True, "Node"]}, "object([0, True, 'Node'])"),
        ({"tuple": 5}, "tuple(5)"),
        ({"dict": [[1], 2]}, "dict([[1], 2])"),
        ({"int": "0xnone"}, "int('0xnone')"),
        ({"int": "0x" + "f" * 5000}, "int('0x" + "f" * 94),
        ({"a": 1, "b": [2]}, "{'a': 1, 'b': [2]}"),
        ({"<b>" * 30: 1}, "<b>" * 13 + "<(1)"),
        ("x" * 1000, "'" + "x" * 100),
        ([0] * 10_000, ("[" + "0, " * 100)[:101]),
    ],
)
def test_what_is_no_value_is_spelled_too(form: Any, text: str) -> None:
    assert spelled(form, 100) == text


def test_what_is_nested_deep_ends() -> None:
    deep: Any = 1
    for _ in range(300):
        deep = [deep]
    assert spelled(deep, 5000) == "[" * 30 + "..." + "]" * 30
    wide: Any = []
    for _ in range(40):
        wide = [wide, wide]
    assert len(spelled(wide, 2000)) == 2001
