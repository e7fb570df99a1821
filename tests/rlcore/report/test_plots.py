"""Plots as pure functions: kept spikes, unbiased smoothing, escaped text, no crash on odd data."""

from __future__ import annotations

import math
import re
import xml.etree.ElementTree as ElementTree

import pytest

from rlcore.report.axes import Axes
from rlcore.report.plots import Series, bar_plot, decimate, heat_map, line_plot, smoothed, stacked_plot


def test_decimation_keeps_ends_of_the_range_and_spikes() -> None:
    points = [(float(i), 0.0) for i in range(10_000)]
    points[4321] = (4321.0, 9.0)
    points[7777] = (7777.0, -9.0)
    kept = decimate(points, 400)
    assert len(kept) <= 400
    assert (4321.0, 9.0) in kept and (7777.0, -9.0) in kept
    assert kept == sorted(kept)


def test_smoothing_leaves_a_line_alone_and_calms_noise() -> None:
    line = [(float(i), 2.0 * i) for i in range(100)]
    assert [y for _, y in smoothed(line)] == pytest.approx([y for _, y in line])
    noise = smoothed([(float(i), (-1.0) ** i) for i in range(100)])
    assert max(abs(y) for _, y in noise[10:-10]) < 0.2


def pixels(svg: str) -> list[float]:
    """All coordinates of the curves."""
    paths = re.findall(r'class="(?:line|area)[^"]*" d="M([^"]*?)Z?"', svg)
    return [float(value) for path in paths for pair in path.split("L") for value in pair.split()]


@pytest.mark.parametrize(
    "y",
    [
        [1.0],
        [0.0, 0.0],
        [-5.0, -5.0],
        [None, 2.0, None],
        [math.nan, 1.0, math.inf],
        [1e-300, 1e300],
        [3, 4],
        [1e-9, 2e-9],
    ],
)
@pytest.mark.parametrize("log", [False, True])
def test_odd_data_gives_a_well_formed_picture(y: list[float | None], log: bool) -> None:
    svg = line_plot([Series("a", list(range(len(y))), y)], log=log)
    ElementTree.fromstring(svg)
    assert not [value for value in pixels(svg) if not 0 <= value <= 360]


def test_nothing_to_draw_is_empty_text() -> None:
    assert line_plot([]) == line_plot([Series("a", [1.0], [None])]) == bar_plot([], x_label="x") == ""
    assert stacked_plot([], []) == heat_map([], x_label="x", show=str) == ""


def test_text_is_escaped_everywhere() -> None:
    bad = "<script>\"'&"
    pictures = [
        line_plot([Series(bad, [1, 2], [1, 2])], x_label=bad, limit=(1.5, bad)),
        stacked_plot([1, 2], [Series(bad, [1, 2], [1, 2])]),
        bar_plot([(bad, 1.0, 0)], x_label=bad),
        heat_map([(bad, [1.0, 2.0])], x_label=bad, show=lambda value: f"{value:.1f}"),
    ]
    for picture in pictures:
        assert "<script" not in picture
        ElementTree.fromstring(picture)


def test_stacked_areas_end_at_their_sum() -> None:
    svg = stacked_plot([1, 2], [Series("a", [1, 2], [1.0, 1.0]), Series("b", [1, 2], [3.0, None])])
    axes = Axes([1, 2], [0.0, 4.0])
    upper = re.findall(r'class="area[^"]*" d="M([^"]*)Z"', svg)[1].split("L")
    assert [float(point.split()[1]) for point in upper[:2]] == [round(axes.py(4.0), 1), round(axes.py(1.0), 1)]
    ElementTree.fromstring(stacked_plot([7], [Series("a", [7], [1.0])]))


def test_heat_map_marks_above_and_below_and_skips_holes() -> None:
    svg = heat_map([("layer 0", [2.0, 0.5, None])], x_label="expert", show=lambda value: f"{value:.2f}")
    assert svg.count('class="cell over"') == svg.count('class="cell under"') == 1
    big = heat_map(
        [(f"layer {i}", [1.0] * 128) for i in range(48)], x_label="expert", show=lambda value: f"{value:.2f}"
    )
    assert 'class="inside' not in big
    ElementTree.fromstring(big)
