"""What an environment is: an async function of an episode that gives a trajectory. A task runs for every sample."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from rlcore.rl.trajectory import Trajectory
from rollout.types import Completion
from verifiers.types import Problem, Verdict


@dataclass(frozen=True)
class Episode:
    """What an environment has to work with, for one sample of one problem.

    Attributes:
        prompt_ids: (`_T`) the problem's prompt.
        sample: a completion of these ids (`_T`) by the policy, with the sample's own temperature and seed.
        judge: the verdict on a completion of the problem.
    """

    problem: Problem
    prompt_ids: tuple[int, ...]
    sample: Callable[[Sequence[int]], Awaitable[Completion]]
    judge: Callable[[Completion], Awaitable[Verdict]]


Environment = Callable[[Episode], Awaitable[Trajectory]]
