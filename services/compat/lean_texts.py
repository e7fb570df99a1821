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
from verifiers.lean.judge import MAX_STATEMENT_CHARS
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
_PLACE = re.compile(r"line (\d+), column (\d+): ")
_DECLARES = (
    "this service judges one theorem: before it only comments, imports, open, universe and limits may stand, and no "
    "definitions, lemmas, variables or other options"
)


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
    """What became of a text: messages (none for a proof that is right), or an error where the judge failed."""

    error: str | None = None
    messages: list[LeanMessage] = field(default_factory=list)
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Whole:
    """A text that can be judged: the reference and the proof; where the theorem starts and where its proof begins."""

    text: str
    reference: Json
    proof: str
    start: int
    begin: int

    def item(self, name: str) -> ScoreItem:
        """For the judge."""
        problem = ScoreProblem(verifier="lean", reference=self.reference)
        return ScoreItem(id=name, problem=problem, completion=ScoredCompletion(text=fenced(self.proof, "lean")))

    def result(self, verdict: Verdict) -> Result:
        """Of the verdict on `item`."""
        if verdict.status is Status.CORRECT:
            return Result(seconds=verdict.seconds)
        if not verdict.mask_sample:
            place = _PLACE.match(verdict.detail)
            said = verdict.detail[place.end() :] if place else verdict.detail
            at = self._of_proof(int(place[1]), int(place[2])) if place else self._of_proof(1, 0)
            # A limit is the text's doing: an `error` of this protocol would say that nobody can tell.
            told = f"Lean timed out: {said}" if verdict.status is Status.TIMEOUT else said
            return Result(messages=[LeanMessage(pos=at, data=told)], seconds=verdict.seconds)
        reason = verdict.failure_reason or ""
        if verdict.failure_kind == "bad_reference":
            # Header and statement are the text's as well.
            at = _position(self.text, self.start)
            return Result(messages=[LeanMessage(pos=at, data=reason)], seconds=verdict.seconds)
        return Result(error=f"not judged ({verdict.failure_kind}): {reason}", seconds=verdict.seconds)

    def _of_proof(self, line: int, column: int) -> LeanPosition:
        """A place in the proof as one in the text."""
        begin = _position(self.text, self.begin)
        return LeanPosition(line=begin.line + line - 1, column=column + (begin.column if line == 1 else 0))


def read(text: str, most_chars: int) -> Whole | Result:
    """A text taken apart, or why it proves nothing here. Asks which Lean there is, which may take a while."""
    if len(text) > most_chars:
        return _refused("", 0, f"longer than {most_chars} characters")
    text = text.replace("\r\n", "\n").rstrip()
    try:
        # Of the same length, without what comments and strings hold.
        bare, rest = split(blanked(text))
    except ValueError as error:
        return _refused(text, 0, str(error))
    start, begin = len(bare["header"]), len(text) - len(rest)
    header, statement = text[:start], text[start : start + len(bare["statement"])]
    if len(statement) > MAX_STATEMENT_CHARS:
        return _refused(text, start, f"the statement is longer than {MAX_STATEMENT_CHARS} characters")
    if cheat := _NO_PROOF.search(blanked(header)):
        return _refused(text, cheat.start(), f"no proof may rest on {cheat[0]}")
    given = _without_options(blanked(header, strings=False))
    try:
        problem = _unjudged(given)
    except LeanUnavailable as error:
        return Result(error=f"not judged (no_lean): {error}")
    if problem:
        return _refused(text, start, problem)
    # Spaces in place of comments, which may hold lines that begin as a theorem does.
    proof = blanked(text, strings=False)[begin:].rstrip()
    reference = {"header": _tight(given), "statement": statement}
    whole = Whole(text, reference, proof, start, begin)
    found = find_proof(whole.item("").completion.text, statement)
    if found is None or found.text.strip() != proof:
        return _refused(text, begin, "what follows its `:=` is not one proof")
    return whole


def _refused(text: str, at: int, why: str) -> Result:
    return Result(messages=[LeanMessage(pos=_position(text, at), data=why)])


def _unjudged(header: str) -> str:
    """Why a text with such a beginning is not judged; "" if it is. Raises LeanUnavailable."""
    full = discovery.current().is_full
    try:
        found = Header.read(header, may_import=full)
    except ValueError as error:
        return str(error)
    return _DECLARES if found.declarations or _COMMAND.search(blanked(header)) else ""


def _tight(header: str) -> str:
    """Without blank lines: each header has a Lean of its own, and those that say the same share one."""
    return "\n".join(line.rstrip() for line in header.split("\n") if line.strip())


def _without_options(header: str) -> str:
    """Spaces in their place."""
    return _OPTION.sub(lambda option: " " * len(option[0]), header)


def _position(text: str, at: int) -> LeanPosition:
    return LeanPosition(line=text.count("\n", 0, at) + 1, column=at - (text.rfind("\n", 0, at) + 1))
