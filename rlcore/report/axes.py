"""The frame of a plot: numbers for people, round ticks, data to pixels. The plots are in `rlcore.report.plots`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

WIDTH, HEIGHT = 360, 210
LEFT, RIGHT, TOP, BOTTOM = 46, 10, 10, 34


def number(value: float) -> str:
    """A value for people: three figures or so, a true minus sign, powers of ten where it is tiny or huge."""
    size = abs(value)
    if size >= 1e6 or 0 < size < 1e-3:
        text = f"{value:.1e}".replace("e-0", "e-").replace("e+0", "e")
    elif size >= 100 or value == int(value):
        text = f"{value:,.0f}"
    else:
        text = f"{value:.3g}" if size < 0.1 else f"{value:.3f}" if size < 1 else f"{value:.2f}"
    return text.replace("-", "\u2212", 1) if text.startswith("-") else text


def ticks(low: float, high: float, count: int = 5) -> list[float]:
    """Round numbers (1, 2, 5 times a power of ten) that cover [low, high]; about `count` of them."""
    step = (high - low) / max(1, count - 1)
    magnitude = 10.0 ** math.floor(math.log10(step))
    step = next(factor * magnitude for factor in (1, 2, 2.5, 5, 10) if factor * magnitude >= step * 0.999)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [float(f"{index * step:.12g}") for index in range(first, last + 1)]


class Axes:
    """Maps data to pixels and draws the frame."""

    def __init__(
        self, xs: Sequence[float], ys: Sequence[float], *, log: bool = False, include: Sequence[float] = ()
    ) -> None:
        self.log = log
        self.x_low, self.x_high = min(xs), max(xs)
        if self.x_low == self.x_high:
            self.x_low, self.x_high = self.x_low - 0.5, self.x_high + 0.5
        if log:
            positive = [y for y in ys if y > 0] or [1e-8]
            self.floor = 10.0 ** math.floor(math.log10(min(positive)) + 1e-9)
            top = math.ceil(math.log10(max(positive)) - 1e-9)
            bottom = round(math.log10(self.floor))
            top = max(top, bottom + 1)
            stride = math.ceil((top - bottom) / 5)
            self.y_ticks = [10.0**power for power in range(bottom, top + 1, stride)]
            self.y_low, self.y_high = float(bottom), float(top)
            return
        low, high = min([*ys, *include]), max([*ys, *include])
        if high - low < 1e-12 * max(1.0, abs(high)):
            # A flat curve: centred in some room, or, at zero, on the floor of it.
            low, high = (low - abs(low) * 0.1, high + abs(high) * 0.1) if low else (0.0, 1.0)
        self.y_ticks = ticks(low, high)
        self.y_low, self.y_high = self.y_ticks[0], self.y_ticks[-1]

    def px(self, x: float) -> float:
        return LEFT + (x - self.x_low) / (self.x_high - self.x_low) * (WIDTH - LEFT - RIGHT)

    def py(self, y: float) -> float:
        value = math.log10(max(y, self.floor)) if self.log else y
        return HEIGHT - BOTTOM - (value - self.y_low) / (self.y_high - self.y_low) * (HEIGHT - TOP - BOTTOM)

    def frame(self, x_label: str, x_ticks: Sequence[float] | None = None) -> str:
        step = self.y_ticks[1] - self.y_ticks[0]
        parts = []
        for tick in self.y_ticks:
            y = self.py(tick)
            text = f"1e{round(math.log10(tick))}" if self.log else tick_text(tick, step)
            parts.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
            parts.append(f'<text class="tick end" x="{LEFT - 6}" y="{y + 3.5:.1f}">{text}</text>')
        if x_ticks is None:
            inside = ticks(self.x_low, self.x_high, 6)
            whole = [tick for tick in inside if tick == int(tick)] or inside
            x_ticks = [tick for tick in whole if self.x_low - 1e-9 <= tick <= self.x_high + 1e-9]
        x_step = x_ticks[1] - x_ticks[0] if len(x_ticks) > 1 else 1.0
        for tick in x_ticks:
            text = tick_text(tick, x_step)
            # A label at the right edge would stick out of the picture.
            anchor = " end" if self.px(tick) > WIDTH - 3.2 * len(text) else " mid"
            x = WIDTH - 1 if anchor == " end" else self.px(tick)
            parts.append(f'<text class="tick{anchor}" x="{x:.1f}" y="{HEIGHT - BOTTOM + 17}">{text}</text>')
        middle = (LEFT + WIDTH - RIGHT) / 2
        parts.append(f'<text class="axis mid" x="{middle:.0f}" y="{HEIGHT - 4}">{escape(x_label)}</text>')
        return "".join(parts)


def tick_text(value: float, step: float) -> str:
    """A tick's label with as many decimals as the distance of the ticks needs."""
    if abs(value) >= 1e5:
        return f"{value / 1000:,.0f}k" if abs(value) < 1e7 else f"{value / 1e6:,.0f}M"
    if value and step < 1e-3:
        return f"{value:.2g}".replace("e-0", "e-").replace("-", "\u2212", 1 if value < 0 else 0)
    decimals = max(0, -math.floor(math.log10(step) + 1e-9))
    # A step of 0.25 or 2.5 needs one more than its power of ten.
    if abs(step * 10**decimals - round(step * 10**decimals)) > 1e-6:
        decimals += 1
    return f"{value:,.{decimals}f}".replace("-", "\u2212")
