"""What data sets hold as expected answers, and what becomes of it: the same for every trainer."""

from __future__ import annotations

import json
from typing import Any

import pytest

from services.labels import BadLabel, item_of

CODE = {"kind": "stdin", "cases": [{"stdin": "1", "stdout": "2"}]}


@pytest.mark.parametrize(
    ("label", "verifier", "judge", "reference"),
    [
        ("42", "math", "math", {"answer": "42"}),
        (42, "math", "math", {"answer": "42"}),
        (0.5, "math", "math", {"answer": "0.5"}),
        ("{1, 2}", "math", "math", {"answer": "{1, 2}"}),
        ('{"answer": "42"}', "math", "math", {"answer": "42"}),
        (CODE, "code", "code", CODE),
        (json.dumps(CODE), "code", "code", CODE),
        (CODE, "math", "code", CODE),
        ({"verifier": "code", "reference": CODE}, "math", "code", CODE),
        ({"inputs": ["1"], "outputs": ["2"]}, "math", "code", CODE),
        (json.dumps({"inputs": ["1"], "outputs": ["2"]}), "code", "code", CODE),
        ([{"input": "1", "output": "2", "type": "stdin_stdout"}], "math", "code", CODE),
        (json.dumps(json.dumps([{"input": "1", "output": "2"}])), "math", "code", CODE),
        ('["assert f(1) == 2"]', "math", "code", {"kind": "asserts", "entry_point": "f", "tests": "assert f(1) == 2"}),
        # Not tests: a list of math, and what another judge is asked for.
        ("[1, 2]", "math", "math", {"answer": "[1, 2]"}),
        ('["34"]', "math", "math", {"answer": "34"}),
        (42.0, "math", "math", {"answer": "42"}),
        (CODE, "j.py:f", "j.py:f", CODE),
        ({"inputs": ["1"], "outputs": ["2"]}, "lean", "lean", {"inputs": ["1"], "outputs": ["2"]}),
        ({"reference": CODE}, "code", "code", CODE),
        ("7", "j.py:f", "j.py:f", {"answer": "7"}),
        (None, "j.py:f", "j.py:f", {"answer": None}),
        # More than these two keys: the reference of a judge that has such a field.
        ({"reference": 1, "other": 2}, "j.py:f", "j.py:f", {"reference": 1, "other": 2}),
    ],
)
def test_a_label_is_a_problem(label: Any, verifier: str, judge: str, reference: dict[str, Any]) -> None:
    problem = item_of(3, label, verifier, "text", prompt="p").problem
    assert problem is not None
    assert (problem.verifier, problem.reference, problem.prompt) == (judge, reference, "p")


@pytest.mark.parametrize("label", [{"problem_id": "p1"}, '{"problem_id": "p1"}'])
def test_a_registered_problem(label: Any) -> None:
    item = item_of(3, label, "math", "text", finish_reason="length")
    assert (item.id, item.problem_id, item.problem) == ("3", "p1", None)
    assert (item.completion.text, item.completion.finish_reason) == ("text", "length")


@pytest.mark.parametrize(
    ("label", "verifier", "remedy"),
    [
        (None, "math", "label 3 is null: .* send the problem's expected answer"),
        (True, "math", "label 3 is a bool: send a text, a number or a JSON object"),
        (["4", "2"], "math", "label 3 is a list"),
        ({"inputs": ["secret"], "outputs": []}, "math", "label 3: 1 inputs and 0 outputs"),
        (["assert secret("], "code", "label 3: the tests are no Python"),
        ("secret", "code", "label 3 is no JSON object: the judge 'code' needs its reference as one"),
        (float("nan"), "math", "label 3 is nan"),
        ({"reference": "secret"}, "math", "label 3: reference"),
        ({"problem_id": 5}, "math", "label 3: problem_id"),
        ({"verifier": 5, "reference": {}}, "math", "label 3: verifier"),
    ],
)
def test_what_is_no_problem_names_the_remedy_and_not_the_label(label: Any, verifier: str, remedy: str) -> None:
    with pytest.raises(BadLabel, match=remedy) as raised:
        item_of(3, label, verifier, "text")
    assert "secret" not in str(raised.value)
