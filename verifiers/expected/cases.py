r"""Inputs with their outputs, as public data sets of code problems write them, as references of the code judge.

| form | reads as |
|---|---|
| input and output are texts, or lists of lines | stdin, stdout |
| with a function's name, the input is a list | the arguments |
| with a function's name, the input is a text | an argument on each line, as JSON or as a Python literal |
| with a function's name, the input is an object of names | keyword arguments |

Outputs of calls that are lists of one item in every case are those items: APPS and what came of it wrap the values of
most functions so. They do not where the output is a text, where the function is a method of a class Solution, and
where a program says that it returns a list (`-> List[int]`) and the items are none.

Objects among the arguments whose keys all spell whole numbers have these for keys, as the scorers of these sets have
it: JSON cannot say so.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from verifiers.types import Json

# A decimal fraction: other roundings of it are right, as every scorer of these data sets has it.
_DECIMAL = re.compile(r"(?<!\S)[-+]?[0-9]*\.[0-9]+(?:[eE][-+]?[0-9]+)?(?!\S)")
_METHOD = re.compile(r"Solution\(\)\.(\w+)")
_LONGEST_LITERAL = 1 << 20
_WHOLE = re.compile(r"-?[0-9]{1,18}")
_LIST = re.compile(r"(?:typing\.)?[Ll]ist\b")


class Case(NamedTuple):
    """One input with its output, as they stand in the data set."""

    given: Any
    expected: Any


def stdin_reference(cases: Sequence[Case], *, language: str = "python") -> Json:
    """A program that reads and prints. Outputs with decimal fractions are compared as numbers.

    Raises ValueError that says which case is none.
    """
    pairs = [
        {"stdin": _printed(case.given, f"input {number}"), "stdout": _printed(case.expected, f"output {number}")}
        for number, case in enumerate(cases, start=1)
    ]
    # Public tests come again among the private ones.
    once = {(pair["stdin"], pair["stdout"]): pair for pair in pairs}
    reference: Json = {"kind": "stdin", "cases": list(once.values())}
    if language != "python":
        reference["language"] = language
    if any(_DECIMAL.search(pair["stdout"]) for pair in pairs):
        reference["compare"] = "float"
    return reference


def calls_reference(name: str, cases: Sequence[Case], *, said: str = "") -> Json:
    """Calls of one function, or of a method of a class Solution by its name alone.

    Args:
        said: programs and texts that tell what the function returns: the question, starter code, the set's own.

    Raises ValueError that says which case is none.
    """
    method = _METHOD.fullmatch(name)
    name = method[1] if method else name
    values = [_value(case, f"output {number}") for number, case in enumerate(cases, start=1)]
    if not method and _wraps(name, [case.expected for case in cases], said):
        values = [value[0] for value in values]
    calls = []
    for number, (case, value) in enumerate(zip(cases, values, strict=True), start=1):
        given = _arguments(case.given, f"input {number}")
        calls.append({"kwargs" if isinstance(given, dict) else "args": given, "expected": value})
    reference: Json = {"kind": "calls", "entry_point": name, "cases": calls}
    if (keys := list(_keys(calls))) and all(map(_WHOLE.fullmatch, keys)):
        reference["number_keys"] = True
    return reference


def _wraps(name: str, outputs: list[Any], said: str) -> bool:
    if not all(isinstance(output, list) and len(output) == 1 for output in outputs) or "class Solution" in said:
        return False
    heads = (line for line in said.splitlines() if line.lstrip().startswith(f"def {name}("))
    returns_list = any(_LIST.match(line.rpartition("->")[2].strip()) for line in heads if "->" in line)
    return not returns_list or all(isinstance(output[0], list) for output in outputs)


def _keys(calls: list[Json]) -> Iterator[str]:
    """Of the objects among the arguments, at any depth."""
    held: list[Any] = [value for call in calls for value in (call.get("args") or [*call.get("kwargs", {}).values()])]
    while held:
        value = held.pop()
        if isinstance(value, dict):
            yield from value
            held += value.values()
        elif isinstance(value, list):
            held += value


def keyword_arguments(text: str) -> Json:
    """The arguments of `a = 1, b = [2]`. Raises ValueError."""
    try:
        if len(text) > _LONGEST_LITERAL:
            raise ValueError
        call = ast.parse(f"f({text})", mode="eval").body
        assert isinstance(call, ast.Call)
        named = {word.arg: ast.literal_eval(word.value) for word in call.keywords if word.arg}
    except (SyntaxError, ValueError, AssertionError, RecursionError, MemoryError):
        raise ValueError("no arguments of the form `name = value, ...`") from None
    if call.args or not named:
        raise ValueError("no arguments of the form `name = value, ...`")
    return named


def read_value(text: str) -> Any:
    """A value as JSON or as a Python literal, in plain JSON values. Raises ValueError."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return read_literal(text)


def read_literal(text: str) -> Any:
    """A Python literal, in plain JSON values. Raises ValueError."""
    try:
        if len(text) > _LONGEST_LITERAL:
            raise ValueError
        return json.loads(json.dumps(ast.literal_eval(text.strip())))
    except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
        raise ValueError("neither JSON nor a literal of Python") from None


def _printed(value: Any, what: str) -> str:
    """The text of an input or output; a list is one of lines."""
    if isinstance(value, list) and all(isinstance(line, str | int | float | list) for line in value):
        inner = [" ".join(map(str, line)) if isinstance(line, list) else str(line) for line in value]
        return "\n".join(line.removesuffix("\n") for line in inner)
    if isinstance(value, str | int | float):
        return str(value)
    raise ValueError(f"{what} is a {type(value).__name__}: give a text or a list of lines")


def _arguments(given: Any, what: str) -> list[Any] | Json:
    if isinstance(given, list) or (isinstance(given, dict) and given and all(map(str.isidentifier, given))):
        return given
    if not isinstance(given, str):
        return [given]
    lines = [line for line in given.split("\n") if line.strip()]
    try:
        return [read_value(line) for line in lines]
    except ValueError as error:
        raise ValueError(f"{what} has a line that is {error}: give one argument on each line") from None


def _value(case: Case, what: str) -> Any:
    """The expected value: a text is one that is written down where the arguments are, too."""
    if not (isinstance(case.expected, str) and isinstance(case.given, str)):
        return case.expected
    try:
        return read_value(case.expected)
    except ValueError as error:
        raise ValueError(f"{what} is {error}: give one value") from None
