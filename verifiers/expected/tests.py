"""Tests in the forms of public data sets as a reference of the code judge: which form it is, by what it holds.

| form | where |
|---|---|
| `{"inputs": [...], "outputs": [...]}`, with `fn_name` for calls | APPS, TACO, Eurus, SYNTHETIC-2, Nemotron |
| a list of `{"input", "output"}`, with `testtype` or `type` | LiveCodeBench, DeepCoder, open-r1 |
| `{"input": [...], "output": [...]}` | CodeContests |
| a list of assert statements, or a test program as a text | AceCode, open-instruct, KodCode |
| `{"functional" or "test" or "test_code": TESTS, "entry_point", "import_prefix"}` | LeetCode in verl's form |
| `{"test_cases" or "ground_truth" or "unit_tests" or "tests" or "assert_case": ONE OF THESE}` | open-r1, NeMo-Gym |
| a reference of the judge itself | ours |

Of a list of cases the function stands in `fn_name` or `metadata.func_name` of the cases, or is told by the row.
Any of them may be a text of JSON or of Python, that in a text again, and the one item of a list.
"""

from __future__ import annotations

import json
import re
from typing import Any

from verifiers.expected.asserts import asserts_reference
from verifiers.expected.cases import Case, calls_reference, read_literal, stdin_reference
from verifiers.types import Json

KINDS = ("stdin", "calls", "asserts")
_WRAPPERS = ("test_cases", "ground_truth", "unit_tests", "tests", "assert_case")
_PROGRAMS = ("functional", "test_code", "test")
_LANGUAGES = {"python": "python", "python3": "python", "py": "python", "cpp": "cpp", "c++": "cpp"}
_TEST_PROGRAM = re.compile(
    r"^(?:assert\b|def (?:check|test\w*)\(|from solution import |import unittest\b|class \w+\(unittest\.TestCase\))",
    re.MULTILINE,
)
_MAX_JSON = 4


def code_reference(given: Any, *, name: str = "", solution: str = "", said: str = "") -> Json | None:
    """A reference for the code judge; None where the value is in none of the forms.

    Args:
        given: what the data set holds.
        name: the function that is called, where the tests do not say it themselves.
        solution: the data set's own program; says which names of asserts are its own.
        said: what else tells what a function returns, as of `calls_reference`.

    Raises ValueError for a value that has a form and is broken.
    """
    given = unpacked(given)
    if isinstance(given, str):
        if not _TEST_PROGRAM.search(given):
            return None
        return asserts_reference(given, entry_point=name, solution=solution)
    if isinstance(given, list):
        return _of_list(given, name=name, solution=solution, said=said)
    if not isinstance(given, dict):
        return None
    if given.get("kind") in KINDS:
        return given
    name = _text(given, "fn_name") or _text(given, "entry_point") or name
    if (pairs := _columns(given)) is not None:
        return _of_cases(pairs, name, said=f"{said}\n{solution}", language=_language(given))
    for key in _PROGRAMS:
        if isinstance(tests := given.get(key), str) and tests.strip():
            reference = asserts_reference(tests, entry_point=name, solution=solution)
            prefix = _text(given, "import_prefix")
            return reference | ({"prompt_prefix": prefix} if prefix else {})
    for key in _WRAPPERS:
        if (inner := given.get(key)) is None:
            continue
        found = code_reference(inner, name=name, solution=solution, said=said)
        if found is not None and found["kind"] == "stdin" and (language := _language(given)) != "python":
            found["language"] = language
        return found
    return None


def unpacked(given: Any) -> Any:
    """What a text of a list or object holds: JSON, also several times over, or a literal of Python with texts in it."""
    for _ in range(_MAX_JSON):
        if not isinstance(given, str) or given.lstrip()[:1] not in ("{", "[", '"'):
            break
        try:
            given = json.loads(given)
        # A set of math, such as {1, 2}, is none of both.
        except (ValueError, RecursionError):
            return _literal(given)
    return given


def _literal(given: str) -> Any:
    # Without texts it may be a ratio or points of math.
    if given.lstrip()[:1] not in ("{", "[") or not ("'" in given or '"' in given):
        return given
    try:
        return read_literal(given)
    except ValueError:
        return given


def _of_list(given: list[Any], *, name: str, solution: str, said: str) -> Json | None:
    if len(given) == 1 and isinstance(given[0], str):
        inner = unpacked(given[0])
        if isinstance(inner, list) or (isinstance(inner, dict) and "input" not in inner):
            return code_reference(inner, name=name, solution=solution, said=said)
    if given and all(isinstance(item, str) and _TEST_PROGRAM.search(item) for item in given):
        return asserts_reference("\n".join(given), entry_point=name, solution=solution)
    cases = [unpacked(item) for item in given]
    if not cases or not all(isinstance(case, dict) and {"input", "output"} <= case.keys() for case in cases):
        return None
    found = {_called(case) for case in cases} - {""}
    if len(found) > 1:
        raise ValueError(f"the cases call different functions ({', '.join(sorted(found))}): one problem is about one")
    said = " ".join(str(case.get("testtype") or case.get("type") or "") for case in cases)
    name = "" if "stdin" in said and "func" not in said else next(iter(found), name)
    if "func" in said and ("stdin" in said or not name):
        raise ValueError("the cases are calls, and not all say of which function: give `fn_name`")
    return _of_cases([Case(case["input"], case["output"]) for case in cases], name, said=f"{said}\n{solution}")


def _of_cases(cases: list[Case], name: str, *, said: str, language: str = "python") -> Json:
    if not cases:
        raise ValueError("there are no cases: give at least one input with its output")
    return calls_reference(name, cases, said=said) if name else stdin_reference(cases, language=language)


def _columns(given: Json) -> list[Case] | None:
    """The cases of a column of inputs and one of outputs; None where these are not there."""
    for first, second in (("inputs", "outputs"), ("input", "output")):
        if first not in given or second not in given:
            continue
        inputs, outputs = (unpacked(given[key]) if key.endswith("s") else given[key] for key in (first, second))
        if not isinstance(inputs, list) or not isinstance(outputs, list):
            continue
        if len(inputs) != len(outputs):
            raise ValueError(f"{len(inputs)} inputs and {len(outputs)} outputs: each input needs its output")
        return [Case(*pair) for pair in zip(inputs, outputs, strict=True)]
    return None


def _called(case: Json) -> str:
    """The function of a case, "" where it names none."""
    metadata = unpacked(case.get("metadata"))
    inner = _text(metadata, "func_name") if isinstance(metadata, dict) else ""
    return _text(case, "fn_name") or inner


def _language(given: Json) -> str:
    said = _text(given, "language") or "python"
    if said.lower() not in _LANGUAGES:
        raise ValueError(f"the language is {said!r}: the code judge runs python and cpp")
    return _LANGUAGES[said.lower()]


def _text(given: Json, key: str) -> str:
    value = given.get(key)
    return value.strip() if isinstance(value, str) else ""
