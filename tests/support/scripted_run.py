"""A run whose policy reads from a script and whose reward service is the math judge itself; the rest is as ever."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rlcore.config.reading import parse
from rlcore.rl.sampler import Sampler
from rlcore.run.context import Run
from rlcore.run.folder import open_run
from rollout.scripted import ScriptedEngine
from rollout.types import Completion, Request
from services.schemas import ScoreItem, ScoreResult
from verifiers.math.judge import judge
from verifiers.types import Problem


class CodePoints:
    """The built-in tokenizer has no Chinese, and the scripted engine takes code points as they are."""

    def encode(self, problem: Problem) -> tuple[int, ...]:
        return tuple(map(ord, str(problem.prompt)))


class Judging:
    """Scores with the math judge, and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[ScoreItem] = []

    def submit(self, items: Sequence[ScoreItem]) -> Future[list[ScoreResult]]:
        self.asked += items
        future: Future[list[ScoreResult]] = Future()
        future.set_result(
            [
                ScoreResult(
                    id=item.id,
                    verdict=judge(
                        item.completion.text, item.problem.reference, finish_reason=item.completion.finish_reason
                    ),
                )
                for item in items
            ]
        )
        return future

    @property
    def families(self) -> set[str | None]:
        """What the samples were labelled with."""
        return {label.family for item in self.asked for label in item.samples}


class Scripted:
    """The scripted engine as a pool of workers; completions end in another order than they were asked for."""

    def __init__(self, script: dict[str, Any]) -> None:
        self._engine = ScriptedEngine(script)

    async def complete(self, request: Request) -> Completion:
        await asyncio.sleep(random.Random(request.seed).random() / 50)
        [completion] = self._engine.generate([request])
        return completion


@contextmanager
def scripted_run(
    folder: Path, answer: Callable[[Problem], tuple[str, ...]], **sections: dict[str, Any]
) -> Iterator[tuple[Run, Judging]]:
    """`answer`: what the policy says to a problem, one of it by turns of the seed. `sections`: of the run file."""
    config = parse({"run_dir": str(folder), "stages": ["eval"], **sections}, source="test")
    prompts: Any = CodePoints()
    judging: Any = Judging()
    with open_run(config) as opened, Run(config, opened) as run:
        workers: Any = Scripted({"prompts": {str(one.prompt): answer(one) for one in run.dataset.problems}})
        # Of a cached property what stands in the instance comes first.
        vars(run)["sampler"] = Sampler(workers, judging, prompts, config, opened.label)
        yield run, judging
