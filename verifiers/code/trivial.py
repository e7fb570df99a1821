"""Answers that solve nothing, for each kind of code reference. Tests that let one pass reward not solving the problem.

The commonest holes: expected values that are all empty or all the same, tests that only call, `np.allclose([], 0.5)`,
which is true. Where outputs and values are compared outside the sandbox (`stdin`, `calls`) what such an answer gives is
known, so `weakness` compares without running anything. Data sets' own tests and checkers must run: `trivial_answers`
are completions for the judge.

A problem whose right answer is such an answer (one output whatever the input, the input itself) is weak too: it has
nothing to teach. One case alone is not: its output may be hard to find.
"""

from __future__ import annotations

import json
import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from verifiers.code.compare import stdout_equal, value_equal
from verifiers.code.reference import (
    CallsReference,
    StdinReference,
    entry_names,
    read_reference,
)
from verifiers.code.values import encode
from verifiers.types import Json

# With partial credit: a trivial answer may earn so much and no more.
PARTIAL_SHARE = 0.5

_WORDS = ("0", "1", "-1", "YES", "NO", "Yes", "No", "yes", "no", "True", "False", "true", "false", "None", "[]")
_VALUES: tuple[Any, ...] = (None, [], 0, "", True, False, {}, 1, -1)
# Source text, in the order of how often tests let it pass.
_RETURNED = ("None", "[]", "0", "True", "''", "False", "float('nan')", "{}", "1", "object()", "-1", "()", "set()")
_RAISED = ("ValueError", "TypeError")
# The first argument comes behind so many of them.
_LIKELIEST = 4


class Trivial(NamedTuple):
    """A completion, and what it is in words (`a function that returns []`)."""

    what: str
    completion: str


def weakness(reference: Json) -> str | None:
    """The trivial answer that a sound `stdin` or `calls` reference lets pass, in words; None where none does.

    Args:
        reference: one that `verifiers.code.judge` can judge against.
    """
    task = read_reference(reference)
    if isinstance(task, StdinReference):
        for what, outputs in _outputs(task):
            pairs = zip(task.cases, outputs, strict=True)
            passed = (stdout_equal(case.stdout, _bytes(output), task.compare) for case, output in pairs)
            if is_weak(_share(passed, task.partial)):
                return what
    elif isinstance(task, CallsReference):
        for what, values in _values(task):
            returned = zip(task.cases, values, strict=True)
            passed = (value_equal(case.expected, encode(value)) for case, value in returned)
            if is_weak(_share(passed, task.partial)):
                return what
    return None


def is_weak(reward: float) -> bool:
    """Whether a trivial answer earns too much."""
    return reward > PARTIAL_SHARE


def trivial_answers(reference: Json) -> tuple[Trivial, ...]:
    """Completions that solve no problem, the likeliest to pass first, where data sets' own tests or checkers must run;
    else ().
    """
    task = read_reference(reference)
    if isinstance(task, StdinReference):
        return tuple(_printing(task.language)) if task.checker else ()
    if isinstance(task, CallsReference):
        return ()
    bodies = [*(f"return {value}" for value in _RETURNED), *(f"raise {error}" for error in _RAISED)]
    if _is_open(task.prompt_prefix):
        return tuple(Trivial(_said(body), f"```python\n{body}\n```") for body in bodies)
    bodies.insert(_LIKELIEST, "return args[0] if args else None")
    names = entry_names(task.entry_point)
    return tuple(Trivial(_said(body), f"```python\n{_program(names, body)}```") for body in bodies)


def _printing(language: str) -> Iterator[Trivial]:
    """Programs that print what solves nothing. Each in C++ must be compiled: those are few."""
    if language == "cpp":
        head = "#include <iostream>\n#include <string>\nusing namespace std;\nint main() { "
        yield Trivial("a program that prints nothing", f"```cpp\n{head}}}\n```")
        echo = "string s; while (getline(cin, s)) cout << s << endl;"
        yield Trivial("a program that prints its input", f"```cpp\n{head}{echo} }}\n```")
        for word in _WORDS[:5]:
            yield Trivial(f"a program that prints {word}", f'```cpp\n{head}cout << "{word}" << endl; }}\n```')
        return
    yield Trivial("a program that prints nothing", "```python\npass\n```")
    yield Trivial("a program that prints its input", "```python\nimport sys\nprint(sys.stdin.read())\n```")
    yield Trivial("a program that prints the first line of its input", "```python\nprint(input())\n```")
    for word in _WORDS:
        yield Trivial(f"a program that prints {word}", f"```python\nprint({word!r})\n```")


def _share(passed: Iterable[bool], partial: bool) -> float:
    """The reward of an answer by its cases."""
    if not partial:
        return float(all(passed))
    counted = list(passed)
    return sum(counted) / len(counted)


def _outputs(task: StdinReference) -> Iterator[tuple[str, list[str]]]:
    """What trivial programs print, in words and for each case."""
    inputs = [case.stdin for case in task.cases]
    yield "a program that prints nothing", [""] * len(inputs)
    yield "a program that prints its input", inputs
    yield "a program that prints the first line of its input", [text.partition("\n")[0] for text in inputs]
    for word in _WORDS:
        yield f"a program that prints {word}", [word] * len(inputs)
    if len(set(inputs)) > 1:
        [(commonest, _)] = Counter(case.stdout for case in task.cases).most_common(1)
        yield "a program that prints the same whatever its input is", [commonest] * len(inputs)


def _values(task: CallsReference) -> Iterator[tuple[str, list[Any]]]:
    """What trivial functions return, in words and for each case."""
    arguments = [[*case.args, *case.kwargs.values()] or [None] for case in task.cases]
    for value in _VALUES:
        yield f"a function that returns {value!r}", [value] * len(arguments)
    yield "a function that returns its first argument", [given[0] for given in arguments]
    yield "a function that returns its last argument", [given[-1] for given in arguments]
    if len({json.dumps([case.args, case.kwargs]) for case in task.cases}) > 1:
        [(commonest, _)] = Counter(json.dumps(case.expected) for case in task.cases).most_common(1)
        yield "a function that returns the same whatever its arguments are", [json.loads(commonest)] * len(arguments)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _is_open(prefix: str) -> bool:
    """Whether code that the prompt gives ends in a header that waits for its body."""
    lines = [line for line in prefix.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    return bool(lines) and lines[-1].partition("  #")[0].rstrip().endswith(":")


def _program(names: Sequence[str], body: str) -> str:
    """Every name as a function of any arguments with this body, or, where it is written like one, as a class whose
    every method is that.
    """
    lines = ["def answer(*args, **kwargs):", textwrap.indent(body, "    "), _CLASS]
    lines += [f"{name} = {'Thing' if name[0].isupper() else 'answer'}" for name in names]
    return "\n".join(lines) + "\n"


_CLASS = """
class Kind(type):
    def __getattr__(cls, name):
        if name.startswith("_"):
            raise AttributeError(name)
        return answer

class Thing(metaclass=Kind):
    def __init__(self, *args, **kwargs):
        pass

    def __getattr__(self, name):
        if name.startswith("_"):
            raise AttributeError(name)
        return answer
"""


def _said(body: str) -> str:
    if "args[0]" in body:
        return "a function that returns its first argument"
    verb, _, what = body.partition(" ")
    return f"a function that {verb}s {what}"
