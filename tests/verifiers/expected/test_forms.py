"""Tests in the forms of public data sets, and the references that come of them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from verifiers.expected.asserts import called_names, header
from verifiers.expected.cases import keyword_arguments, read_value
from verifiers.expected.labels import Expected, expected, plain_answer
from verifiers.expected.tests import code_reference, unpacked
from verifiers.types import Json


def stdin(*pairs: tuple[str, str], **more: Any) -> Json:
    return {"kind": "stdin", "cases": [{"stdin": given, "stdout": said} for given, said in pairs], **more}


def calls(name: str, *pairs: tuple[Any, Any]) -> Json:
    cases = [{"kwargs" if isinstance(given, dict) else "args": given, "expected": said} for given, said in pairs]
    return {"kind": "calls", "entry_point": name, "cases": cases}


def function(inputs: list[Any], outputs: list[Any], name: str = "f") -> Json:
    return {"fn_name": name, "inputs": inputs, "outputs": outputs}


@pytest.mark.parametrize(
    ("given", "reference"),
    [
        ({"inputs": ["1"], "outputs": ["2"]}, stdin(("1", "2"))),
        ({"inputs": '["1"]', "outputs": '["2"]'}, stdin(("1", "2"))),
        ({"inputs": [["1", "2 3"]], "outputs": [["4", "5"]]}, stdin(("1\n2 3", "4\n5"))),
        ({"inputs": [["1\n", "2\n"]], "outputs": [7]}, stdin(("1\n2", "7"))),
        ({"inputs": [[[1, 2], [3]]], "outputs": [["4"]]}, stdin(("1 2\n3", "4"))),
        ({"inputs": ["1", "1", "2"], "outputs": ["2", "2", "3"]}, stdin(("1", "2"), ("2", "3"))),
        ({"inputs": ["1"], "outputs": ["0.5"], "fn_name": None}, stdin(("1", "0.5"), compare="float")),
        ({"inputs": ["1"], "outputs": ["v1.5 a.b 3."]}, stdin(("1", "v1.5 a.b 3."))),
        ({"input": ["1"], "output": ["2"]}, stdin(("1", "2"))),
        ([{"input": "1", "output": "2"}], stdin(("1", "2"))),
        ([{"input": "1", "output": "2", "testtype": "stdin_stdout", "metadata": "{}"}], stdin(("1", "2"))),
        ([{"input": "[1]", "output": "[2]", "testtype": "stdin"}], stdin(("[1]", "[2]"))),
        (json.dumps(json.dumps({"inputs": ["1"], "outputs": ["2"]})), stdin(("1", "2"))),
        ({"language": "cpp", "test_cases": [{"input": "1", "output": "2"}]}, stdin(("1", "2"), language="cpp")),
        ({"ground_truth": '{"inputs": ["1"], "outputs": ["2"]}'}, stdin(("1", "2"))),
        (function([[1, 2]], [3]), calls("f", ([1, 2], 3))),
        (function([[1, 2]], [[3]]), calls("f", ([1, 2], 3))),
        (function([[1], [2]], [[3], [4, 5]]), calls("f", ([1], [3]), ([2], [4, 5]))),
        (function([[1]], [[3]], "Solution().f"), calls("f", ([1], [3]))),
        (function(["1\n[2]"], ["[3, 4]"]), calls("f", ([1, [2]], [3, 4]))),
        (function(["'a'\n(1, 2)\nNone"], ["{'b': True}"]), calls("f", (["a", [1, 2], None], {"b": True}))),
        (function([["a"]], ["b"]), calls("f", (["a"], "b"))),
        (function([{"x": 1}], [2]), calls("f", ({"x": 1}, 2))),
        (
            [{"input": "1", "output": "2", "metadata": {"func_name": "f"}, "testtype": "functional"}],
            calls("f", ([1], 2)),
        ),
        ([{"input": [1], "output": [2], "fn_name": "f", "type": "function_call"}], calls("f", ([1], 2))),
        (["assert f(1) == 2"], {"kind": "asserts", "entry_point": "f", "tests": "assert f(1) == 2"}),
        ("assert f(1) == 2", {"kind": "asserts", "entry_point": "f", "tests": "assert f(1) == 2"}),
        (
            {"test_code": "def check(candidate): pass", "entry_point": "f", "import_prefix": "import math"},
            {
                "kind": "asserts",
                "entry_point": "f",
                "tests": "def check(candidate): pass",
                "prompt_prefix": "import math",
            },
        ),
        (stdin(("1", "2")), stdin(("1", "2"))),
        ("{'inputs': ['1'], 'outputs': ['2']}", stdin(("1", "2"))),
        ("{'language': 'python', 'test_cases': [{'fn_name': None, 'input': '1', 'output': '2'}]}", stdin(("1", "2"))),
        ("['assert f(1) == 2']", {"kind": "asserts", "entry_point": "f", "tests": "assert f(1) == 2"}),
        ({"assert_case": ["assert f(1) == 2"]}, {"kind": "asserts", "entry_point": "f", "tests": "assert f(1) == 2"}),
        (['["assert f(1) == 2"]'], {"kind": "asserts", "entry_point": "f", "tests": "assert f(1) == 2"}),
        (['[{"input": "1", "output": "2"}]'], stdin(("1", "2"))),
        (['{"input": "1", "output": "2"}'], stdin(("1", "2"))),
        (['{"inputs": ["1"], "outputs": ["2"]}'], stdin(("1", "2"))),
        # A text of an output is what it says.
        (function(["1", "2"], ["[3]", "[4]"]), calls("f", ([1], [3]), ([2], [4]))),
        (function([[{"1": 2, "-3": 4}]], [2]), calls("f", ([{"1": 2, "-3": 4}], 2)) | {"number_keys": True}),
        (function([{"x": {"1": {"2": 0}}}], [2]), calls("f", ({"x": {"1": {"2": 0}}}, 2)) | {"number_keys": True}),
        (function([[[{"1": 2}], {"a": 1}]], [2]), calls("f", ([[{"1": 2}], {"a": 1}], 2))),
        (function(["{1: 'a'}\n5"], ["{'b': 1}"]), calls("f", ([{"1": "a"}, 5], {"b": 1})) | {"number_keys": True}),
        (function([[{}]], [2]), calls("f", ([{}], 2))),
        (function([[1]], [{"1": 2}]), calls("f", ([1], {"1": 2}))),
    ],
)
def test_forms(given: Any, reference: Json) -> None:
    assert code_reference(given) == reference


@pytest.mark.parametrize(
    ("said", "outputs", "values"),
    [
        ("", [[3], [4]], [3, 4]),
        ("def f(x):", [[[3]], [[4]]], [[3], [4]]),
        ("class Solution:\n    def f(self, x):", [[3], [4]], [[3], [4]]),
        ("def f(x) -> List[int]:", [[3], [4]], [[3], [4]]),
        ("def f(x) -> list:\n    return [x]", [[3], [4]], [[3], [4]]),
        ("async_def = 1\n  def f(x: List[int]) -> typing.List[int]:", [[3], [4]], [[3], [4]]),
        ("def f(x) -> List[int]:", [[[3, 4]], [[5]]], [[3, 4], [5]]),
        ("def f(x: List[int]) -> int:", [[3], [4]], [3, 4]),
        ("def g(x) -> List[int]:", [[3], [4]], [3, 4]),
        ("def f(x) -> Listing:", [[3], [4]], [3, 4]),
        ("def f(x) -> int:", [3, [4]], [3, [4]]),
    ],
)
def test_whether_outputs_are_wrapped(said: str, outputs: list[Any], values: list[Any]) -> None:
    reference = code_reference(function([[1], [2]], outputs), said=said)
    assert reference == calls("f", ([1], values[0]), ([2], values[1]))


@pytest.mark.parametrize(
    "given",
    [
        "42",
        "{'a', 'b'}",
        "{1: 2}",
        "[(1, 2), (3, 4)]",
        "{f'(x), g'(x)}",
        "{'a': b}",
        "['" * 10_000,
        "['" + "a" * (1 << 20) + "']",
        "[1, 2]",
        '["34"]',
        "{1, 2}",
        "(0, 1]",
        "",
        None,
        7,
        True,
        [],
        {},
        [1],
        ["4", "2"],
        {"answer": "4"},
        "I assert that f(1) == 2",
        {"statement": "theorem t : p"},
        {"x": 1},
        [{"input": "1"}],
        '"assertion"',
    ],
)
def test_what_is_no_test(given: Any) -> None:
    assert code_reference(given) is None


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"inputs": ["1"], "outputs": []}, "1 inputs and 0 outputs"),
        ({"inputs": [], "outputs": []}, "there are no cases"),
        ({"inputs": [None], "outputs": ["1"]}, "input 1 is a NoneType"),
        (function(["a b"], ["1"]), "input 1 has a line that is neither JSON nor a literal"),
        (function(["1"], ["__import__('os')"]), "output 1 is neither JSON nor a literal"),
        ([{"input": "1", "output": "2", "testtype": "functional"}], "not all say of which function"),
        ([{"input": 1, "output": 2, "fn_name": name} for name in "ab"], "call different functions"),
        ({"language": "java", "test_cases": [{"input": "1", "output": "2"}]}, "the language is 'java'"),
        (["assert f(1"], "the tests are no Python"),
        (["assert 1 == 1"], "the tests call no function"),
        (["assert " + "-" * 300_000 + "f()"], "longer than"),
    ],
)
def test_broken_forms(given: Any, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        code_reference(given)


@pytest.mark.parametrize(
    ("tests", "names"),
    [
        ("assert f(1) == 2", ("f",)),
        ("assert set(f((1,), g(2))) == {3}", ("f", "g")),
        ("import math\nassert math.isclose(area(1), 3.14)", ("area",)),
        ("from solution import b, a\ndef test_x():\n    assert helper(a(1)) == b(2)", ("b", "a")),
        ("import solution\nassert solution.f(1) == 2", ("f",)),
        ("def helper(x): return x\nassert helper(f)(1) == 2", ("f",)),
        ("for x in range(3):\n    assert sorted(f(x)) == []", ("f",)),
        ("x = C()\nassert x.run(1) == 2", ("C",)),
        ("assert asyncio.run(f(1)) == 2\nimport asyncio", ("f",)),
    ],
)
def test_called_names(tests: str, names: tuple[str, ...]) -> None:
    assert called_names(tests) == names


def test_headers_and_arguments() -> None:
    assert header("import os\ndef f(a: int, *, b=2) -> str:\n    return ''", "f") == "def f(a: int, *, b=2) -> str:"
    assert header("def g(): pass", "f") == header("def f(", "f") == ""
    assert keyword_arguments("nums = [1, -2], k = 'a, b'") == {"nums": [1, -2], "k": "a, b"}
    assert read_value("[1, null]") == [1, None] and read_value("(1, 'a')") == [1, "a"]
    for text in ("1, 2", "", "x = open('f')", "x = 1) or (2"):
        with pytest.raises(ValueError):
            keyword_arguments(text)


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ("42", Expected("math", {"answer": "42"})),
        (42.0, Expected("math", {"answer": "42"})),
        ('["34"]', Expected("math", {"answer": "34"})),
        ("[1, 2]", Expected("math", {"answer": "[1, 2]"})),
        ({"answer": "4"}, Expected("math", {"answer": "4"})),
        ({"statement": "theorem t : p"}, Expected("lean", {"statement": "theorem t : p"})),
        (json.dumps(stdin(("1", "2"))), Expected("code", stdin(("1", "2")))),
        ({"family": "countdown", "entry": {}}, Expected("gym", {"family": "countdown", "entry": {}})),
        ({"family": "countdown"}, None),
        ({"x": 1}, None),
        ([4], None),
        (float("nan"), None),
        (True, None),
        (" ", None),
        (None, None),
    ],
)
def test_which_judge_an_expected_answer_is_for(given: Any, found: Expected | None) -> None:
    assert expected(given) == found


def test_texts_that_are_only_like_json() -> None:
    assert unpacked("{1, 2}") == "{1, 2}" and unpacked("[" * 100_000) == "[" * 100_000
    assert plain_answer("{1, 2}") == "{1, 2}" and plain_answer(10**400) == str(10**400)
