"""Why a verdict came out so, in words for a person who has not read the code. The words are in explanations.toml."""

from __future__ import annotations

import functools
import re
import tomllib
from importlib import resources
from typing import Any

from services.stored import Explanation
from verifiers.types import Status, Verdict


def explain(verdict: Verdict) -> Explanation:
    """The explanation of any verdict; it holds no more than the verdict does, so no expected value."""
    if verdict.status is Status.ERROR:
        failures = _texts()["failures"]
        text = failures.get(verdict.failure_kind, failures["other"])
        reason = verdict.failure_reason or verdict.failure_kind
        why = f"{reason}. The sample is masked: it is not a zero and counts nowhere."
        return Explanation(headline=text["headline"], why=why, remedy=text["remedy"])
    for text in _candidates(verdict):
        if found := re.search(text.get("pattern", ""), verdict.detail):
            headline = text["headline"].format(**found.groupdict())
            return Explanation(headline=headline, why=_why(verdict), remedy=text["remedy"])
    raise AssertionError("every status has an entry below [[any]]")


def _candidates(verdict: Verdict) -> list[dict[str, str]]:
    of_judge = _texts().get(verdict.verifier, {}).get(verdict.status.value, [])
    return [*of_judge, *_texts()["any"][verdict.status.value]]


@functools.cache
def _texts() -> dict[str, Any]:
    return tomllib.loads((resources.files("services") / "explanations.toml").read_text("utf-8"))


def _why(verdict: Verdict) -> str:
    parts = []
    if verdict.verifier in ("math", "gym") and verdict.extracted is not None:
        parts.append(f"The answer that was read is {verdict.extracted!r}.")
    if verdict.detail:
        parts.append(f"The judge says: {verdict.detail}.")
    if verdict.steps:
        accepted = sum(step.status == "accepted" for step in verdict.steps)
        parts.append(f"{accepted} of {len(verdict.steps)} steps were accepted.")
    return " ".join(parts)
