"""A generated family of small code problems: one line says what `f` does, two examples show it, hidden cases judge it.

A problem is a pipeline of 1 to 4 operations on a number, a list of numbers or a string ("add 3, then times 2"), said
in English or Chinese. Said in order, it has one meaning; written as an expression it needs the right nesting, which is
what there is to learn. The level is the number of operations.

The texts to pretrain on say and write single operations right, pipelines mostly wrong. What the wrong styles get wrong
is how operations are put together (brackets, order, an operation forgotten, a constant), which is what the judge can
teach; every one of them is a program that runs.

Everything is a function of the seed, as in `rlcore.data.families.arithmetic`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from random import Random
from typing import Any, Literal, NamedTuple

from rlcore.data.texts import Document, draw_style
from verifiers.types import Problem

Kind = Literal["number", "list", "text"]
Language = Literal["en", "zh"]

LEVELS = (1, 2, 3, 4)
VARIANTS: tuple[Language, ...] = ("en", "zh")
PROVEN = True
HIDDEN_CASES = 8
SHOWN_CASES = 2
FACT_SHARE = 0.25
STYLE_SHARES = {"correct": 0.25, "no brackets": 0.15, "forgets": 0.25, "swaps": 0.15, "slip": 0.20}
_VARIABLES: dict[Kind, str] = {"number": "x", "list": "xs", "text": "s"}
_WORDS = ("apple", "river", "stone", "cloud", "piano", "tiger", "lemon", "Order", "Basic", "UPPER", "zebra", "queue")
_THEN: dict[Language, str] = {"en": ", then ", "zh": "\uff0c再"}
_SHOW: dict[Language, str] = {"en": "f({variable}): {what}", "zh": "f({variable})\uff1a{what}"}


class Operation(NamedTuple):
    """One operation. `{k}` is its constant, `{v}` the expression it is applied to.

    `atom`: the code is closed in itself (a call, an index), so that no operator around it can tear it apart.
    """

    takes: Kind
    gives: Kind
    en: str
    zh: str
    code: str
    apply: Callable[[Any, int], Any]
    constants: tuple[int, ...] = (0,)
    atom: bool = True


def _vowels_gone(text: str) -> str:
    return "".join(letter for letter in text if letter not in "aeiou")


_SMALL = tuple(range(2, 10))
OPERATIONS = (
    Operation("number", "number", "add {k}", "加{k}", "{v} + {k}", lambda v, k: v + k, _SMALL, atom=False),
    Operation("number", "number", "subtract {k}", "减{k}", "{v} - {k}", lambda v, k: v - k, _SMALL, atom=False),
    Operation("number", "number", "times {k}", "乘以{k}", "{v} * {k}", lambda v, k: v * k, _SMALL, atom=False),
    Operation("number", "number", "the remainder by {k}", "除以{k}取余数", "{v} % {k}", lambda v, k: v % k,
              _SMALL, atom=False),
    Operation("number", "number", "square it", "平方", "{v} ** 2", lambda v, k: v**2, atom=False),
    Operation("number", "number", "the absolute value", "取绝对值", "abs({v})", lambda v, k: abs(v)),
    Operation("number", "number", "at most {k}", "不超过{k}", "min({v}, {k})", lambda v, k: min(v, k), (5, 10, 20)),
    Operation("number", "number", "at least {k}", "不少于{k}", "max({v}, {k})", lambda v, k: max(v, k), (0, 5, 10)),
    Operation("list", "list", "sort it", "从小到大排序", "sorted({v})", lambda v, k: sorted(v)),
    Operation("list", "list", "reverse it", "倒过来", "{v}[::-1]", lambda v, k: v[::-1]),
    Operation("list", "list", "drop the first", "去掉第一个", "{v}[1:]", lambda v, k: v[1:]),
    Operation("list", "list", "keep the first {k}", "留前{k}个", "{v}[:{k}]", lambda v, k: v[:k], (2, 3)),
    Operation("list", "list", "add {k} to each", "每个加{k}", "[a + {k} for a in {v}]",
              lambda v, k: [a + k for a in v], _SMALL),
    Operation("list", "list", "keep those above {k}", "留下大于{k}的", "[a for a in {v} if a > {k}]",
              lambda v, k: [a for a in v if a > k], _SMALL),
    Operation("list", "list", "keep the even ones", "留下偶数", "[a for a in {v} if a % 2 == 0]",
              lambda v, k: [a for a in v if a % 2 == 0]),
    Operation("list", "number", "the sum", "求和", "sum({v})", lambda v, k: sum(v)),
    Operation("list", "number", "how many there are", "数个数", "len({v})", lambda v, k: len(v)),
    Operation("text", "text", "upper case", "变大写", "{v}.upper()", lambda v, k: v.upper()),
    Operation("text", "text", "reverse it", "倒过来", "{v}[::-1]", lambda v, k: v[::-1]),
    Operation("text", "text", "repeat it {k} times", "重复{k}次", "{v} * {k}", lambda v, k: v * k, (2, 3), atom=False),
    Operation("text", "text", "drop the first letter", "去掉第一个字母", "{v}[1:]", lambda v, k: v[1:]),
    Operation("text", "text", "take out a, e, i, o, u", "去掉a、e、i、o、u",
              "''.join(c for c in {v} if c not in 'aeiou')", lambda v, k: _vowels_gone(v)),
    Operation("text", "number", "how many letters", "数字母", "len({v})", lambda v, k: len(v)),
)  # fmt: skip


class Task(NamedTuple):
    """A pipeline: the operations with their constants, in the order they are said and done."""

    kind: Kind
    steps: tuple[tuple[Operation, int], ...]

    def value(self, argument: Any) -> Any:
        """What `f` gives for the argument."""
        for operation, constant in self.steps:
            argument = operation.apply(argument, constant)
        return argument

    def code(self, *, brackets: bool = True) -> str:
        """The right expression; without `brackets` the steps run into each other, which often means something else."""
        expression, atom = _VARIABLES[self.kind], True
        for operation, constant in self.steps:
            # A call's or a comprehension's own brackets hold any expression; an operator or a suffix needs an atom.
            bare = operation.code.startswith(("{v} ", "{v}.", "{v}["))
            inner = expression if atom or not bare or not brackets else f"({expression})"
            expression, atom = operation.code.format(v=inner, k=constant), operation.atom
        return expression

    def said(self, language: Language) -> str:
        """The line that says it."""
        names = (operation.zh if language == "zh" else operation.en for operation, _ in self.steps)
        constants = (constant for _, constant in self.steps)
        what = _THEN[language].join(name.format(k=constant) for name, constant in zip(names, constants, strict=True))
        return _SHOW[language].format(variable=_VARIABLES[self.kind], what=what)


def problems(
    size: int,
    seed: int,
    *,
    variants: tuple[Language, ...] = ("en",),
    levels: tuple[int, ...] = LEVELS,
    shown: int = SHOWN_CASES,
) -> list[Problem]:
    """So many different problems for the code judge; the same seed extends the same list.

    Tags are `level=N`, `variant=en|zh`. `shown` of the examples (0 to 2) stand in the prompt.

    Raises:
        ValueError: size is below 1, or so large that new problems hardly turn up, or no such number of examples.
    """
    if shown not in range(SHOWN_CASES + 1):
        raise ValueError(f"programs: shown={shown!r} examples in the prompt: write 0 to {SHOWN_CASES}")
    if size < 1:
        raise ValueError(f"{size} code problems asked for: set data.size to 1 or more")
    rng = Random(f"code problems {seed}")
    found: dict[str, Problem] = {}
    for _ in range(20 * size + 1000):
        language = variants[_below(rng, len(variants))]
        task = draw(rng, levels[_below(rng, len(levels))])
        said = task.said(language)
        arguments = _arguments(rng, task)
        if said not in found and arguments is not None:
            found[said] = _problem(task, language, arguments, shown)
        if len(found) == size:
            return list(found.values())
    raise ValueError(f"only {len(found)} of {size} different code problems turned up: lower data.size")


def documents(seed: int, *, exclude: Collection[str] = frozenset(), levels: tuple[int, ...]) -> Iterator[Document]:
    """The corpus without end: a line that says what `f` does, and the bare function.

    No text says what a prompt in `exclude` says (its first line; the examples below it are not what tells problems
    apart). A text counts as right where it is the reference solution to the letter.
    """
    excluded = {prompt.partition("\n")[0] for prompt in exclude}
    rng = Random(f"code corpus {seed}")
    while True:
        fact = rng.random() < FACT_SHARE
        task = draw(rng, 1 if fact else levels[int(rng.random() * len(levels))])
        line = f"# {task.said('en')}"
        if line in excluded:
            continue
        style = "facts" if fact else draw_style(rng, STYLE_SHARES)
        expression = task.code() if fact else _STYLES[style](rng, task)
        yield Document(f"{line}\n{definition(task, expression)}", style, expression == task.code())


def solution(task: Task) -> str:
    """The reference solution as a completion."""
    return f"```python\n{definition(task, task.code())}```"


def definition(task: Task, expression: str) -> str:
    """The function that returns the expression, as bare code: the judge reads it without a fence too."""
    return f"def f({_VARIABLES[task.kind]}):\n    return {expression}\n"


def draw(rng: Random, level: int) -> Task:
    """A random pipeline of so many operations."""
    kind: Kind = ("number", "list", "text")[_below(rng, 3)]
    steps: list[tuple[Operation, int]] = []
    current = kind
    while len(steps) < level:
        fitting = [operation for operation in OPERATIONS if operation.takes == current]
        operation = fitting[_below(rng, len(fitting))]
        if steps and steps[-1][0] is operation:
            continue
        steps.append((operation, operation.constants[_below(rng, len(operation.constants))]))
        current = operation.gives
    return Task(kind, tuple(steps))


def _arguments(rng: Random, task: Task) -> list[Any] | None:
    """Different arguments; None where the values at them are nearly all the same, or too large."""
    chosen: list[Any] = []
    for _ in range(100):
        argument = _argument(rng, task.kind)
        if argument not in chosen:
            chosen.append(argument)
        if len(chosen) == HIDDEN_CASES + SHOWN_CASES:
            break
    values = [task.value(argument) for argument in chosen]
    different = {repr(value) for value in values}
    small = all(not isinstance(value, int) or abs(value) < 10**6 for value in values)
    return chosen if len(chosen) == HIDDEN_CASES + SHOWN_CASES and len(different) > 2 and small else None


def _argument(rng: Random, kind: Kind) -> Any:
    if kind == "number":
        return _below(rng, 41) - 20
    if kind == "list":
        return [_below(rng, 21) for _ in range(2 + _below(rng, 5))]
    return _WORDS[_below(rng, len(_WORDS))]


def _problem(task: Task, language: Language, arguments: list[Any], show: int) -> Problem:
    said = task.said(language)
    shown = "".join(f"# f({argument!r}) == {task.value(argument)!r}\n" for argument in arguments[:show])
    cases = [{"args": [argument], "expected": task.value(argument)} for argument in arguments[SHOWN_CASES:]]
    return Problem(
        id=f"code:{said}",
        prompt=f"# {said}\n{shown}",
        verifier="code",
        reference={"kind": "calls", "entry_point": "f", "cases": cases, "solution": solution(task)},
        tags=(f"level={len(task.steps)}", f"variant={language}"),
    )


def _forgets(rng: Random, task: Task) -> str:
    """All operations but the last, or but the first where what follows still fits."""
    shorter = [task.steps[:-1]] if len(task.steps) > 1 else [task.steps]
    if len(task.steps) > 1 and task.steps[1][0].takes == task.kind:
        shorter.append(task.steps[1:])
    return Task(task.kind, shorter[int(rng.random() * len(shorter))]).code()


def _swaps(rng: Random, task: Task) -> str:
    """The operations in the opposite order, where they fit that way."""
    turned = task.steps[::-1]
    fits = all(operation.takes == operation.gives for operation, _ in turned)
    return Task(task.kind, turned).code() if fits else task.code(brackets=False)


def _slip(rng: Random, task: Task) -> str:
    """One constant a little off; without a constant, an operation is forgotten."""
    places = [index for index, (operation, _) in enumerate(task.steps) if len(operation.constants) > 1]
    if not places:
        return _forgets(rng, task)
    at = places[int(rng.random() * len(places))]
    operation, constant = task.steps[at]
    other = constant + (1 if rng.random() < 0.5 else -1)
    return Task(task.kind, (*task.steps[:at], (operation, other), *task.steps[at + 1 :])).code()


_STYLES: dict[str, Callable[[Random, Task], str]] = {
    "correct": lambda rng, task: task.code(),
    "no brackets": lambda rng, task: task.code(brackets=False),
    "forgets": _forgets,
    "swaps": _swaps,
    "slip": _slip,
}


def _below(rng: Random, limit: int) -> int:
    return int(rng.random() * limit)
