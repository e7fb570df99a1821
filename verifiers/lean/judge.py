"""The Lean judge. Reference: `{"statement": "theorem t (p q : Prop) (h : p ∧ q) : q ∧ p"}`, optionally `"header"`.

The statement is ours, everything up to the `:=`; the policy gives what comes behind (`verifiers.lean.extract`). A proof
is right when all of this holds (`verifiers.lean.gate` and `recheck` say why each is needed):

1. its syntax tree, as Lean parsed it, has only kinds of an allow-list, and is one theorem and nothing else;
2. Lean elaborates it without an error or a `sorry`, within limits;
3. in a process that never saw its text, the kernel accepts its term for *our* statement's type, on top of imports that
   hold no `sorryAx` (full mode, where `Init` has it: point 4 finds it);
4. all axioms that it rests on are among propext, Classical.choice, Quot.sound.

| what happened | status |
|---|---|
| all of that | correct |
| an error of Lean, or of the kernel | wrong |
| a construct that is not on the list, another theorem, an axiom; memory, stack, output, size, depth | rejected |
| heartbeats, CPU time, wall clock | timeout |
| no proof / cut off by length before its end | no_answer / truncated |
| the statement or header is refused by Lean; no Lean here | error, masked |

A verdict's version names the Lean that judged: the embedded one, or the user's toolchain and project
(`verifiers.lean.discovery`).

Raises `SandboxFailed` when the sandbox fails twice, `SandboxUnavailable` when there is none.
"""

from __future__ import annotations

import functools
import re

from pydantic import Field, ValidationError

from verifiers.lean import messages, server
from verifiers.lean.extract import Proof, Reading, find_proof
from verifiers.lean.server import Broke, Limited, Server, Stated
from verifiers.lean.steps import Span, Text, errors, first_fault, mark
from verifiers.lean.toolchain import LeanUnavailable
from verifiers.sandbox.types import Outcome, SandboxFailed
from verifiers.types import Frozen, Json, Status, Step, Verdict

MAX_TEXT_CHARS = 400_000
MAX_PROOF_CHARS = 20_000
MAX_NESTING = 200
MAX_STATEMENT_CHARS = 20_000
# How the reasons begin why a reference cannot be judged against.
MALFORMED = "reference"
NOT_ACCEPTED = "Lean does not accept the statement"
NO_THEOREM = "the statement is no theorem to be proved"
TOO_MUCH = "Lean does not get through the statement"
_STATEMENT = re.compile(r"\s*(?:theorem|lemma)\s+\S")
_UNREADABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_FILE = re.compile(r"(?<![^\s'\"`(=])/(?:[^\s/:'\"`)]+/)+[^\s:'\"`)]*")
_FILE_OF_HEADER = re.compile(r"\bheader\.lean:(\d+):\d+: ")
# What `verifiers.lean.header` puts before the declarations.
_LINES_BEFORE = 2
_OPENING, _CLOSING = "([{⟨\u2039⌊⌈", ")]}⟩\u203a⌋⌉"
_OF_A_LIMIT = {
    messages.HEARTBEATS: Status.TIMEOUT,
    messages.RECURSION: Status.REJECTED,
    messages.MEMORY: Status.REJECTED,
}


class LeanReference(Frozen):
    """What a Lean problem's `reference` may say; `solution` is the data set's own and not used here."""

    statement: str = Field(min_length=1, max_length=MAX_STATEMENT_CHARS)
    header: str = ""
    solution: str = ""


def judge(text: str, reference: Json, *, finish_reason: str) -> Verdict:
    """Judge one completion; starts this process's Lean on first use. Deterministic but for wall-clock limits."""
    try:
        task = read_reference(reference)
        lean = server.shared(task.header)
        stated = _state(lean, task.statement)
    except ValueError as error:
        return Verdict.failed("bad_reference", _plain(str(error)))
    except LeanUnavailable as error:
        return Verdict.failed("no_lean", str(error))
    verdict = _judged(lean, task, stated, text, finish_reason)
    return verdict.model_copy(update={"verifier_version": lean.version})


def _judged(lean: Server, task: LeanReference, stated: Stated, text: str, finish_reason: str) -> Verdict:
    if len(text) > MAX_TEXT_CHARS:
        return Verdict.of(Status.REJECTED, detail=f"the completion is longer than {MAX_TEXT_CHARS} characters")
    # As Lean reads them; of the same length, so that spans stay where they are.
    proof = find_proof(text.replace("\r\n", " \n"), task.statement)
    if finish_reason != "stop" and (proof is None or not proof.complete):
        return Verdict.of(Status.TRUNCATED, detail="cut off by length before the end of its proof")
    if proof is None:
        return Verdict.of(Status.NO_ANSWER, detail="no proof of this theorem in the completion")
    if problem := _too_much(proof.text):
        return Verdict.of(Status.REJECTED, detail=problem)
    try:
        verdict = _prove(lean, task, stated, proof)
    except SandboxFailed:
        # Cheaper than a fresh worker of the pool: the server starts anew.
        verdict = _prove(lean, task, stated, proof)
    return verdict.model_copy(update={"extracted": proof.text[:4000]})


def control(reference: Json) -> str:
    """A proof that says nothing: a sound judge finds it wrong (or right, where nothing is left to prove)."""
    return "```lean\nby skip\n```"


def reference_schema() -> Json:
    """What a reference may hold, as JSON schema."""
    return LeanReference.model_json_schema()


def read_reference(reference: Json) -> LeanReference:
    """The reference, checked. Raises ValueError that says where it is wrong."""
    if not isinstance(reference, dict):
        raise ValueError(f'{MALFORMED}: give an object that has a "statement"')
    try:
        task = LeanReference.model_validate(reference)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False, include_context=False)[0]
        where = ".".join(map(str, first["loc"])) or "reference"
        raise ValueError(f"{MALFORMED} {where}: {first['msg']}") from None
    if not _STATEMENT.match(task.statement) or task.statement.rstrip().endswith(":="):
        raise ValueError(f"{MALFORMED} statement: write `theorem name binders : type`, without the `:=` and the proof")
    if not (_is_readable(task.statement) and _is_readable(task.header)):
        raise ValueError(f"{MALFORMED} statement or header: control characters or surrogates: take them out")
    return task


@functools.lru_cache(maxsize=64)
def _is_readable(text: str) -> bool:
    """A header may be half a megabyte, and comes with every answer to its problems."""
    return not _UNREADABLE.search(text)


def _state(lean: Server, statement: str) -> Stated:
    try:
        stated = lean.state(statement)
    except Limited as error:
        raise ValueError(f"{TOO_MUCH}: {_limit(lean, error.outcome)[1]}") from None
    except Broke as error:
        raise ValueError(f"{TOO_MUCH}: {_broken(error)}") from None
    if stated.messages:
        raise ValueError(f"{NOT_ACCEPTED}: {stated.messages[0]['data'][:500]}")
    if not stated.blob or not stated.name:
        raise ValueError(f"{NO_THEOREM}: {stated.unfit or 'nothing was declared'}")
    return stated


def _too_much(proof: str) -> str | None:
    """Size and depth, before anything reads it."""
    if len(proof) > MAX_PROOF_CHARS:
        return f"the proof is longer than {MAX_PROOF_CHARS} characters"
    if found := _UNREADABLE.search(proof):
        return f"the character U+{ord(found.group()):04X} has no place in a proof"
    depth = deepest = 0
    for character in proof:
        depth += (character in _OPENING) - (character in _CLOSING)
        deepest = max(deepest, depth)
    return f"brackets nested more than {MAX_NESTING} deep" if deepest > MAX_NESTING else None


def _prove(lean: Server, task: LeanReference, stated: Stated, proof: Proof) -> Verdict:
    readings = proof.readings()
    try:
        pairs = [(reading.joint, reading.indented) for reading in readings]
        report, blob = lean.prove(task.statement, stated.name, pairs)
    except Limited as error:
        status, detail = _limit(lean, error.outcome)
        return Verdict.of(status, detail=detail)
    except Broke as error:
        return Verdict.of(Status.REJECTED, detail=_broken(error))
    where = _Where(lean.scope, task.statement, readings[report["reading"]], proof)
    if "forbidden" in report:
        what, at = report["forbidden"]["what"], report["forbidden"]["start"]
        return Verdict.of(Status.REJECTED, detail=f"{where.named(where.text.of_byte(at))}no proof may use {what}")
    found = errors(where.text, report["messages"])
    spans = [Span(where.text.of_byte(start), where.text.of_byte(end), *rest) for start, end, *rest in report["steps"]]
    if fault := first_fault(where.text, spans, found):
        steps = where.shifted(mark(spans, fault))
        status = _OF_A_LIMIT.get(fault.error.limit, Status.WRONG)
        return Verdict.of(status, detail=f"{where.named(fault.error.start)}{fault.error.text[:1500]}", steps=steps)
    if not blob:
        return Verdict.of(Status.REJECTED, detail=str(report.get("unfit", "nothing to check")))
    try:
        word = lean.check(stated, blob)
    except Limited as limited:
        status, detail = _limit(lean, limited.outcome)
        return Verdict.of(status, detail=f"the kernel: {detail}")
    except Broke as error:
        return Verdict.of(Status.REJECTED, detail=f"the kernel: {_broken(error)}")
    if word["accepted"]:
        return Verdict.of(Status.CORRECT, detail="accepted by the kernel", steps=where.shifted(mark(spans, None)))
    return Verdict.of(_REFUSED.get(word["kind"], Status.REJECTED), detail=str(word["why"]))


# The kernel's refusals; all others are attempts at something that is no proof.
_REFUSED = {"kernel": Status.WRONG, "limit": Status.TIMEOUT}


def _limit(lean: Server, outcome: Outcome) -> tuple[Status, str]:
    if outcome.status in ("cpu", "wall"):
        limit = lean.limits.cpu_seconds if outcome.status == "cpu" else lean.limits.wall_seconds
        return Status.TIMEOUT, f"Lean was still at it after {limit:g} s of {outcome.status} time"
    if outcome.status == "signaled":
        return Status.REJECTED, f"it crashed Lean (signal {-(outcome.returncode or 0)}): too deep or too large"
    return Status.REJECTED, f"more {outcome.status} than a proof may take"


def _plain(reason: str) -> str:
    """A reason in one line that names no file of this machine: the compiler names them, and its search path."""
    reason = _FILE_OF_HEADER.sub(lambda place: f"line {max(int(place[1]) - _LINES_BEFORE, 1)}: ", reason)
    return " ".join(_FILE.sub("(a file)", reason).split())[:1000]


def _broken(error: Broke | Limited) -> str:
    return f"too deep or too large to be read here ({error})"


class _Where:
    """From places in the text that Lean read to places in the completion."""

    def __init__(self, scope: str, statement: str, reading: Reading, proof: Proof) -> None:
        before = scope + statement + reading.joint
        body = reading.indented
        self.text = Text(before + body + "\n")
        self._reading, self._proof = reading, proof
        self._start, self._end = len(before), len(before) + len(body)
        self._lines = Text(proof.text)

    def named(self, at: int) -> str:
        """`line 2, column 5: ` of the proof's own text."""
        line, column = self._lines.position(self._inside(at))
        return f"line {line}, column {column}: "

    def _inside(self, at: int) -> int:
        return self._reading.written(min(max(at, self._start), self._end) - self._start)

    def shifted(self, steps: tuple[Step, ...]) -> tuple[Step, ...]:
        """The same steps as spans of the completion."""
        moved: list[Step] = []
        for step in steps:
            start, end = (self._proof.start + self._inside(at) for at in (step.start, step.end))
            moved.append(step.model_copy(update={"start": start, "end": end}))
        return tuple(moved)
