"""What a code problem's `reference` may say: three kinds of tests, read and checked before anything runs.

```
{"kind": "stdin", "cases": [{"stdin": "1 2", "stdout": "3"}], "language": "python" | "cpp",
 "compare": "tokens" | "exact" | "float", "checker": {"language": "python" | "cpp", "source": "..."}}
{"kind": "calls", "entry_point": "f", "cases": [{"args": [1, 2], "kwargs": {}, "expected": 3}], "prompt_prefix": "",
 "number_keys": false}
{"kind": "asserts", "entry_point": "f" | ["f", "g"], "tests": "assert f(1) == 2", "prompt_prefix": "import math"}
```

All take `"partial": true` (the share of cases that pass is the reward), `"solution"` (the data set's own, not used
here) and `"limits"`, with the names of `verifiers.sandbox.types.Limits`. The limits hold for one program: one stdin
case, or all calls of a problem.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, TypeAdapter, ValidationError, model_validator

from verifiers.code.values import Unencodable, encode
from verifiers.sandbox.types import Limits
from verifiers.types import Frozen, Json, is_unicode

MOST_WALL_SECONDS = 120.0

_DEFAULT = Limits()
_WALL_PER_CPU = 3
# pydantic quotes an unknown kind.
_LONGEST_PROBLEM = 500
_LONGEST_NAME = 200
_SOLUTION_METHOD = re.compile(r"(Solution)\(\)\.(\w+)")


def _within(lowest: float, highest: float) -> AfterValidator:
    """A data set's own limit, bounded by ours, for the machine's sake: not refused, since the problem is sound."""
    return AfterValidator(lambda value: min(max(value, lowest), highest))


class LimitsRequest(Frozen):
    """Limits of one program that differ from the defaults. What is beyond the bounds of this machine is cut to them.

    Without a wall clock of its own a program has three times its CPU time, and the default at least.
    """

    cpu_seconds: Annotated[float, Field(gt=0, allow_inf_nan=False), _within(0.0, 60.0)] = _DEFAULT.cpu_seconds
    wall_seconds: Annotated[float, Field(gt=0, allow_inf_nan=False), _within(0.0, MOST_WALL_SECONDS)] | None = None
    memory_bytes: Annotated[int, Field(gt=0), _within(16 << 20, 8 << 30)] = _DEFAULT.memory_bytes
    file_bytes: Annotated[int, Field(ge=0), _within(0, 256 << 20)] = _DEFAULT.file_bytes
    output_bytes: Annotated[int, Field(gt=0), _within(0, 64 << 20)] = _DEFAULT.output_bytes
    open_files: Annotated[int, Field(gt=0), _within(16, 1024)] = _DEFAULT.open_files

    def limits(self) -> Limits:
        """The sandbox's own form."""
        wall = self.wall_seconds
        if wall is None:
            wall = min(max(_DEFAULT.wall_seconds, _WALL_PER_CPU * self.cpu_seconds), MOST_WALL_SECONDS)
        return Limits(**self.model_dump(exclude={"wall_seconds"}), wall_seconds=wall)


class _Reference(Frozen):
    partial: bool = False
    # A data set's own, for whoever checks the data set; no verdict depends on it.
    solution: str = ""
    limits: LimitsRequest = LimitsRequest()


class StdinCase(Frozen):
    """What the program reads, and what it should print."""

    stdin: str = ""
    stdout: str


class Checker(Frozen):
    """A program of the data set that says whether an output is right, where many are (`verifiers.code.checker`)."""

    language: Literal["python", "cpp"] = "python"
    source: str = Field(min_length=1, max_length=1 << 20)


class StdinReference(_Reference):
    """Programs that read stdin and print; a fresh process for each case."""

    kind: Literal["stdin"]
    cases: tuple[StdinCase, ...] = Field(min_length=1)
    language: Literal["python", "cpp"] = "python"
    compare: Literal["tokens", "exact", "float"] = "tokens"
    checker: Checker | None = None


class CallCase(Frozen):
    """Arguments and the value that the call should return."""

    args: list[Any] = Field(default_factory=list)
    kwargs: dict[str, Any] = Field(default_factory=dict)
    expected: Any

    @model_validator(mode="after")
    def _is_plain(self) -> CallCase:
        try:
            encode([self.args, self.kwargs, self.expected])
        except Unencodable as error:
            raise ValueError(str(error)) from None
        return self


class CallsReference(_Reference):
    """Calls of one function; expected values never enter the sandbox."""

    kind: Literal["calls"]
    entry_point: str
    cases: tuple[CallCase, ...] = Field(min_length=1)
    prompt_prefix: str = ""
    language: Literal["python"] = "python"
    # Keys of objects in arguments that spell whole numbers are those, which JSON cannot say.
    number_keys: bool = False

    @model_validator(mode="after")
    def _names_are_names(self) -> CallsReference:
        entry_names(self.entry_point)
        return self


class AssertsReference(_Reference):
    """A data set's own test program, run unmodified in a process apart."""

    kind: Literal["asserts"]
    entry_point: str | tuple[str, ...]
    tests: str = Field(min_length=1)
    prompt_prefix: str = ""
    language: Literal["python"] = "python"

    @model_validator(mode="after")
    def _names_are_names(self) -> AssertsReference:
        entry_names(self.entry_point)
        return self


Reference = StdinReference | CallsReference | AssertsReference

_ADAPTER: TypeAdapter[Reference] = TypeAdapter(Annotated[Reference, Field(discriminator="kind")])


def reference_schema() -> Json:
    """Of all kinds, as JSON schema."""
    return _ADAPTER.json_schema()


def read_reference(reference: Json) -> Reference:
    """The reference, checked. Raises ValueError that says where it is wrong and holds no value of it."""
    if not is_unicode(reference):
        raise ValueError("the reference holds text that is no valid Unicode (lone surrogates)")
    try:
        return _ADAPTER.validate_python(reference)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False, include_context=False)[0]
        where = ".".join(str(part) for part in first["loc"][1:]) or "kind"
        raise ValueError(f"reference {where}: {first['msg']}"[:_LONGEST_PROBLEM]) from None


def entry_names(entry_point: str | tuple[str, ...]) -> tuple[str, ...]:
    """The names that the tests call, the first one being the candidate. Raises ValueError for what is no name.

    `Solution().f` is the method `f` of a class Solution, and the class too.
    """
    names: list[str] = []
    for entry in (entry_point,) if isinstance(entry_point, str) else entry_point:
        method = _SOLUTION_METHOD.fullmatch(entry)
        names += [method[2], method[1]] if method else [entry]
    if not names or not all(name.isidentifier() and len(name) <= _LONGEST_NAME for name in names):
        raise ValueError("entry_point must be the name of a function or class")
    return tuple(names)
