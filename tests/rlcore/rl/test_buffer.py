"""The buffer: what goes in comes out to the bit, and a torn end loses one group."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from rlcore.rl.buffer import StepBuffer, step_file
from rlcore.rl.trajectory import Group, Trajectory, single_turn_trajectory
from rollout.types import completion
from verifiers.types import Problem, Status, Step, Verdict

PROBLEM = Problem(id="a/1 ü", prompt="Q", reference={"answer": "2"})


def group(seed: int, samples: int = 3) -> Group:
    random = np.random.default_rng(seed)
    made = []
    for sample in range(samples):
        length = int(random.integers(0, 9))
        answer = completion(
            "x", f"2 \u2028 \ud83d {sample}", random.integers(0, 99, length), -random.random(length), version=4,
            finish_reason="length",
        )  # fmt: skip
        steps = (Step(start=0, end=1, status="accepted", reward=1 / 3),)
        verdict = Verdict.of(Status.PARTIAL, reward=0.1 + 0.2, steps=steps, detail="why")
        made.append(single_turn_trajectory((1, 5, 6), answer, verdict if sample else Verdict.failed("queue", "away")))
    return Group(PROBLEM, tuple(made))


def same(ours: Trajectory, theirs: Trajectory) -> bool:
    arrays = [field.name for field in fields(Trajectory) if field.name not in ("turns", "routes")]
    turns = [
        (a.text, a.finish_reason, a.verdict) == (b.text, b.finish_reason, b.verdict)
        for a, b in zip(ours.turns, theirs.turns, strict=True)
    ]
    kinds = [getattr(ours, name).dtype == getattr(theirs, name).dtype for name in arrays]
    return all(turns) and all(kinds) and all(np.array_equal(getattr(ours, n), getattr(theirs, n)) for n in arrays)


def test_what_goes_in_comes_out(tmp_path: Path) -> None:
    path = step_file(tmp_path, 3)
    groups = {place: group(place) for place in (7, 9, 8)}
    writer = StepBuffer(path, origin="2")
    for place, each in groups.items():
        writer.add(place, each)
    reader = StepBuffer(path, origin="2")
    for place, each in groups.items():
        found = reader.get(place, PROBLEM, (1, 5, 6), 3)
        assert found is not None and found.problem == PROBLEM
        assert all(same(a, b) for a, b in zip(found.trajectories, each.trajectories, strict=True))
        assert found.rewards() == [None, 0.1 + 0.2, 0.1 + 0.2]
    assert reader.get(6, PROBLEM, (1, 5, 6), 3) is None


def test_a_tail_of_zeros_is_torn(tmp_path: Path) -> None:
    path = step_file(tmp_path, 1)
    StepBuffer(path, origin="0").add(0, group(0))
    whole = path.read_bytes()
    path.write_bytes(whole + bytes(4096))
    again = StepBuffer(path, origin="0")
    assert again.get(0, PROBLEM, (1, 5, 6), 3) is not None
    again.add(1, group(1))
    assert StepBuffer(path, origin="0").get(1, PROBLEM, (1, 5, 6), 3) is not None


def test_a_group_of_another_policy_problem_or_size_is_sampled_anew(tmp_path: Path) -> None:
    path = step_file(tmp_path, 1)
    StepBuffer(path, origin="2").add(7, group(0))
    assert StepBuffer(path, origin="2").get(7, PROBLEM, (1, 5, 6), 3) is not None
    assert StepBuffer(path, origin="3").get(7, PROBLEM, (1, 5, 6), 3) is None
    assert StepBuffer(path, origin="2").get(7, PROBLEM, (1, 5, 7), 3) is None
    assert StepBuffer(path, origin="2").get(7, PROBLEM, (1, 5, 6), 4) is None
    assert StepBuffer(path, origin="2").get(7, PROBLEM.model_copy(update={"id": "b"}), (1, 5, 6), 3) is None


@pytest.mark.parametrize("lost", [1, 5, 300])
def test_a_torn_end_loses_one_group_and_spoils_none_that_comes_after(tmp_path: Path, lost: int) -> None:
    path = step_file(tmp_path, 1)
    writer = StepBuffer(path, origin="0")
    writer.add(0, group(0))
    writer.add(1, group(1))
    whole = path.read_bytes()
    path.write_bytes(whole[:-lost])
    second = StepBuffer(path, origin="0")
    assert second.get(0, PROBLEM, (1, 5, 6), 3) is not None and second.get(1, PROBLEM, (1, 5, 6), 3) is None
    second.add(1, group(1))
    assert path.read_bytes() == whole
    third = StepBuffer(path, origin="0")
    assert third.get(0, PROBLEM, (1, 5, 6), 3) is not None and third.get(1, PROBLEM, (1, 5, 6), 3) is not None


def test_a_flipped_bit_is_not_learnt_from(tmp_path: Path) -> None:
    path = step_file(tmp_path, 1)
    StepBuffer(path, origin="0").add(0, group(0))
    data = bytearray(path.read_bytes())
    data[-3] ^= 1
    path.write_bytes(data)
    assert StepBuffer(path, origin="0").get(0, PROBLEM, (1, 5, 6), 3) is None


def test_old_steps_are_removed(tmp_path: Path) -> None:
    for step in range(1, 6):
        StepBuffer(step_file(tmp_path, step), origin="0").add(0, group(0))
    StepBuffer(step_file(tmp_path, 5), origin="0").prune(5, keep=2)
    assert sorted(path.name for path in (tmp_path / "buffer").iterdir()) == ["step-4.groups", "step-5.groups"]
