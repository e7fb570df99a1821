"""Which steps of a proof went through: from Lean's messages and the parse tree's spans. Pure.

Lean goes on after some errors and not after others; what counts is the first one by its place. An error that leaves
goals unsolved is reported at the start of the block that leaves them: it belongs to the block's last step.

A step's `reward` is 1 where it was accepted and does something, 0 where it failed or does nothing by itself (`skip`,
`try`, `exfalso`, a bullet), none where it was not reached. It only says *where* in a proof credit and blame belong
(`rlcore.advantages.step_advantages` moves them within one attempt). It is no count to be collected: splitting a step
into many, or adding steps that do nothing, moves nothing.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from verifiers.lean.elaborate import vetoed
from verifiers.lean.export import Data
from verifiers.types import Step

ACCEPTED, FAILED, NOT_REACHED = "accepted", "failed", "not_reached"
UNSOLVED = "Tactic.unsolvedGoals"
MAX_STEPS = 500
_TRIVIAL = frozenset(
    {
        *("Lean.Parser.Tactic.skip", "Lean.Parser.Tactic.tacticTry_", "Lean.Parser.Tactic.tacticExfalso"),
        *("Lean.Parser.Tactic.done", "Lean.cdot", "Lean.Parser.Tactic.paren", "Lean.Parser.Tactic.clear"),
        *("Lean.Parser.Tactic.fail", "Lean.Parser.Tactic.tacticRepeat_", "Lean.Parser.Tactic.exposeNames"),
        *("Lean.Parser.Tactic.rotateLeft", "Lean.Parser.Tactic.rotateRight", "Lean.Parser.Tactic.case"),
        *("Lean.Parser.Tactic.allGoals", "Lean.Parser.Tactic.anyGoals", "Lean.Parser.Tactic.first"),
        *("Lean.Parser.Tactic.tacticNext_=>_", "Lean.Parser.Tactic.focus", "Lean.Parser.Tactic.rename"),
    }
)


@dataclass(frozen=True, slots=True)
class Message:
    """An error of Lean.

    Attributes:
        start, end: characters of the whole text; `end` is `start` where Lean names no end.
        kind: Lean's word for what it is.
        text: what it says.
        parsing: whether the text does not even parse; nothing was tried then.
    """

    start: int
    end: int
    kind: str
    text: str
    parsing: bool = False


class Text:
    """The text that Lean read, and places in it: bytes (syntax trees), lines and columns (messages), characters."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._encoded = text.encode()
        self._ascii = len(text) == len(self._encoded)
        self._lines = [0]
        for at, character in enumerate(text):
            if character == "\n":
                self._lines.append(at + 1)

    def of_byte(self, at: int) -> int:
        """The character that begins at a byte."""
        return at if self._ascii else len(self._encoded[:at].decode(errors="ignore"))

    def of_position(self, position: Data) -> int:
        """Of `{"line": from 1, "column": from 0, in characters}`."""
        line = min(max(int(position["line"]) - 1, 0), len(self._lines) - 1)
        return min(self._lines[line] + int(position["column"]), len(self._text))

    def position(self, at: int) -> tuple[int, int]:
        """Line from 1 and column from 0 of a character."""
        line = bisect_right(self._lines, at) - 1
        return line + 1, at - self._lines[line]


def errors(text: Text, messages: Sequence[Data]) -> list[Message]:
    """The errors among Lean's messages, by place. A warning about `sorry` is one."""
    found = []
    for message in messages:
        if vetoed(message):
            start = text.of_position(message["pos"])
            # Lean gives an end to all but errors of its parser.
            parsing = message.get("endPos") is None
            end = start if parsing else text.of_position(message["endPos"])
            found.append(Message(start, max(start, end), str(message["kind"]), str(message["data"]), parsing))
    return sorted(found, key=lambda error: error.start)


def first_error(found: Sequence[Message]) -> Message | None:
    """The first that is not about goals that are left, else the first."""
    return next((error for error in found if not error.kind.endswith(UNSOLVED)), found[0] if found else None)


def mark(spans: Sequence[tuple[int, int, str]], error: Message | None) -> tuple[Step, ...]:
    """Steps with what became of them.

    Args:
        spans: (start, end, kind) in characters, in the order of the text; a step may hold others.
        error: the first error (`first_error`); None when all went through.
    """
    failing = None if error is None else _failing(spans, error)
    steps = []
    for start, end, kind in spans[:MAX_STEPS]:
        if error is None:
            status = ACCEPTED
        elif (start, end, kind) == failing:
            status = FAILED
        elif error.parsing:
            status = NOT_REACHED
        elif failing is not None and start <= failing[0] and failing[1] <= end:
            # It holds the failing step.
            status = FAILED
        else:
            status = ACCEPTED if end <= (failing[0] if failing else error.start) else NOT_REACHED
        reward = None if status == NOT_REACHED else float(status == ACCEPTED and kind not in _TRIVIAL)
        message = error.text[:500] if error is not None and (start, end, kind) == failing else ""
        steps.append(Step(start=start, end=end, status=status, message=message, reward=reward))
    return tuple(steps)


def _failing(spans: Sequence[tuple[int, int, str]], error: Message) -> tuple[int, int, str] | None:
    """The innermost step at the error; for goals that are left, the last step of the block that leaves them."""
    if error.kind.endswith(UNSOLVED):
        inside = [span for span in spans if error.start <= span[0] and span[1] <= max(error.end, error.start)]
        # Of the steps that end last, the innermost.
        return max(inside, key=lambda span: (span[1], span[0]), default=None) or _around(spans, error.start)
    return _around(spans, error.start)


def _around(spans: Sequence[tuple[int, int, str]], at: int) -> tuple[int, int, str] | None:
    holding = [span for span in spans if span[0] <= at < max(span[1], span[0] + 1)]
    return max(holding, key=lambda span: (span[0], -span[1]), default=None)


def progress(steps: Sequence[Step]) -> float:
    """Share of the steps that do something and were accepted, in [0, 1]. For people and plots.

    It is no reward: writing one step as many would raise it.
    """
    working = [step for step in steps if step.reward != 0.0 or step.status == FAILED]
    return sum(step.status == ACCEPTED for step in working) / len(working) if working else 0.0
