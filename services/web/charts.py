"""Lines of values over steps, as places in a picture of 100 by 100 that is drawn on the server."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

POINTS = 100
"""Steps that lie closer than this many to a line are drawn as one."""
LINES = 8
"""As many can be told apart."""
_DOTS = 60
_LEFT, _RIGHT, _TOP, _BOTTOM = 1.0, 99.0, 3.0, 97.0


@dataclass(frozen=True, slots=True)
class Value:
    """The mean of `weight` samples at a step; None where no sample has one. `note` says more of it, for a person."""

    step: int
    mean: float | None
    weight: int
    note: str = ""


@dataclass(frozen=True, slots=True)
class Dot:
    """A place in the picture, what it says, and where it leads."""

    x: float
    y: float
    title: str
    link: str


@dataclass(frozen=True, slots=True)
class Line:
    """One line: `number` tells which colour and which dashes, `path` is its `d` in SVG."""

    name: str
    number: int
    path: str
    dots: tuple[Dot, ...]
    has_dots: bool


@dataclass(frozen=True, slots=True)
class Chart:
    """A picture: `ends` are the first and the last step, `top` what its height stands for."""

    lines: tuple[Line, ...]
    ends: tuple[int, int]
    top: float
    left_out: int


def chart(
    series: Mapping[str, Sequence[Value]], link: Callable[[str, int], str] | None = None, *, top: float = 1.0
) -> Chart | None:
    """Lines by name, the first `LINES` of them; None where there is nothing to draw. Values lie between 0 and `top`.

    Args:
        series: values by step, in order.
        link: where a dot of this name and step leads.
    """
    drawn = dict(list(series.items())[:LINES])
    steps = [value.step for values in drawn.values() for value in values if value.mean is not None]
    if not steps:
        return None
    low, high = min(steps), max(steps)
    width = max(-(-(high - low + 1) // POINTS), 1)
    lines = []
    for number, (name, values) in enumerate(drawn.items()):
        dots: list[Dot] = []
        path = ""
        is_on = False
        for first, last, value in _buckets(values, low, width):
            if value.mean is None:
                is_on = False
                continue
            x = (_LEFT + _RIGHT) / 2
            if high > low:
                x = _LEFT + (_RIGHT - _LEFT) * ((first + last) / 2 - low) / (high - low)
            y = _BOTTOM - (_BOTTOM - _TOP) * min(max(value.mean / top, 0.0), 1.0)
            path += f"{'L' if is_on else 'M'}{x:.2f} {y:.2f}"
            is_on = True
            when = f"step {first}" if first == last else f"steps {first} to {last}"
            title = f"{name}, {when}: {value.mean:.3f} ({value.weight:,} samples){value.note}"
            dots.append(Dot(x, y, title, link(name, last) if link else ""))
        lines.append(Line(name, number, path, tuple(dots), has_dots=len(dots) <= _DOTS))
    return Chart(tuple(lines), (low, high), top, len(series) - len(drawn))


def _buckets(values: Sequence[Value], low: int, width: int) -> list[tuple[int, int, Value]]:
    """Steps that are drawn as one: the first, the last, and the mean over all their samples."""
    found: dict[int, list[Value]] = {}
    for value in values:
        found.setdefault((value.step - low) // width, []).append(value)
    return [(part[0].step, part[-1].step, _mean(part)) for part in found.values()]


def _mean(part: Sequence[Value]) -> Value:
    if len(part) == 1:
        return part[0]
    known = [(value.mean, value.weight) for value in part if value.mean is not None]
    weight = sum(each for _, each in known)
    mean = sum(value * each for value, each in known) / weight if weight else None
    return Value(part[0].step, mean, weight)
