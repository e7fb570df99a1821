"""What the numbers of a run come to: by family, over steps, and beside those of another run."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from services.rollouts import Point
from services.web.charts import Chart, Value, chart

FAMILIES = 50
"""So many are listed."""
LARGEST = 8
"""Families of two runs that are drawn."""


@dataclass(frozen=True, slots=True)
class Total:
    """One family of a run, or all of them (None): `last` is the mean reward over the last fifth of its steps."""

    family: str | None
    samples: int
    judged: int
    truncated: int
    reward: float | None
    last: float | None
    chars: float

    @property
    def masked(self) -> int:
        """Samples at which the judge failed."""
        return self.samples - self.judged


def totals(points: Sequence[Point]) -> list[Total]:
    """Of the families with most samples, and of all together where there are several."""
    families: dict[str, list[Point]] = {}
    for point in points:
        families.setdefault(point.family, []).append(point)
    found = [_total(name, part) for name, part in sorted(families.items())]
    found.sort(key=lambda total: -total.samples)
    return found[:FAMILIES] + ([_total(None, points)] if len(found) > 1 else [])


def rewards(points: Sequence[Point], link: Callable[[str, int], str]) -> Chart | None:
    """The mean reward over steps, a line for each family; those with most samples first."""
    names = [total.family for total in totals(points) if total.family is not None]
    return chart({name: _values(points, name) for name in names}, link)


def losses(points: Sequence[Point], link: Callable[[str, int], str]) -> Chart | None:
    """Shares of all samples that were cut off, and at which the judge failed; None where there are none of either."""
    found: dict[str, list[Value]] = {"truncated": [], "judge failed": []}
    for step, part in _by_step(points).items():
        samples = sum(point.samples for point in part)
        for name, count in (
            ("truncated", sum(point.truncated for point in part)),
            ("judge failed", sum(point.samples - point.judged for point in part)),
        ):
            found[name].append(Value(step, count / samples, samples))
    found = {name: values for name, values in found.items() if any(value.mean for value in values)}
    most = max((value.mean or 0.0 for values in found.values() for value in values), default=0.0)
    return chart(found, link, top=next(top for top in (0.05, 0.1, 0.25, 0.5, 1.0) if most <= top))


def both(first: Sequence[Point], second: Sequence[Point], link: Callable[[int, str, int], str]) -> dict[str, Chart]:
    """The mean reward of two runs over steps, a picture for each of the largest families that both have.

    Args:
        link: where a dot of this run (0 or 1), family and step leads.
    """
    found = {}
    known = {point.family for point in second}
    shared = [total.family for total in totals(first) if total.family is not None and total.family in known]
    for family in shared[:LARGEST]:
        lines = {name: _values(points, family) for name, points in zip("ab", (first, second), strict=True)}
        drawn = chart(lines, functools.partial(_linked, link, family))
        if drawn is not None:
            found[family] = drawn
    return found


def _linked(link: Callable[[int, str, int], str], family: str, name: str, step: int) -> str:
    return link("ab".index(name), family, step)


def spark(points: Sequence[Point]) -> str:
    """The path of a small line: the mean reward over steps, of all families together."""
    values = []
    for step, part in _by_step(points).items():
        values.append(Value(step, _mean(part), sum(point.judged for point in part)))
    drawn = chart({"": values})
    return drawn.lines[0].path if drawn else ""


def _values(points: Sequence[Point], family: str) -> list[Value]:
    return [
        Value(point.step, point.reward, point.judged, _note(point))
        for point in points
        if point.family == family and point.step is not None
    ]


def _note(point: Point) -> str:
    masked = point.samples - point.judged
    parts = [f"{count:,} {name}" for count, name in ((masked, "masked"), (point.truncated, "truncated")) if count]
    return "".join(f", {part}" for part in parts)


def _by_step(points: Sequence[Point]) -> dict[int, list[Point]]:
    found: dict[int, list[Point]] = {}
    for point in points:
        if point.step is not None:
            found.setdefault(point.step, []).append(point)
    return dict(sorted(found.items()))


def _total(family: str | None, points: Sequence[Point]) -> Total:
    samples = sum(point.samples for point in points)
    steps = sorted({point.step for point in points if point.step is not None})
    late = set(steps[-max(-(-len(steps) // 5), 1) :])
    return Total(
        family=family,
        samples=samples,
        judged=sum(point.judged for point in points),
        truncated=sum(point.truncated for point in points),
        reward=_mean(points),
        last=_mean([point for point in points if point.step in late]) if steps else None,
        chars=sum(point.chars * point.samples for point in points) / samples if samples else 0.0,
    )


def _mean(points: Sequence[Point]) -> float | None:
    judged = sum(point.judged for point in points)
    return sum((point.reward or 0.0) * point.judged for point in points) / judged if judged else None
