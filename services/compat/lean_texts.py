"""Whole Lean texts that a policy wrote: taken apart so that nothing of them is trusted, and the verdict on them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

from services.compat.shapes import Lenient, fenced
from services.schemas import ScoredCompletion, ScoreItem, ScoreProblem
from verifiers.lean import discovery
from verifiers.lean.extract import find_proof
from verifiers.lean.header import Header
from verifiers.lean.judge import MALFORMED, NO_THEOREM, NOT_ACCEPTED, TOO_MUCH
from verifiers.lean.scope import blanked
from verifiers.lean.toolchain import LeanUnavailable
from verifiers.lean.whole import split
from verifiers.types import Json, Status, Verdict

# They say how much Lean may do, or how it shows what it says: our limits hold anyway.
_OPTION = re.compile(
    r"^[ \t]*set_option[ \t]+(?:maxHeartbeats|maxRecDepth|synthInstance\.max\w+|(?:pp|linter)\.[\w.]+)"
    r"[ \t]+(?:\d+|true|false)(?:[ \t]+in)?[ \t]*$",
    re.MULTILINE,
)
# What a text that proves something has no use for. To tell a fault of the text from one of ours: what is not in here
# is not trusted either.
_NO_PROOF = re.compile(
    r"(?<![\w.])(?:axiom|sorry|sorryAx|admit|native_decide|unsafe|implemented_by|extern|run_cmd|run_tac|elab)\b|#eval\b"
)
# A command may stand on a line with `open`, or indented below one: whoever takes a header apart by its lines sees none.
_COMMAND = re.compile(
    r"(?<![\w.])(?:theorem|lemma|def|abbrev|axiom|opaque|instance|example|structure|class|inductive|coinductive|mutual"
    r"|set_option|attribute|namespace|section|end|notation|infix[lr]?|prefix|postfix|macro|macro_rules|syntax|elab"
    r"|elab_rules|declare_syntax_cat|initialize|builtin_initialize|run_cmd|run_elab|run_meta|private|protected"
    r"|noncomputable|unsafe|partial|nonrec|deriving|export|local|include|omit|variable|by)(?!\w)|[#@]"
)
_DECLARATION = re.compile(r"^[ \t]*(?:theorem|lemma|example)\b", re.MULTILINE)
_PLACE = re.compile(r"line (\d+), column (\d+): ")
# Faults of the text. All other bad references are things that we do not judge.
_OF_THE_TEXT = (NOT_ACCEPTED, NO_THEOREM, MALFORMED)
_DECLARES = "this service judges one theorem: before it only comments, imports, open, universe and limits may stand"


class LeanPosition(Lenient):
    """Line from 1, column from 0 in characters."""

    line: int
    column: int


class LeanMessage(Lenient):
    """A message of Lean, as its REPL writes them; the place is one of the whole text."""

    severity: Literal["trace", "info", "warning", "error"] = "error"
    pos: LeanPosition
    endPos: LeanPosition | None = None
    data: str


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a text: an error, or messages (none for a proof that is right)."""

    error: str | None = None
    messages: list[LeanMessage] = field(default_factory=list)
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Whole:
    """A text that can be judged: the reference and the proof, which begins at `begin`."""

    text: str
    reference: Json
    proof: str
    begin: int

    def item(self, name: str) -> ScoreItem:
        """For the judge."""
        problem = ScoreProblem(verifier="lean", reference=self.reference)
        return ScoreItem(id=name, problem=problem, completion=ScoredCompletion(text=fenced(self.proof, "lean")))

    def result(self, verdict: Verdict) -> Result:
        """Of the verdict on `item`."""
        if verdict.status is Status.CORRECT:
            return Result(seconds=verdict.seconds)
        if verdict.status is Status.TIMEOUT:
            return Result(error=f"Lean timed out: {verdict.detail}", seconds=verdict.seconds)
        if not verdict.mask_sample:
            place = _PLACE.match(verdict.detail)
            said = verdict.detail[place.end() :] if place else verdict.detail
            at = self._of_proof(int(place[1]), int(place[2])) if place else self._of_proof(1, 0)
            return Result(messages=[LeanMessage(pos=at, data=said)], seconds=verdict.seconds)
        reason = verdict.failure_reason or ""
        if verdict.failure_kind == "bad_reference" and reason.startswith(_OF_THE_TEXT):
            at = _position(self.text, len(self.reference["header"]))
            return Result(messages=[LeanMessage(pos=at, data=reason)], seconds=verdict.seconds)
        if verdict.failure_kind == "bad_reference" and reason.startswith(TOO_MUCH):
            return Result(error=f"Lean timed out: {reason}", seconds=verdict.seconds)
        return Result(error=f"not judged ({verdict.failure_kind}): {reason}", seconds=verdict.seconds)

    def _of_proof(self, line: int, column: int) -> LeanPosition:
        """A place in the proof as one in the text."""
        begin = _position(self.text, self.begin)
        return LeanPosition(line=begin.line + line - 1, column=column + (begin.column if line == 1 else 0))


def read(text: str, most_chars: int) -> Whole | Result:
    """A text taken apart, or why it is not judged. Asks which Lean there is, which may take a while."""
    if len(text) > most_chars:
        return Result(messages=[LeanMessage(pos=_position("", 0), data=f"longer than {most_chars} characters")])
    text = text.replace("\r\n", "\n").rstrip()
    try:
        # Of the same length, without what comments and strings hold.
        bare, rest = split(blanked(text))
    except ValueError as error:
        return Result(messages=[LeanMessage(pos=_position(text, 0), data=str(error))])
    start, begin = len(bare["header"]), len(text) - len(rest)
    # Comments behind it are left out.
    header, proof = text[:start], text[begin : begin + len(rest.rstrip())]
    if cheat := _NO_PROOF.search(blanked(header)):
        return Result(
            messages=[LeanMessage(pos=_position(text, cheat.start()), data=f"no proof may rest on {cheat[0]}")]
        )
    if (problem := _unjudged(header)) is not None:
        return Result(error=f"not judged: {problem}")
    statement = text[start : start + len(bare["statement"])]
    whole = Whole(text, {"header": _without_options(header), "statement": statement}, proof, begin)
    found = find_proof(whole.item("").completion.text, statement)
    if found is None and rest.strip() and not _DECLARATION.search(rest):
        return Result(error="not judged: a comment in the proof has a line that begins as a theorem does: take it out")
    if found is None or found.text.strip() != proof:
        return Result(messages=[LeanMessage(pos=_position(text, begin), data="what follows its `:=` is not one proof")])
    return whole


def _unjudged(header: str) -> str | None:
    """Why a text with such a beginning is not judged."""
    try:
        full = discovery.current().is_full
        found = Header.read(_without_options(header), may_import=full)
    except (ValueError, LeanUnavailable) as error:
        return str(error)
    holds_more = found.declarations or _COMMAND.search(blanked(_without_options(header)))
    return _DECLARES if holds_more else None


def _without_options(header: str) -> str:
    """Spaces in their place."""
    return _OPTION.sub(lambda option: " " * len(option[0]), header)


def _position(text: str, at: int) -> LeanPosition:
    return LeanPosition(line=text.count("\n", 0, at) + 1, column=at - (text.rfind("\n", 0, at) + 1))
