"""From what a data set says is expected (a label) to a problem, for every trainer's adapter and protocol.

| label | problem |
|---|---|
| `{"problem_id": "p..."}` | the registered one |
| `{"verifier": "code", "reference": {...}}` | that one; without `verifier` for the judge that the caller names |
| tests in a form of `verifiers.expected.tests`, for the judge code or math | these, for the code judge |
| any other JSON object | the reference, for the judge that the caller names |
| any other text or number | `{"answer": label}`, for the math judge or a team's own |
| null | none: only a team's own judge can do without |

An object or list may come as such or as a JSON string.
"""

from __future__ import annotations

import math
from numbers import Number
from typing import Any

from pydantic import ValidationError

from services.schemas import Labels, ScoredCompletion, ScoreItem, ScoreProblem, faults
from verifiers import user
from verifiers.expected.labels import plain_answer
from verifiers.expected.tests import code_reference, unpacked
from verifiers.types import FinishReason, Json


class BadLabel(ValueError):
    """A label is no problem; the message names the remedy, and does not repeat the label."""


def item_of(
    number: int,
    label: Any,
    verifier: str,
    completion: str,
    *,
    prompt: str | None = None,
    finish_reason: FinishReason = "stop",
    labels: Labels | None = None,
) -> ScoreItem:
    """One answer to judge; its id is its number in the batch, `labels` are of its run. Raises BadLabel."""
    judged = ScoredCompletion(text=completion, finish_reason=finish_reason)
    found = _read(label)
    try:
        if isinstance(found, dict) and set(found) == {"problem_id"}:
            return ScoreItem(id=str(number), problem_id=found["problem_id"], completion=judged, labels=labels)
        if isinstance(found, dict) and "reference" in found and set(found) <= {"verifier", "reference"}:
            judge = found.get("verifier", verifier)
            problem = ScoreProblem(verifier=judge, reference=found["reference"], prompt=prompt)
        elif (tests := _tests(number, found, verifier)) is not None:
            problem = ScoreProblem(verifier="code", reference=tests, prompt=prompt)
        else:
            problem = ScoreProblem(verifier=verifier, reference=_reference(number, found, verifier), prompt=prompt)
    except ValidationError as error:
        raise BadLabel(f"label {number}: {faults(error, 1)}") from None
    return ScoreItem(id=str(number), problem=problem, completion=judged, labels=labels)


def _read(label: Any) -> Any:
    """A JSON object in a string as an object."""
    found = unpacked(label)
    return found if isinstance(found, dict) else label


def _tests(number: int, label: Any, verifier: str) -> Json | None:
    """The reference for the code judge that a label is, where it may be one."""
    if verifier not in ("code", "math"):
        return None
    try:
        return code_reference(label)
    except ValueError as error:
        raise BadLabel(f"label {number}: {error}") from None


def _reference(number: int, label: Any, verifier: str) -> Json:
    if isinstance(label, dict):
        return label
    is_users = user.is_user_spec(verifier)
    if label is None and is_users:
        return {"answer": None}
    if label is None:
        raise BadLabel(f"label {number} is null: nothing to judge against; send the problem's expected answer")
    if isinstance(label, bool) or not isinstance(label, str | Number):
        raise BadLabel(f"label {number} is a {type(label).__name__}: send a text, a number or a JSON object")
    if isinstance(label, float) and not math.isfinite(label):
        raise BadLabel(f"label {number} is {label}, as a table says that there is none: send a text or a number")
    if verifier != "math" and not is_users:
        raise BadLabel(f"label {number} is no JSON object: the judge {verifier!r} needs its reference as one")
    answer = None if is_users else plain_answer(label)
    return {"answer": str(label) if answer is None else answer}
