"""Learning-rate schedules against values worked by hand."""

from __future__ import annotations

import pytest

from rlcore.config.learner import OptimConfig
from rlcore.learn.optim.schedules import lr_multiplier

WSD = OptimConfig(schedule="wsd", warmup_steps=4, decay_share=1 / 3)


def test_wsd_by_hand() -> None:
    """12 steps, 4 of warm-up (which never spends a step at 0), 4 of 1 - sqrt decay."""
    found = [lr_multiplier(step, 12, WSD) for step in range(12)]
    expected = [0.2, 0.4, 0.6, 0.8, 1, 1, 1, 1, 1, 0.5, 0.29289322, 0.1339746]
    assert found == pytest.approx(expected, abs=1e-8)


def test_the_decay_begins_at_a_whole_step() -> None:
    """A quarter of 10 steps is rounded to 2: steps 8 and 9, at x = 0 and 1/2."""
    optim = OptimConfig(schedule="wsd", warmup_steps=0, decay_share=0.25)
    assert [lr_multiplier(step, 10, optim) for step in (7, 8, 9)] == pytest.approx([1, 1, 0.29289322], abs=1e-8)


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [("linear", [1, 0.75, 0.5, 0.25]), ("cosine", [1, 0.85355339, 0.5, 0.14644661]), ("constant", [1, 1, 1, 1])],
)
def test_other_schedules(schedule: str, expected: list[float]) -> None:
    optim = OptimConfig(schedule=schedule, warmup_steps=0)  # type: ignore[arg-type]
    assert [lr_multiplier(step, 4, optim) for step in range(4)] == pytest.approx(expected, abs=1e-8)


def test_floor() -> None:
    optim = OptimConfig(schedule="linear", warmup_steps=0, min_lr_ratio=0.1)
    assert lr_multiplier(2, 4, optim) == pytest.approx(0.55)


@pytest.mark.parametrize("step", [-1, 12])
def test_a_step_outside_is_refused(step: int) -> None:
    with pytest.raises(ValueError, match=f"step {step} is outside 0..11"):
        lr_multiplier(step, 12, WSD)
