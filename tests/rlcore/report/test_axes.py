"""The frame of a plot: round ticks, numbers for people, zero on a logarithmic axis."""

from __future__ import annotations

import pytest

from rlcore.report.axes import Axes, number, tick_text, ticks


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0.0, 1.0, [0.0, 0.25, 0.5, 0.75, 1.0]),
        (0.31, 0.88, [0.2, 0.4, 0.6, 0.8, 1.0]),
        (0.0, 71.0, [0.0, 20.0, 40.0, 60.0, 80.0]),
        (-3.0, 5.0, [-4.0, -2.0, 0.0, 2.0, 4.0, 6.0]),
        (0.0, 4e-15, [0.0, 1e-15, 2e-15, 3e-15, 4e-15]),
    ],
)
def test_ticks_are_round_and_cover(low: float, high: float, expected: list[float]) -> None:
    assert ticks(low, high) == pytest.approx(expected, rel=1e-9, abs=0)


def test_numbers_for_people() -> None:
    shown = [number(value) for value in (0, 0.8604, 2.5e-6, 24.44, 312.4, 27162, 3.2e7, -0.1)]
    assert shown == ["0", "0.860", "2.5e-6", "24.44", "312", "27,162", "3.2e7", "\u22120.100"]
    assert [tick_text(v, s) for v, s in ((0.25, 0.25), (0.5, 0.1), (3e4, 1e4), (2e-4, 1e-4), (2e6, 1e6))] == [
        "0.25", "0.5", "30,000", "0.0002", "2,000k",
    ]  # fmt: skip


def test_a_log_axis_puts_zero_on_the_floor() -> None:
    axes = Axes([0, 1], [0.0, 1e-6, 1e-4], log=True)
    assert axes.py(0.0) == axes.py(1e-6)
    assert axes.py(1e-4) < axes.py(1e-5) < axes.py(1e-6)
