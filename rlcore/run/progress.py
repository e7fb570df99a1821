"""Progress for people: a bar on a terminal, plain lines anywhere else (`make demo > log` stays readable)."""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Self, TextIO

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def format_value(value: float | str) -> str:
    """Three figures at a steady width: `.412`, `1.23`, `24.1`, `312`, `12.3k`, `3.0e-04`; text as it is.

    Whole numbers given as int stay whole; shares lose their leading zero.
    """
    if isinstance(value, str):
        return value
    size = abs(value)
    if size != size:
        return "nan"
    for limit, suffix in ((1e9, "G"), (1e6, "M"), (1e4, "k")):
        if size >= limit:
            return f"{value / {'G': 1e9, 'M': 1e6, 'k': 1e3}[suffix]:.1f}{suffix}"
    if isinstance(value, int) or size >= 99.95:
        return f"{value:.0f}"
    if 0 < size < 0.001:
        return f"{value:.1e}"
    if size >= 0.9995:
        return f"{value:.1f}" if size >= 9.995 else f"{value:.2f}"
    return f"{value:.3f}".replace("0.", ".", 1)


def format_step(
    label: str, step: int, total: int, values: Mapping[str, float | str], *, seconds: float | None = None
) -> str:
    """One line of a step: `train  12/100  reward .412  pass .410  len 24.1  3.1 s`."""
    width = len(str(total))
    parts = [f"{label} {step:>{width}}/{total}"]
    parts += [f"{name} {format_value(value):>4}" for name, value in values.items()]
    if seconds is not None:
        parts.append(f"{seconds:.1f} s" if seconds < 99.95 else f"{seconds:.0f} s")
    return "  ".join(parts)


class Progress:
    """Shows the steps of one stage, from the main thread.

    On a terminal a bar stands at the bottom with the latest values. Lines are written everywhere: each step
    where `every` is 0, otherwise at most one in `every` seconds, and always the last step.

        with Progress(100, "train") as progress:
            progress.update(12, {"reward": 0.412, "pass": 0.41})

    Args:
        total: number of the last step.
        label: the stage.
        every: least seconds between two lines.
        start: step already done (after a resume).
        stream: where to write; standard output by default.
    """

    def __init__(
        self, total: int, label: str, *, every: float = 0.0, start: int = 0, stream: TextIO | None = None
    ) -> None:
        self.total = total
        self.label = label
        self._every = every
        self._start = start
        self._stream = stream if stream is not None else sys.stdout
        self._bar: RichProgress | None = None
        self._written = float("-inf")
        self._updated = time.monotonic()

    def __enter__(self) -> Self:
        self._updated = time.monotonic()
        if self._stream.isatty() and os.environ.get("TERM", "") not in ("", "dumb"):
            self._bar = _bar(self._stream)
            self._bar.start()
            self._task = self._bar.add_task(self.label, total=self.total, completed=self._start, values="")
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def update(self, step: int, values: Mapping[str, float | str], *, seconds: float | None = None) -> None:
        """Step `step` (counted from 1) is done. `seconds` it took; by default the time since the last update."""
        now = time.monotonic()
        if seconds is None:
            seconds = now - self._updated
        self._updated = now
        if self._bar is not None:
            shown = "  ".join(f"{name} {format_value(value)}" for name, value in list(values.items())[:3])
            self._bar.update(self._task, completed=step, values=shown)
        if step == self.total or now - self._written >= self._every:
            self._written = now
            self.note(format_step(self.label, step, self.total, values, seconds=seconds))

    def note(self, text: str) -> None:
        """Write a line, above the bar where there is one. Control codes in `text` are dropped."""
        text = _CONTROL.sub("", text)
        if self._bar is not None:
            self._bar.console.print(text, markup=False, highlight=False, soft_wrap=True)
        else:
            print(text, file=self._stream, flush=True)


def _bar(stream: TextIO) -> RichProgress:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
    from rich.progress import Progress as RichProgress

    columns = (
        TextColumn("{task.description}", style="bold", markup=False),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left", style="dim"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[values]}", style="cyan", markup=False),
    )
    # Redirected: what other code prints goes above the bar instead of through it. Transient: the line of the last step
    # says what the bar would, once it is full.
    return RichProgress(
        *columns, console=Console(file=stream), redirect_stdout=True, redirect_stderr=True, transient=True
    )
