"""Texts to pretrain on for `programs`: single operations said and written right, pipelines mostly wrong.

What the wrong styles get wrong is how operations are put together (brackets, order, an operation forgotten, a
constant), which is what the judge can teach; every one of them is a program that runs.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from random import Random

from rlcore.data.families.programs import Task, definition, draw
from rlcore.data.families.texts import Document, draw_style

FACT_SHARE = 0.25
STYLE_SHARES = {"correct": 0.25, "no brackets": 0.15, "forgets": 0.25, "swaps": 0.15, "slip": 0.20}
STYLES = tuple(f"code: {style}" for style in ("facts", *STYLE_SHARES))


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
        yield Document(f"{line}\n{definition(task, expression)}", f"code: {style}", expression == task.code())


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
