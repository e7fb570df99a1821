"""One prompt, one completion, one verdict."""

from __future__ import annotations

from rlcore.rl.environment import Episode
from rlcore.rl.trajectory import Trajectory, single_turn_trajectory


async def run(episode: Episode) -> Trajectory:
    """Sample the problem's prompt once and have the completion judged."""
    prompt_ids = episode.prompt_ids
    completion = await episode.sample(prompt_ids)
    return single_turn_trajectory(prompt_ids, completion, await episode.judge(completion))
