"""No verdict outside the status table exists."""

import pytest
from pydantic import ValidationError

from verifiers.types import Status, Verdict

ZERO = ("wrong", "no_answer", "truncated", "timeout", "rejected")


@pytest.mark.parametrize("status", [status for status in Status if status is not Status.ERROR])
@pytest.mark.parametrize("reward", [-1.0, 0.0, 0.5, 1.0, 2.0, None, float("nan")])
def test_reward_follows_status(status: Status, reward: float | None) -> None:
    expected = {"correct": reward == 1.0, "partial": reward == 0.5}.get(status, reward == 0.0)
    if expected:
        assert Verdict(status=status, reward=reward).reward == reward
    else:
        with pytest.raises(ValidationError):
            Verdict(status=status, reward=reward)


@pytest.mark.parametrize("status", [status for status in Status if status is not Status.ERROR])
def test_an_answer_cannot_be_masked(status: Status) -> None:
    reward = {"correct": 1.0, "partial": 0.5}.get(status, 0.0)
    with pytest.raises(ValidationError, match="cannot be masked"):
        Verdict(status=status, reward=reward, mask_sample=True)


@pytest.mark.parametrize("reward", [0.0, 1.0])
def test_a_failed_judge_has_no_reward(reward: float) -> None:
    with pytest.raises(ValidationError, match="no reward"):
        Verdict(status=Status.ERROR, reward=reward, mask_sample=True, failure_kind="x")
    failed = Verdict.failed("x", "why")
    assert (failed.reward, failed.mask_sample, failed.failure_kind) == (None, True, "x")


@pytest.mark.parametrize("status", ZERO)
def test_of_fills_the_reward(status: str) -> None:
    assert Verdict.of(Status(status)).reward == 0.0
