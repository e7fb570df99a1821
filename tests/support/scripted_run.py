"""What the stages of a run share, with a scripted engine for a model and the math judge itself for the service."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from rlcore.config.reading import parse
from rlcore.data.mixture import Pool
from rlcore.report.log import MetricsLog
from rlcore.run.folder import open_run
from rollout.scripted import ScriptedEngine
from services.schemas import ScoreItem
from verifiers.math.judge import judge
from verifiers.types import Problem, Verdict


class Judging:
    """Scores with the math judge itself, and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[ScoreItem] = []

    def score(self, items: Sequence[ScoreItem]) -> list[Verdict]:
        self.asked += items
        return [
            judge(item.completion.text, item.problem.reference, finish_reason=item.completion.finish_reason)
            for item in items
        ]


@contextmanager
def scripted_run(
    folder: Path, problems: Sequence[Problem], answer: Callable[[Problem], list[str]], **sections: Mapping[str, Any]
) -> Iterator[Any]:
    """The problems are trained on and held out alike; `answer`: what the policy says to each, by turns of the seed."""
    config = parse({"run_dir": str(folder), **sections}, source="test")
    said: list[str] = []
    with open_run(config) as run, MetricsLog(folder) as metrics:
        yield SimpleNamespace(
            config=config,
            folder=run,
            metrics=metrics,
            pool=Pool((tuple(problems),), (1.0,)),
            held_out=list(problems),
            prompt_ids=lambda problem: tuple(map(ord, problem.prompt)),
            rollout=ScriptedEngine({"prompts": {str(one.prompt): answer(one) for one in problems}}),
            reward_client=Judging(),
            said=said,
            say=said.append,
        )
