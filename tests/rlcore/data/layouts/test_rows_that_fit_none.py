"""What fits no layout, or fits one and is broken: a dropped row with the remedy, and nothing else is raised."""

from __future__ import annotations

import copy
import json
import random
from pathlib import Path
from typing import Any

import pytest
import rows_of_cases
import rows_of_programs
from layout_rows import loaded, source

from rlcore.data.layouts import LAYOUTS, detect
from rlcore.data.sources.drops import Dropped
from rlcore.data.sources.readers import to_problems
from rlcore.data.sources.rows import Row

PUBLIC: list[dict[str, Any]] = [
    json.loads(line)["row"]
    for line in Path(__file__).with_name("public.jsonl").read_text(encoding="utf-8").splitlines()
]
ROWS = [*PUBLIC, *(row for _, row, *_ in (*rows_of_cases.ROWS, *rows_of_programs.ROWS))]
APPS, HUMANEVAL, MBPP = PUBLIC[1], PUBLIC[5], PUBLIC[7]
STDIN = {"input": "1 2", "output": "3"}


def row(values: dict[str, Any]) -> Row:
    return Row("rows", 1, "rows.jsonl, line 1", values)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"foo": 1}, "keys ['foo'] fit no format; the nearest is problems, which lacks id, prompt: rename the columns"),
        ({"id": "a", "promt": "b"}, "keys ['id', 'promt'] fit no format; the nearest is problems, which lacks prompt"),
        ({"prompt": "a", "tests_": [STDIN]}, "the nearest is tests, which lacks input_output or test_cases or tests"),
        ({"question": "a", "anwser": "4"}, "the nearest is gsm8k, which lacks answer"),
        ({"prompt": "a", "test": "b"}, "the nearest is tests, which lacks input_output or"),
        ({"data_source": "x", "prompt": "a", "reward_modl": {}}, "the nearest is verl, which lacks reward_model"),
        ({"formal_statment": "theorem"}, "the nearest is lean, which lacks formal_statement or"),
        ({"question_content": "a", "private_test_cases": "[]"}, "livecodebench, which lacks public_test_cases"),
        ({"text": "a", "test_lists": ["assert f()"]}, "the nearest is mbpp, which lacks test_list"),
        ({}, "keys [] fit no format; the nearest is problems, which lacks id, prompt"),
    ],
)
def test_the_message_shows_the_keys_and_the_nearest_layout(values: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError) as raised:
        detect(row(values))
    assert said in str(raised.value)


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        (APPS | {"input_output": ""}, "`input_output` is ''"),
        (APPS | {"input_output": "{"}, "`input_output` is '{'"),
        (APPS | {"input_output": '{"inputs": ["1"], "outputs": []}'}, "1 inputs and 0 outputs"),
        (APPS | {"input_output": '{"inputs": [], "outputs": []}'}, "there are no cases"),
        (APPS | {"input_output": '{"inputs": [{"a": 1}], "outputs": ["1"]}'}, "input 1 is a dict"),
        (
            APPS | {"input_output": '{"fn_name": "f", "inputs": ["1 2"], "outputs": ["3"]}'},
            "input 1 has a line that is",
        ),
        (APPS | {"input_output": '{"fn_name": "f", "inputs": ["1"], "outputs": ["x y"]}'}, "output 1 is neither JSON"),
        (APPS | {"input_output": '{"fn_name": "not a name", "inputs": [[1]], "outputs": [1]}'}, "entry_point must be"),
        (APPS | {"input_output": '{"fn_name": "f", "inputs": [[1]], "outputs": [NaN]}'}, "the reference is not JSON"),
        (APPS | {"input_output": '{"fn_name": "f", "inputs": [[1e999]], "outputs": [1]}'}, "the reference is not JSON"),
        (
            APPS | {"input_output": json.dumps({"fn_name": "f" * 400_000, "inputs": [[1]], "outputs": [1]})},
            "entry_point",
        ),
        (APPS | {"question": None, "problem": 3}, "`problem` is 3"),
        (HUMANEVAL | {"entry_point": ""}, "`entry_point` is ''"),
        (HUMANEVAL | {"entry_point": "f()"}, "entry_point must be the name"),
        (HUMANEVAL | {"test": " "}, "`test` is ' '"),
        (MBPP | {"test_list": []}, "`test_list` is []"),
        (MBPP | {"test_list": [1]}, "`test_list` is [1]"),
        (MBPP | {"test_list": ["assert add(1, == 2"]}, "the tests are no Python"),
        (MBPP | {"test_list": ["assert 1 == 1"], "code": ""}, "the tests call no function"),
        (PUBLIC[0] | {"private_test_cases": "zzzz"}, "no base64 of zlib"),
        (PUBLIC[0] | {"public_test_cases": "[]", "private_test_cases": "[]"}, "hold no {input, output}"),
        (PUBLIC[4] | {"input_file": "in.txt"}, "it reads or writes a file"),
        (PUBLIC[4] | {"public_tests": {"input": ["1"], "output": []}}, "differ in length"),
        (PUBLIC[4] | {"public_tests": {"input": [], "output": []}}, "there are no tests"),
        (PUBLIC[15] | {"interaction_format": "ask"}, "it is interactive"),
        (PUBLIC[15] | {"input_mode": "file"}, "`input_mode` is 'file'"),
        (PUBLIC[14] | {"verification_info": {"language": "rust", "test_cases": [STDIN]}}, "'rust'"),
        (PUBLIC[16] | {"task_type": "ascii_tree_formatting"}, "`task_type` is 'ascii_tree_formatting'"),
        (PUBLIC[20] | {"dataset": "ifeval"}, "`dataset` is ifeval"),
        (PUBLIC[20] | {"ground_truth": None}, "ground_truth is None"),
        (PUBLIC[18] | {"test": "def test_a():\n    assert True\n", "solution": ""}, "the tests call no function"),
        (PUBLIC[19] | {"test_cases": [{"a": 1}]}, "`test_cases` is [{'a': 1}]: give tests in a form"),
    ],
)
def test_a_broken_row_is_dropped_with_its_place_and_reason(tmp_path: Path, values: dict[str, Any], reason: str) -> None:
    good = [APPS, HUMANEVAL]
    name = source(tmp_path, [good[0], values, good[1]], "jsonl")
    problems, [dropped] = loaded(name)
    assert [problem.id for problem in problems] == ["rows-1", "rows-3"]
    assert dropped.place == f"{name}, line 2" and reason in dropped.reason


ODD: tuple[Any, ...] = (
    *(None, "", " ", 0, -1.5, True, float("nan"), float("inf"), 10**400, "x", b"bytes", "\ud800", "\0", '"', "null"),
    *("{", "[", "[]", "{}", "[[[]]]", "[" * 100_000, "(" * 5_000, "1e999 seconds"),
    *("assert", "assert f(", "def check(candidate): pass", ["assert f(" * 500]),
    *([], {}, [None], [[]], [{}], [1, "a", None], {"": None}, {"a": []}, {"seconds": None}, {"seconds": "x"}),
    *({"input": None, "output": None}, [{"input": 1, "output": {}}], {"inputs": [None], "outputs": [{}]}),
    *({"inputs": 1, "outputs": 2}, '{"inputs": [1], "outputs": [[]], "fn_name": 3}'),
    *({"kind": "stdin"}, {"kind": "calls", "cases": 3}, {"kind": ["stdin"]}),
)


def spoiled(values: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    """The row with one or two of its cells, or cells of its cells, gone or odd."""
    made = copy.deepcopy(values)
    for _ in range(chance.randint(1, 2)):
        holder: Any = made
        key = chance.choice(list(made))
        while isinstance(holder[key], dict | list) and holder[key] and chance.random() < 0.6:
            holder = holder[key]
            key = chance.choice(list(holder)) if isinstance(holder, dict) else chance.randrange(len(holder))
        if isinstance(holder, dict) and len(holder) > 1 and chance.random() < 0.2:
            del holder[key]
        else:
            holder[key] = copy.deepcopy(chance.choice(ODD))
    return made


@pytest.mark.parametrize("format", ["auto", *LAYOUTS])
def test_a_spoiled_row_costs_itself_only(format: str) -> None:
    """3,000 spoiled rows for each layout: each gives a problem or is dropped with a reason; nothing else is raised."""
    chance = random.Random(format)
    rows = [row(spoiled(chance.choice(ROWS), chance)) for _ in range(3000)]
    found = list(to_problems(rows, format))
    assert len(found) == len(rows)
    assert all(each.reason for each in found if isinstance(each, Dropped))
