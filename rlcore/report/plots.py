"""Small plots as inline SVG text, coloured by the page's CSS variables, so that they follow light and dark.

Pure functions: data in, SVG out, the same text each time. All text is escaped. Every plot is drawn for a
panel about 360 px wide, so its letters keep their size on a phone.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

from rlcore.report.axes import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, Axes, number

MAX_POINTS = 400
SMOOTH_FROM = 40


@dataclass(frozen=True)
class Series:
    """One curve. `y` may have holes (None). `low`, `high`: 95 % interval, drawn as bars. `tone`: colour 0-7."""

    name: str
    x: Sequence[float]
    y: Sequence[float | None]
    tone: int = 0
    low: Sequence[float | None] = ()
    high: Sequence[float | None] = ()
    dots: bool = False
    smooth: bool = False

    def points(self) -> list[tuple[float, float]]:
        return [(x, y) for x, y in zip(self.x, self.y, strict=True) if y is not None and math.isfinite(y)]

    def intervals(self) -> list[tuple[float, float, float]]:
        """(x, low, high) where both ends are known."""
        bounds = zip(self.x, self.low, self.high, strict=False)
        return [
            (x, low, high)
            for x, low, high in bounds
            if low is not None and high is not None and math.isfinite(low) and math.isfinite(high)
        ]


def decimate(points: list[tuple[float, float]], limit: int = MAX_POINTS) -> list[tuple[float, float]]:
    """At most about `limit` points: the lowest and the highest of each bucket, so no spike is lost."""
    if len(points) <= limit:
        return points
    size = math.ceil(len(points) * 2 / limit)
    kept: list[tuple[float, float]] = []
    for start in range(0, len(points), size):
        bucket = range(start, min(start + size, len(points)))
        extremes = {min(bucket, key=lambda i: points[i][1]), max(bucket, key=lambda i: points[i][1])}
        kept += [points[i] for i in sorted(extremes)]
    return kept


def smoothed(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Centred moving mean over a tenth of the points.

    The window shrinks on both sides alike at the ends, so a straight line stays where it is: a running
    average of the past would draw every rise too late.
    """
    half, last = max(1, len(points) // 20), len(points) - 1
    result = []
    for index, (x, _) in enumerate(points):
        reach = min(half, index, last - index)
        window = points[index - reach : index + reach + 1]
        result.append((x, sum(y for _, y in window) / len(window)))
    return result


def _svg(body: str, label: str, *, data: str = "", height: int = HEIGHT) -> str:
    # A plot that carries its data can be read point by point: by pointer, or by arrow keys once focused.
    reading = f' tabindex="0" data-plot="{escape(data)}"' if data else ""
    return f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(label)}"{reading}>{body}</svg>'


def _path(axes: Axes, points: Sequence[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{axes.px(x):.1f} {axes.py(y):.1f}" for x, y in points)


def _describe(series: Sequence[Series], x_label: str) -> str:
    parts = []
    for one in series:
        points = one.points()
        if points:
            (x0, y0), (x1, y1) = points[0], points[-1]
            parts.append(f"{one.name}: {number(y0)} at {x_label} {number(x0)}, {number(y1)} at {number(x1)}")
    return "; ".join(parts)


def _reading(curves: Sequence[tuple[Series, Axes, list[tuple[float, float]], list[float]]], x_label: str) -> str:
    """What the page's script needs to read a plot: per curve its values and the heights of their marks."""
    axes = curves[0][1]
    return json.dumps(
        {
            "left": LEFT,
            "right": WIDTH - RIGHT,
            "low": axes.x_low,
            "high": axes.x_high,
            "label": x_label,
            "curves": [
                {
                    "tone": one.tone,
                    "x": [round(x, 6) for x, _ in points],
                    "y": [float(f"{y:.4g}") for _, y in points],
                    "py": [round(axes.py(height)) for height in heights],
                }
                for one, axes, points, heights in curves
            ],
        },
        separators=(",", ":"),
    )


def line_plot(
    series: Sequence[Series],
    *,
    x_label: str = "step",
    log: bool = False,
    include: Sequence[float] = (),
    limit: tuple[float, str] | None = None,
    x_ticks: Sequence[float] | None = None,
) -> str:
    """Curves over a common x. Empty text where there is nothing to draw.

    Args:
        log: logarithmic y, unless no value is positive; zeros stand on the floor.
        include: values the y axis holds in any case.
        limit: draws a dashed line at this value, with this name.
        x_ticks: where to label x; round numbers by default.
    """
    series = [one for one in series if one.points()]
    if not series:
        return ""
    xs = [x for one in series for x, _ in one.points()]
    ys = [y for one in series for _, y in one.points()]
    log = log and max(ys) > 0
    ys += [bound for one in series for _, low, high in one.intervals() for bound in (low, high)]
    axes = Axes(xs, ys + ([limit[0]] if limit else []), log=log, include=include)
    parts = [axes.frame(x_label, x_ticks)]
    if limit:
        y = axes.py(limit[0])
        parts.append(f'<line class="limit" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(f'<text class="tick end" x="{WIDTH - RIGHT}" y="{y + 12:.1f}">{escape(limit[1])}</text>')
    curves = []
    for one in series:
        points = decimate(one.points())
        curves.append((one, axes, points, [y for _, y in points]))
        parts.append(_curve(axes, one, points))
    return _svg("".join(parts), _describe(series, x_label), data=_reading(curves, x_label))


def _curve(axes: Axes, one: Series, points: list[tuple[float, float]]) -> str:
    parts = []
    for x, low, high in one.intervals():
        left, top, bottom = axes.px(x), axes.py(high), axes.py(low)
        parts.append(f'<path class="bar t{one.tone}" d="M{left:.1f} {bottom:.1f}V{top:.1f}"/>')
    if one.smooth and len(one.points()) >= SMOOTH_FROM:
        parts.append(f'<path class="line faint t{one.tone}" d="{_path(axes, points)}"/>')
        points = decimate(smoothed(one.points()))
    if len(points) > 1:
        parts.append(f'<path class="line t{one.tone}" d="{_path(axes, points)}"/>')
    if one.dots or len(points) == 1:
        parts += [
            f'<circle class="dot t{one.tone}" cx="{axes.px(x):.1f}" cy="{axes.py(y):.1f}" r="3"/>' for x, y in points
        ]
    return "".join(parts)


def stacked_plot(x: Sequence[float], series: Sequence[Series]) -> str:
    """Areas on top of each other over the same steps; holes count as 0."""
    if not x or not series:
        return ""
    stride = math.ceil(len(x) / MAX_POINTS)
    at = list(x)[::stride]
    heights = [[0.0] * len(at)]
    for one in series:
        own = [value or 0.0 for value in one.y][::stride]
        heights.append([below + value for below, value in zip(heights[-1], own, strict=True)])
    axes = Axes(at, [0.0, *heights[-1]])
    # A single step fills the width.
    edge, times = (at, 1) if len(at) > 1 else ([axes.x_low, axes.x_high], 2)
    parts, curves = [axes.frame("step")], []
    for one, below, above in zip(series, heights, heights[1:], strict=False):
        outline = list(zip(edge, above * times, strict=True)) + list(zip(edge, below * times, strict=True))[::-1]
        parts.append(f'<path class="area t{one.tone}" d="{_path(axes, outline)}Z"/>')
        own_points = [(step, top - ground) for step, top, ground in zip(at, above, below, strict=True)]
        curves.append((one, axes, own_points, above))
    return _svg("".join(parts), _describe(series, "step"), data=_reading(curves, "step"))


def bar_plot(bars: Sequence[tuple[str, float, int]], *, x_label: str) -> str:
    """Bars of (label, height, tone), labels thinned where they would touch."""
    if not bars:
        return ""
    axes = Axes([0.0, float(len(bars))], [0.0, *(height for _, height, _ in bars)])
    parts = [axes.frame(x_label, x_ticks=[])]
    every = math.ceil(len(bars) * max(len(label) for label, _, _ in bars) * 7 / (WIDTH - LEFT - RIGHT))
    for index, (label, height, tone) in enumerate(bars):
        left, right = axes.px(index + 0.1), axes.px(index + 0.9)
        top, bottom = axes.py(height), axes.py(0.0)
        parts.append(
            f'<rect class="column t{tone}" x="{left:.1f}" width="{right - left:.1f}" y="{top:.1f}" '
            f'height="{bottom - top:.1f}"><title>{escape(label)}: {number(height)}</title></rect>'
        )
        if index % every == 0:
            middle = (left + right) / 2
            parts.append(f'<text class="tick mid" x="{middle:.1f}" y="{HEIGHT - BOTTOM + 17}">{escape(label)}</text>')
    summary = ", ".join(f"{label}: {number(height)}" for label, height, _ in bars)
    return _svg("".join(parts), summary)


def heat_map(rows: Sequence[tuple[str, Sequence[float | None]]], *, x_label: str, show: Callable[[float], str]) -> str:
    """One row of cells per (label, values); 1 is the neutral value, the colour says how far above or below."""
    columns = max((len(values) for _, values in rows), default=0)
    if not columns:
        return ""
    cell = (WIDTH - LEFT - RIGHT) / columns
    # At least a finger's height, at most a square.
    tall = max(14.0, min(cell, 36.0, 400.0 / len(rows)))
    height = round(TOP + tall * len(rows) + BOTTOM)
    parts = []
    for row, (label, values) in enumerate(rows):
        y = TOP + row * tall
        parts.append(f'<text class="tick end" x="{LEFT - 6}" y="{y + tall / 2 + 3.5:.1f}">{escape(label)}</text>')
        for column, value in enumerate(values):
            if value is None:
                continue
            x = LEFT + column * cell
            strength = min(1.0, abs(math.log2(max(value, 1 / 16))) / 2)
            side = "over" if value >= 1 else "under"
            parts.append(
                f'<rect class="cell {side}" fill-opacity="{0.06 + 0.84 * strength:.2f}" x="{x + 0.5:.1f}" '
                f'y="{y + 0.5:.1f}" width="{max(0.5, cell - 1):.1f}" height="{tall - 1:.1f}">'
                f"<title>{escape(label)}, expert {column}: {show(value)}</title></rect>"
            )
            if cell >= 24:
                parts.append(
                    f'<text class="inside mid" x="{x + cell / 2:.1f}" y="{y + tall / 2 + 3.5:.1f}">{show(value)}</text>'
                )
    every = math.ceil(columns * 22 / (WIDTH - LEFT - RIGHT))
    for column in range(0, columns, every):
        x = LEFT + (column + 0.5) * cell
        parts.append(f'<text class="tick mid" x="{x:.1f}" y="{height - BOTTOM + 17}">{column}</text>')
    parts.append(
        f'<text class="axis mid" x="{(LEFT + WIDTH - RIGHT) / 2:.0f}" y="{height - 4}">{escape(x_label)}</text>'
    )
    spread = [value for _, values in rows for value in values if value is not None]
    label = f"{len(rows)} rows by {columns}: from {show(min(spread))} to {show(max(spread))}" if spread else "no values"
    return _svg("".join(parts), label, height=height)
