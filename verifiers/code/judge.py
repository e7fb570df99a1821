"""The code judge: runs a completion's program against tests, in the sandbox only (`verifiers.sandbox`).

References are described in `verifiers.code.reference`, extraction in `verifiers.code.extract`, equality in
`verifiers.code.compare`. How the three kinds run:

* `stdin`: a fresh process per case; what it printed is compared here, or shown to the data set's checker
  (`verifiers.code.checker`), and its exit code must be 0. That alone says nothing, since a program chooses it.
* `calls`: one process runs the program and answers calls; what they return is compared here.
* `asserts`: the tests run in a second process that calls the first one through plain typed values, and only that
  second process has the channel for the verdict. The program is not even loaded before the tests make their first call,
  so tests that fail by then fail by themselves: the reference is bad, and the sample is masked.

| what happened | status |
|---|---|
| every case right / some right and `partial` | correct / partial |
| a wrong value or output, an early end, a malformed reply | wrong |
| an exception that nobody catches or a signal, also after right output; an exit code that is not 0 | wrong |
| CPU or wall limit, of one program or of all cases together (`verifiers.code.budget`) | timeout |
| memory or output limit, a longer completion than `MAX_TEXT_CHARS` | rejected |
| no program / cut off by length before its end | no_answer / truncated |
| the reference is none, its tests fail without the program, its checker on the expected output | error, masked |

Raises `SandboxFailed` when the sandbox itself fails twice (`verifiers.pool` finds out whose fault it is) and
`SandboxUnavailable` when there is none.
"""

from __future__ import annotations

from verifiers.code import cpp
from verifiers.code.checker import BadChecker, output_judge
from verifiers.code.cpp import NoCompiler
from verifiers.code.extract import Program, find_program
from verifiers.code.reference import (
    AssertsReference,
    CallsReference,
    Reference,
    StdinReference,
    entry_names,
    read_reference,
    reference_schema,
)
from verifiers.code.session import BadTests, ask_all, run_tests
from verifiers.code.tally import run_cases
from verifiers.sandbox.launcher import shared_for
from verifiers.sandbox.types import SandboxFailed
from verifiers.types import Json, Status, Verdict

__all__ = ["control", "judge", "reference_schema"]

MAX_TEXT_CHARS = 400_000
MAX_EXTRACTED_CHARS = 4_000

# Our own sides, loaded once in a fork server (which brings what programs of the standard library import).
LIGHT = ("verifiers.code.solution_side:allow_long_numbers", "verifiers.code.test_side")


def judge(text: str, reference: Json, *, finish_reason: str) -> Verdict:
    """Judge one completion. Deterministic but for wall-clock limits; starts this process's fork server on first use."""
    try:
        task = read_reference(reference)
    except ValueError as error:
        return Verdict.failed("bad_reference", str(error))
    if len(text) > MAX_TEXT_CHARS:
        return Verdict.of(Status.REJECTED, detail=f"the completion is longer than {MAX_TEXT_CHARS} characters")
    names = () if isinstance(task, StdinReference) else entry_names(task.entry_point)
    continues = not isinstance(task, StdinReference) and bool(task.prompt_prefix)
    program = find_program(text, task.language, names=names, continues=continues)
    if finish_reason != "stop" and (program is None or not program.complete):
        return Verdict.of(Status.TRUNCATED, detail="cut off by length before the end of its program")
    if program is None:
        return Verdict.of(Status.NO_ANSWER, detail=f"no {task.language} program in the completion")
    extracted = program.source[:MAX_EXTRACTED_CHARS]
    try:
        program.source.encode()
    except UnicodeEncodeError:
        return Verdict.of(Status.WRONG, detail="the program is no valid Unicode")
    try:
        return _grade_again(task, program).model_copy(update={"extracted": extracted})
    except BadTests as error:
        return Verdict.failed("bad_reference", f"the tests fail without the program: {error}")
    except BadChecker as error:
        return Verdict.failed("bad_reference", f"the checker: {error}")
    except NoCompiler as error:
        return Verdict.failed("no_compiler", str(error))


def control(reference: Json) -> str:
    """A harmless completion for the same reference: a sound judge answers it `wrong` (or `correct`, where the tests
    expect nothing at all).
    """
    if reference.get("language") == "cpp":
        return "```cpp\nint main() { return 0; }\n```"
    return "```python\npass\n```"


def _grade_again(task: Reference, program: Program) -> Verdict:
    """Once more on a fresh fork server when the first one failed: cheaper than a fresh worker of the pool."""
    try:
        return _grade(task, program)
    except SandboxFailed:
        return _grade(task, program)


def _grade(task: Reference, program: Program) -> Verdict:
    if isinstance(task, StdinReference):
        return _grade_output(task, program)
    tests = task.tests if isinstance(task, AssertsReference) else ""
    server = shared_for("\n".join([program.source, task.prompt_prefix, tests]), LIGHT)
    if isinstance(task, CallsReference):
        return ask_all(server, task, program.source)
    return run_tests(server, task, program.source)


def _grade_output(task: StdinReference, program: Program) -> Verdict:
    judge_output = output_judge(task, LIGHT)
    if task.language == "cpp":
        return cpp.grade(task, program.source, judge_output)
    server = shared_for(program.source, LIGHT)
    return run_cases(task, lambda stdin, limits: server.run(program.source, stdin=stdin, limits=limits), judge_output)
