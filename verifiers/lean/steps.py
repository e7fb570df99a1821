"""Which steps of a proof went through: from Lean's messages and the parse tree's spans. Pure.

Lean goes on after some errors and not after others; what counts is the first one by its place. Its place is where it
happened, which is not always where Lean shows it: goals that a block leaves open are found at the block's end and shown
at its beginning, and an error of what holds others comes behind theirs.

A step's `reward` is 1 where it was accepted and does something, 0 where it failed or does nothing by itself (`skip`,
`try`, `exfalso`, a bullet), none where it was not reached. It only says *where* in a proof credit and blame belong
(`rlcore.rl.advantages.step_advantages` moves them within one attempt). It is no count to be collected: splitting a step
into many, or adding steps that do nothing, moves nothing.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

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
class Span:
    """Where a step is, in characters; it may hold others. `block` as in `verifiers.lean.gate.Step`."""

    start: int
    end: int
    kind: str
    block: int = -1


@dataclass(frozen=True, slots=True)
class Message:
    """An error of Lean.

    Attributes:
        start, end: characters of the whole text; `end` is `start` where Lean names no end.
        kind: Lean's word for what it is.
        text: what it says.
        parsing: whether the text does not even parse; nothing was tried then.
        limit: which limit was met, as in `verifiers.lean.messages`.
    """

    start: int
    end: int
    kind: str
    text: str
    parsing: bool = False
    limit: str = ""


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

    def has_words(self, start: int, end: int) -> bool:
        """Whether anything but spaces stands from one character up to another."""
        return bool(self._text[start:end].strip())

    def position(self, at: int) -> tuple[int, int]:
        """Line from 1 and column from 0 of a character."""
        line = bisect_right(self._lines, at) - 1
        return line + 1, at - self._lines[line]


def errors(text: Text, messages: Sequence[Data]) -> list[Message]:
    """What `verifiers.lean.elaborate.proof` reports, with its places in the text."""
    found = []
    for told in messages:
        start = text.of_position(told["pos"])
        end = start if told["endPos"] is None else text.of_position(told["endPos"])
        found.append(Message(start, max(start, end), told["kind"], told["data"], told["parsing"], told["limit"]))
    return found


@dataclass(frozen=True, slots=True)
class Fault:
    """An error, the step that it is the fault of (None: of none), and the character up to which all went well."""

    error: Message
    step: Span | None
    place: int


def first_fault(text: Text, spans: Sequence[Span], found: Sequence[Message]) -> Fault | None:
    """The first error by its place; None where there is none.

    Args:
        spans: of the steps, in the order of the text.
    """
    faults = [_fault(spans, error) for error in found]
    for cut in sorted(error.start for error in found if error.parsing)[:1]:
        # What the parser could not read ends what holds it too early: that is no fault of its own.
        faults = [fault for fault in faults if fault.error.parsing or text.has_words(_end(fault), cut)]
    places = sorted(fault.place for fault in faults)
    for fault in sorted(faults, key=lambda fault: (fault.place, fault.error.end)):
        # An error of what holds other errors comes behind them.
        last = max(fault.error.end - 1, fault.place)
        if _is_unsolved(fault.error) or bisect_right(places, last) == bisect_right(places, fault.place):
            return fault
    return None


def _fault(spans: Sequence[Span], error: Message) -> Fault:
    if not _is_unsolved(error):
        return Fault(error, _around(spans, error.start), error.start)
    # The block is the first one behind where Lean shows it (`by`, `=>`, a bullet): its last step leaves the goals.
    inside = [span for span in spans if error.start < span.start and span.end <= error.end and span.block >= 0]
    if not inside:
        return Fault(error, _around(spans, error.start), error.end)
    last = max((span for span in spans if span.block == inside[0].block), key=lambda span: span.end)
    return Fault(error, last, last.end)


def _is_unsolved(error: Message) -> bool:
    return error.kind.endswith(UNSOLVED)


def _end(fault: Fault) -> int:
    return fault.place if _is_unsolved(fault.error) else fault.error.end


def _around(spans: Sequence[Span], at: int) -> Span | None:
    """The innermost step at a character."""
    holding = [span for span in spans if span.start <= at < max(span.end, span.start + 1)]
    return max(holding, key=lambda span: (span.start, -span.end), default=None)


def mark(spans: Sequence[Span], fault: Fault | None) -> tuple[Step, ...]:
    """Steps with what became of them.

    Args:
        fault: what went wrong first (`first_fault`); None when all went through.
    """
    steps = []
    for span in spans[:MAX_STEPS]:
        if fault is None:
            status = ACCEPTED
        elif span == fault.step:
            status = FAILED
        elif fault.error.parsing:
            status = NOT_REACHED
        elif fault.step is not None and span.start <= fault.step.start and fault.step.end <= span.end:
            # It holds the failing step.
            status = FAILED
        else:
            status = ACCEPTED if span.end <= fault.place else NOT_REACHED
        reward = None if status == NOT_REACHED else float(status == ACCEPTED and span.kind not in _TRIVIAL)
        message = fault.error.text[:500] if fault is not None and span == fault.step else ""
        steps.append(Step(start=span.start, end=span.end, status=status, message=message, reward=reward))
    return tuple(steps)


def progress(steps: Sequence[Step]) -> float:
    """Share of the steps that do something and were accepted, in [0, 1]. For people and plots.

    It is no reward: writing one step as many would raise it.
    """
    working = [step for step in steps if step.reward != 0.0 or step.status == FAILED]
    return sum(step.status == ACCEPTED for step in working) / len(working) if working else 0.0
