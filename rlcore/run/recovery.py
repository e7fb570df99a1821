"""A stage that loses a learner rank goes on from its newest checkpoint with new ranks."""

from __future__ import annotations

from collections.abc import Callable

from rlcore.learn.ranks import LearnerLost
from rlcore.run.context import Run

MAX_LOSSES = 3
"""So many losses with no new checkpoint between them end the run."""


def with_recovery(run: Run, stage: str, work: Callable[[], None]) -> None:
    """Do the work of a stage, which goes on from its newest checkpoint whenever it is begun.

    What was sampled since is in the buffer (`rlcore.rl.buffer`), so only learning is done again, to the same numbers.

    Raises:
        LearnerLost: ranks were lost MAX_LOSSES times at the same place.
    """
    losses, place = 0, -1
    while True:
        try:
            return work()
        except LearnerLost as lost:
            checkpoint = run.folder.latest(stage)
            step = checkpoint.step if checkpoint else 0
            losses = losses + 1 if step == place else 1
            place = step
            if losses == MAX_LOSSES:
                raise
            run.say(f"{lost}: starting all ranks again, from {stage} step {step}")
            run.lose_learner()
