"""From what trainers hand to reward functions to items of the API."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from services.schemas import ScoredCompletion, ScoreItem, ScoreProblem
from verifiers.types import FinishReason, Json


def problem_of(reference: Any, verifier: str) -> ScoreProblem:
    """A data set's expected value as a problem.

    A dict, or a text that is a JSON object, is the judge's reference as it stands; with the keys `verifier` and
    `reference` it names its judge too. Anything else is the answer of the math judge. Raises ValueError.
    """
    value = _as_object(reference)
    if isinstance(value, dict):
        if set(value) >= {"verifier", "reference"}:
            return ScoreProblem(verifier=value["verifier"], reference=value["reference"])
        return ScoreProblem(verifier=verifier, reference=value)
    if verifier != "math":
        raise ValueError(f"the judge {verifier!r} needs its reference as an object, got {type(value).__name__}")
    if value is None or isinstance(value, bool):
        raise ValueError(f"the expected answer is {value!r}: give a text or a number")
    return ScoreProblem(verifier="math", reference={"answer": str(value)})


def item_of(number: int, text: str, finish_reason: FinishReason, reference: Any, verifier: str) -> ScoreItem:
    """One item; its id is its number in the batch. Raises ValueError."""
    completion = ScoredCompletion(text=text, finish_reason=finish_reason)
    if isinstance(reference, dict) and set(reference) == {"problem_id"}:
        return ScoreItem(id=str(number), problem_id=reference["problem_id"], completion=completion)
    return ScoreItem(id=str(number), problem=problem_of(reference, verifier), completion=completion)


def text_of(completion: str | Sequence[Json]) -> str:
    """A completion's text: itself, or what the assistant says in a conversation."""
    if isinstance(completion, str):
        return completion
    return "".join(str(message.get("content") or "") for message in completion if message.get("role") == "assistant")


def _as_object(reference: Any) -> Any:
    if isinstance(reference, str) and reference.lstrip().startswith("{"):
        try:
            value = json.loads(reference)
        # A set, such as {1, 2}.
        except ValueError:
            return reference
        return value if isinstance(value, dict) else reference
    return reference
