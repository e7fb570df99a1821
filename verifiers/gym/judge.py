"""The gym judge: an answer is right where the scorer that reasoning-gym brings for its family gives it a full score.

Reference: `{"family": "countdown", "entry": {"question": ..., "answer": ..., "metadata": {...}}}`, an entry of the
library as JSON, with an answer that is known to be right. Less than a full score is wrong, for it is given for trying.

Order: the reference is read, and its own answer must be right by the same steps; the final answer is found
(`verifiers.gym.extract`); it must have the form of an answer (`verifiers.gym.forms`), which keeps `eval` away from it
and asks what the scorer forgets; then the scorer is asked. Where the scorer raises, the answer is wrong: it takes its
own. Scorers run in the confined process of this lane, with its limits of CPU time and memory.
"""

from __future__ import annotations

import functools
import json

from verifiers.gym import families, forms, scorers
from verifiers.gym.extract import find_text, readings
from verifiers.types import Json, Status, Verdict

MAX_TEXT_CHARS = 400_000
MAX_ANSWER_CHARS = 20_000
# The longest of the library has 25,000. Entries are kept: without a bound they would take the memory of other answers.
MAX_ENTRY_CHARS = 1_000_000
_KEYS = {"question": str, "answer": str, "metadata": dict}


def judge(text: str, reference: Json, *, finish_reason: str) -> Verdict:
    """Judge one completion. Deterministic; call it through `verifiers.pool`, which has the limits."""
    family, entry = reference.get("family"), reference.get("entry")
    if problem := _shape_problem(family, entry):
        return Verdict.failed("bad_reference", problem)
    assert isinstance(family, str)
    if problem := scorers.load():
        return Verdict.failed("no_reasoning_gym", problem)
    try:
        sent = json.dumps(entry)
    except RecursionError:
        return Verdict.failed("bad_reference", f"the entry of {family} is nested too deeply")
    if len(sent) > MAX_ENTRY_CHARS:
        return Verdict.failed("bad_reference", f"the entry of {family} is longer than {MAX_ENTRY_CHARS} characters")
    if problem := _entry_problem(family, sent):
        return Verdict.failed("bad_reference", problem)
    if len(text) > MAX_TEXT_CHARS:
        return Verdict.of(Status.REJECTED, detail=f"the completion is longer than {MAX_TEXT_CHARS} characters")
    found = find_text(text)
    if finish_reason != "stop" and (found is None or not found.complete):
        return Verdict.of(Status.TRUNCATED, detail="cut off by length before a complete final answer")
    if found is None or not found.answer:
        reason = found.reason if found is not None else ""
        return Verdict.of(Status.NO_ANSWER, detail=reason or "there is no answer in the completion")
    if len(found.answer) > MAX_ANSWER_CHARS:
        detail = f"rule '{found.rule}': the answer is longer than {MAX_ANSWER_CHARS} characters"
        return Verdict.of(Status.REJECTED, detail=detail)
    said = [_said(family, reading, sent) for reading in readings(found.answer)]
    right = "" in said
    how = "a full score" if right else said[0]
    return Verdict.of(
        Status.CORRECT if right else Status.WRONG,
        extracted=found.answer[:200],
        detail=f"rule '{found.rule}': {how} by the scorer of {family}",
    )


def control(reference: Json) -> str:
    """A completion that says nothing: no family's answer is a pair of dashes."""
    return "<answer>--</answer>"


def reference_schema() -> Json:
    """What a reference may hold, as JSON schema."""
    types = {str: "string", dict: "object"}
    entry = {
        "type": "object",
        "properties": {key: {"type": types[kind]} for key, kind in _KEYS.items()},
        "required": list(_KEYS),
    }
    family = {"type": "string", "enum": sorted(families.FORMS)}
    return {"type": "object", "properties": {"family": family, "entry": entry}, "required": ["family", "entry"]}


def _shape_problem(family: object, entry: object) -> str:
    if not isinstance(family, str) or not isinstance(entry, dict):
        return 'reference needs "family", a name of reasoning-gym, and "entry", an entry of it'
    if family not in families.FORMS:
        why = families.REFUSED.get(family, "it is none that the gym judge knows")
        return f"the family {family[:60]!r} cannot be judged: {why}"
    wrong = [key for key, kind in _KEYS.items() if not isinstance(entry.get(key), kind)]
    if wrong:
        return f'the entry of {family} needs "question", "answer" (both texts) and "metadata" (an object)'
    return "" if entry["answer"].strip() else f"the entry of {family} has no answer of its own"


@functools.lru_cache(maxsize=64)
def _entry_problem(family: str, sent: str) -> str:
    """Why no answer can be judged against an entry, "" where its own answer is right."""
    entry = json.loads(sent)
    # An entry may come from anybody: what is missing in it, or of another type, shows where it is read.
    try:
        families.restored(family, entry)
        if problem := forms.reference_problem(family, entry):
            return problem
    except Exception as error:
        return f"the entry of {family} is broken: {type(error).__name__}"
    said = _said(family, entry["answer"], sent)
    return f"the answer in the entry of {family} is not right by its own scorer: {said}" if said else ""


def _said(family: str, answer: str, sent: str) -> str:
    """Why an answer has no full score; "" where it has one."""
    entry = families.restored(family, json.loads(sent))
    shown = families.shown(family, answer, entry)
    if shown is None:
        return "no form of a right answer"
    # Whatever an answer makes a scorer raise, memory and recursion included: it is that answer's doing, for the
    # scorer takes the entry's own.
    try:
        score = scorers.score(family, shown, entry)
    except Exception as error:
        return f"{type(error).__name__}"
    # Beyond 1 are errors of a scorer's arithmetic, and NaN is none.
    return "" if score == 1.0 else "no full score"
