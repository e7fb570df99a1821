"""Judged groups from problems: in order whatever ends first, each sample under its own seed and labels."""

from __future__ import annotations

from typing import Any

import pytest
from scripted_run import Judging, Scripted

from rlcore.config.reading import parse
from rlcore.policy.prompts import Prompts
from rlcore.rl.sampler import Sampler, request_seed
from rollout.types import Completion, Request
from verifiers.types import Problem, Status

PROBLEMS = [
    Problem(id=f"{a}+{b}", prompt=f"Q: {a}+{b}=?\nA:", reference={"answer": str(a + b)}) for a, b in ((1, 1), (1, 2))
]


def test_groups_come_in_order_with_arrays_and_every_sample_is_labelled() -> None:
    config = parse({"seed": 7})
    workers: Any = Scripted({"default": [" Answer: 2", " Answer: 3"]})
    rewards: Any = Judging()
    prompts = Prompts(config)
    sampler = Sampler(workers, rewards, prompts, config, "name-1234")
    found = sampler.sample_groups(
        PROBLEMS, samples=6, temperature=1.0, seed_parts=("train", 3), stage="train", step=4, first=10
    )
    assert [group.problem.id for group in found.groups] == ["1+1", "1+2"]
    for place, group in enumerate(found.groups, start=10):
        prompt = prompts.encode(group.problem)
        assert len(group.trajectories) == 6
        for sample, trajectory in enumerate(group.trajectories):
            # The script's line is picked by the seed, so the seed of the place and the sample is what was asked with.
            seed = request_seed(7, "train", 3, group.problem.id, place, sample)
            assert trajectory.text == [" Answer: 2", " Answer: 3"][seed % 2]
            assert trajectory.ids[: len(prompt)].tolist() == list(prompt)
            assert trajectory.mask.tolist() == [False] * len(prompt) + [True] * trajectory.new_tokens
            assert trajectory.versions.tolist() == [-1] * len(prompt) + [0] * trajectory.new_tokens
            assert trajectory.turn.tolist() == [0] * len(trajectory.ids)
            right = trajectory.text.endswith(group.problem.reference["answer"])
            assert trajectory.verdict.status is (Status.CORRECT if right else Status.WRONG)
    labels = sorted((label.group, label.sample) for item in rewards.asked for label in item.samples)
    assert labels == [(f"{n} T=1 {p.id}", s) for n, p in enumerate(PROBLEMS, start=10) for s in range(6)]
    assert {label.run for item in rewards.asked for label in item.samples} == {"name-1234 train"}
    assert found.generate > 0 and found.score >= 0


def test_a_failure_of_one_sample_is_raised_as_it_is() -> None:
    class Broken(Scripted):
        async def complete(self, request: Request) -> Completion:
            raise RuntimeError("rollout worker 0 died")

    config = parse({})
    broken, rewards = Broken({}), Judging()
    workers: Any = broken
    client: Any = rewards
    with pytest.raises(RuntimeError, match="rollout worker 0 died"):
        Sampler(workers, client, Prompts(config), config, "r").sample_groups(
            PROBLEMS, samples=2, temperature=1.0, seed_parts=()
        )
