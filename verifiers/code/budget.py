"""What the programs of one answer may use together, over all its cases.

The limits of `verifiers.sandbox.types.Limits` hold for one program. An answer with many cases starts many, and one that
computes or sleeps up to the limit in each of them would hold its place for as many wall clocks. So before each further
program:

* CPU time first, which does not depend on load: as many limits as `_PROGRAMS`, and a quarter of one more for each case,
  `_MOST_CPU_SECONDS` at most. With the default limits and 100 cases these are 70 s, so an honest program may take a
  third of its limit in every case, or all of it in a third of them; up to 13 cases it may take all of it in each.
* Then the wall clock: five times a program's own (30 s), a tenth of a second for each case, and three times the CPU
  time that was used, since on a busy machine a program waits for its turn. What computes is not cut by that; what
  sleeps is.

Both stay below the backstop of the code judge in `verifiers.registry`, so that an answer ends by its own budget.
"""

from __future__ import annotations

from verifiers.sandbox.types import Limits, Outcome

_PROGRAMS = 10
_PROGRAMS_PER_CASE = 0.25
_MOST_CPU_SECONDS = 100.0
_WALL_CLOCKS = 5
_WAITING_PER_CASE = 0.1
_MOST_WAITING_SECONDS = 120.0
_WALL_PER_CPU = 3


class Budget:
    """Adds up what the programs of one answer have used."""

    def __init__(self, limits: Limits, cases: int) -> None:
        self.cpu_seconds = min(limits.cpu_seconds * (_PROGRAMS + cases * _PROGRAMS_PER_CASE), _MOST_CPU_SECONDS)
        waiting = limits.wall_seconds * _WALL_CLOCKS + cases * _WAITING_PER_CASE
        self.waiting_seconds = min(waiting, _MOST_WAITING_SECONDS)
        self._cpu = self._wall = 0.0

    def add(self, outcome: Outcome) -> None:
        """One program has ended."""
        self._cpu += outcome.cpu_seconds
        self._wall += outcome.wall_seconds

    def spent(self) -> str:
        """Why no further program is started, or ''."""
        if self._cpu > self.cpu_seconds:
            return f"not begun: {self.cpu_seconds:g} s of CPU time for all cases are used up"
        if self._wall - _WALL_PER_CPU * self._cpu > self.waiting_seconds:
            return f"not begun: {self.waiting_seconds:g} s of waiting over all cases are used up"
        return ""
