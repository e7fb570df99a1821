"""What flows inside the trainer, and the legend of shape suffixes.

Shape suffixes on tensors and lists that cross a function:

    _B sequences   _T tokens   _G completions of a group   _P prompts   _V vocabulary
    _D hidden      _E experts  _L layers                   _K top-k     _R packed rows
"""

from __future__ import annotations

from rollout.types import Completion
from verifiers.types import Frozen, Problem, Verdict


class Group(Frozen):
    """The G completions of one prompt with their verdicts (same order).

    Attributes:
        prompt_ids: the token ids every completion continues.
    """

    problem: Problem
    prompt_ids: tuple[int, ...]
    completions: tuple[Completion, ...]
    verdicts: tuple[Verdict, ...]

    def rewards(self) -> list[float | None]:
        """(`_G`) rewards; None where the judge failed (the sample is masked)."""
        return [verdict.reward for verdict in self.verdicts]
