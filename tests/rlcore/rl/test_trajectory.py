"""A trajectory of one turn by hand, and a group of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from rlcore.rl.trajectory import Group, Trajectory, Turn, single_turn_trajectory
from rollout.types import FinishReason, completion
from verifiers.types import Problem, Status, Verdict

RIGHT = Verdict.of(Status.CORRECT)
PARTIAL = Verdict.of(Status.PARTIAL, reward=0.25)
FAILED = Verdict.failed("deadline", "the judge was late")


def made(verdict: Verdict, finish_reason: FinishReason = "stop") -> Trajectory:
    answer = completion("c", "ab", [7, 8], [-0.5, -0.25], version=3, finish_reason=finish_reason)
    return single_turn_trajectory((4, 5, 6), answer, verdict)


def test_one_turn_by_hand() -> None:
    found = made(PARTIAL)
    assert found.ids.tolist() == [4, 5, 6, 7, 8]
    assert found.mask.tolist() == [False, False, False, True, True]
    assert found.logprobs.tolist() == [0, 0, 0, -0.5, -0.25]
    assert found.versions.tolist() == [-1, -1, -1, 3, 3]
    assert found.turn.tolist() == [0] * 5
    assert (found.new_tokens, found.text, found.routes) == (2, "ab", None) and type(found.new_tokens) is int
    assert found.verdict is PARTIAL
    types = {"ids": np.int32, "mask": np.bool_, "logprobs": np.float32, "versions": np.int32, "turn": np.int16}
    assert {name: getattr(found, name).dtype.type for name in types} == types


def test_routes_are_those_of_the_engine() -> None:
    routes = np.array([[[0, 2]], [[1, 3]]], dtype=np.int16)
    answer = completion("c", "ab", [7, 8], [-0.5, -0.25], version=3, finish_reason="stop")
    assert single_turn_trajectory((4,), replace(answer, routed_experts=routes), RIGHT).routes is routes


@pytest.mark.parametrize(("reason", "truncated"), [("stop", False), ("length", True), ("abort", False)])
def test_truncated_is_what_the_length_limit_cut_off(reason: FinishReason, truncated: bool) -> None:
    assert made(RIGHT, reason).truncated is truncated


def test_the_last_turn_is_what_counts() -> None:
    one = made(RIGHT)
    turns = (Turn("first", "length", FAILED), Turn("second", "stop", PARTIAL))
    two = Trajectory(one.ids, one.mask, one.logprobs, one.versions, one.turn, turns)
    assert (two.verdict, two.text, two.truncated) == (PARTIAL, "second", False)


def test_the_rewards_of_a_group_have_none_where_the_judge_failed() -> None:
    group = Group(Problem(id="p", prompt="?", reference={"answer": "1"}), (made(RIGHT), made(FAILED), made(PARTIAL)))
    assert group.rewards() == [1.0, None, 0.25]
    assert group.verdicts == [RIGHT, FAILED, PARTIAL]
