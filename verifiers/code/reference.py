"""What a code problem's `reference` may say: three kinds of tests, read and checked before anything runs.

```
{"kind": "stdin", "cases": [{"stdin": "1 2", "stdout": "3"}], "language": "python" | "cpp",
 "compare": "tokens" | "exact" | "float"}
{"kind": "calls", "entry_point": "f", "cases": [{"args": [1, 2], "kwargs": {}, "expected": 3}]}
{"kind": "asserts", "entry_point": "f" | ["f", "g"], "tests": "assert f(1) == 2", "prompt_prefix": "import math"}
```

All take `"partial": true` (the share of cases that pass is the reward), `"solution"` (the data set's own, not used
here) and `"limits"`, with the names of `verifiers.sandbox.types.Limits`. The limits hold for one program: one stdin
case, or all calls of a problem.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter, ValidationError, model_validator

from verifiers.code.values import Unencodable, encode
from verifiers.sandbox.types import Limits
from verifiers.types import Frozen, Json, is_unicode

_DEFAULT = Limits()
# pydantic quotes an unknown kind.
_LONGEST_PROBLEM = 500
_SOLUTION_METHOD = re.compile(r"(Solution)\(\)\.(\w+)")


class LimitsRequest(Frozen):
    """Limits of one program that differ from the defaults; each has an upper bound, for the machine's sake."""

    cpu_seconds: float = Field(default=_DEFAULT.cpu_seconds, gt=0, le=60)
    wall_seconds: float = Field(default=_DEFAULT.wall_seconds, gt=0, le=120)
    memory_bytes: int = Field(default=_DEFAULT.memory_bytes, ge=16 << 20, le=8 << 30)
    file_bytes: int = Field(default=_DEFAULT.file_bytes, ge=0, le=256 << 20)
    output_bytes: int = Field(default=_DEFAULT.output_bytes, gt=0, le=64 << 20)
    open_files: int = Field(default=_DEFAULT.open_files, ge=16, le=1024)

    def limits(self) -> Limits:
        """The sandbox's own form."""
        return Limits(**self.model_dump())


class _Reference(Frozen):
    partial: bool = False
    # A data set's own, for whoever checks the data set; no verdict depends on it.
    solution: str = ""
    limits: LimitsRequest = LimitsRequest()


class StdinCase(Frozen):
    """What the program reads, and what it should print."""

    stdin: str = ""
    stdout: str


class StdinReference(_Reference):
    """Programs that read stdin and print; a fresh process for each case."""

    kind: Literal["stdin"]
    cases: tuple[StdinCase, ...] = Field(min_length=1)
    language: Literal["python", "cpp"] = "python"
    compare: Literal["tokens", "exact", "float"] = "tokens"


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
    language: Literal["python"] = "python"

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
    if not names or not all(name.isidentifier() for name in names):
        raise ValueError("entry_point must be the name of a function or class")
    return tuple(names)
