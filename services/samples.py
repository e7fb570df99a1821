"""Samples (judged answers with their inputs), what selects them, and how they become rows and come back."""

from __future__ import annotations

import hashlib
import json
import secrets
import time
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sql

from services import tables
from services.schemas import ScoreProblem
from verifiers.types import FinishReason, Json, Status, Verdict

ESCAPED = "\ue000json:"
"""Stands before a text that a database would not take as it is. It is for private use: no one's text starts with it by
chance, and one that does on purpose is escaped too.
"""


# Of a problem, beside its texts, with its entries in the indexes.
_ROW_BYTES = 200


@dataclass(frozen=True, slots=True)
class Sample:
    """One judged answer with its inputs, as it is kept.

    Attributes:
        answer: hash of what was judged, without the judge's version.
        problem: key of its problem.
        rescored: id of the verdict that this one judges again.
    """

    id: str
    at: float
    tenant: str
    answer: str
    problem: str
    reference: Json
    prompt: str | None
    name: str | None
    completion: str
    finish_reason: FinishReason
    verdict: Verdict
    rescored: str | None = None


@dataclass(frozen=True, slots=True)
class StoredProblem:
    """A problem as it is kept; its samples share it."""

    verifier: str
    reference: Json
    name: str | None
    prompt: str | None


@dataclass(frozen=True, slots=True)
class Filter:
    """Which samples; None is any.

    Attributes:
        before: samples older than this id (for the next page).
        text: occurs in the completion or in the problem's name.
        min_reward, max_reward: both ends belong to it; one without a reward is in no range.
        run, step, family, group: labels; with any of them it is rollouts that are listed.
    """

    tenant: str | None = None
    verifier: str | None = None
    status: str | None = None
    version: str | None = None
    since: float | None = None
    before: str | None = None
    text: str | None = None
    min_reward: float | None = None
    max_reward: float | None = None
    run: str | None = None
    step: int | None = None
    family: str | None = None
    group: str | None = None

    @property
    def is_labelled(self) -> bool:
        """Whether it asks for samples of runs."""
        return any(each is not None for each in (self.run, self.step, self.family, self.group))


def digest_of(reference: Json) -> str:
    """Of what it says, however its keys are ordered. Takes a while for one of megabytes."""
    return hashlib.sha256(json.dumps(reference, sort_keys=True).encode()).hexdigest()


def new_id(at: float) -> str:
    """Of a verdict of this time: sorts by time, cannot be guessed."""
    return id_at(at) + secrets.token_hex(8)


def id_at(at: float) -> str:
    """What ids of verdicts from this time on are not below."""
    return f"{max(int(at * 1000), 0):012x}"


DETERMINISTIC = tuple(status.value for status in (Status.CORRECT, Status.WRONG, Status.NO_ANSWER, Status.TRUNCATED))
"""Statuses that the same answer gets again: no clock, no limit and no failure had a part in them."""


def conditions(wanted: Filter, *, is_labelled: bool | None = None) -> list[sql.ColumnElement[bool]]:
    """A filter as conditions on verdicts joined with problems and, where it asks for labels, with rollouts."""
    verdict, rollout = tables.verdicts.c, tables.rollouts.c
    # What both have is asked of the table that has the indexes.
    listed = rollout if (wanted.is_labelled if is_labelled is None else is_labelled) else verdict
    tenant: sql.ColumnElement[str] = listed.tenant
    if listed is rollout and wanted.run is None:
        # Not by the index that begins with it: along the newest, SQLite would go through all of a tenant's each time.
        tenant = tenant + ""
    found: list[sql.ColumnElement[bool]] = [
        column == (storable(value) if isinstance(value, str) else value)
        for column, value in (
            (rollout.run, wanted.run),
            (tenant, wanted.tenant),
            (rollout.step, wanted.step),
            (rollout.family, wanted.family),
            (rollout.group, wanted.group),
            (listed.status, wanted.status),
            (verdict.verifier, wanted.verifier),
            (verdict.version, wanted.version),
        )
        if value is not None
    ]
    if wanted.min_reward is not None:
        found.append(listed.reward >= wanted.min_reward)
    if wanted.max_reward is not None:
        found.append(listed.reward <= wanted.max_reward)
    if wanted.since is not None:
        # An id sorts by time and has the index.
        found.append(listed.id >= id_at(wanted.since))
    if wanted.before is not None:
        found.append(listed.id < storable(wanted.before))
    if wanted.text:
        # As it is stored in the midst of others.
        text = json.dumps(wanted.text)[1:-1] if storable(wanted.text) != wanted.text else wanted.text
        name = tables.problems.c.name.contains(text, autoescape=True)
        found.append(sql.or_(verdict.completion.contains(text, autoescape=True), name))
    return found


def sample_of(row: sql.RowMapping, problem: StoredProblem) -> Sample:
    """From a row of verdicts."""
    return Sample(
        id=row["id"],
        at=row["at"],
        tenant=row["tenant"],
        answer=row["answer"],
        problem=row["problem"],
        reference=problem.reference,
        prompt=problem.prompt,
        name=problem.name,
        completion=restored(row["completion"]),
        finish_reason=row["finish_reason"],
        verdict=Verdict.model_validate_json(restored(row["verdict"])),
        rescored=row["rescored"],
    )


def problem_of(row: sql.RowMapping) -> StoredProblem:
    """From a row of problems."""
    name, prompt = (None if row[column] is None else restored(row[column]) for column in ("name", "prompt"))
    return StoredProblem(row["verifier"], json.loads(row["reference"]), name, prompt)


def verdict_row(sample: Sample) -> dict[str, Any]:
    verdict = sample.verdict
    return {
        "id": sample.id,
        "at": sample.at,
        "tenant": sample.tenant,
        "answer": sample.answer,
        "problem": sample.problem,
        "verifier": verdict.verifier,
        "version": verdict.verifier_version,
        "status": verdict.status.value,
        "reward": verdict.reward,
        "seconds": verdict.seconds,
        "finish_reason": sample.finish_reason,
        "completion": storable(sample.completion),
        "verdict": storable(verdict.model_dump_json()),
        "rescored": sample.rescored,
    }


def problem_row(
    tenant: str,
    key: str,
    verifier: str,
    reference: Json,
    prompt: str | None,
    name: str | None,
    registered: bool = False,
) -> dict[str, Any]:
    texts = {
        "name": None if name is None else storable(name),
        "verifier": verifier,
        "reference": json.dumps(reference),
        "prompt": None if prompt is None else storable(prompt),
    }
    size = _ROW_BYTES + sum(len(text.encode()) for text in texts.values() if text is not None)
    return {"key": key, "tenant": tenant, **texts, "registered": registered, "used": time.time(), "bytes": size}


def prompt_of(problem: ScoreProblem) -> str | None:
    """As one text."""
    if problem.prompt is None or isinstance(problem.prompt, str):
        return problem.prompt
    return "\n\n".join(f"{message.role}: {message.content}" for message in problem.prompt)


def storable(text: str) -> str:
    """A text that every database takes (PostgreSQL has no NUL, UTF-8 has no lone surrogates); see `restored`."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return ESCAPED + json.dumps(text)
    return ESCAPED + json.dumps(text) if "\x00" in text or text.startswith(ESCAPED) else text


def restored(text: str) -> str:
    """What `storable` was given."""
    return str(json.loads(text.removeprefix(ESCAPED))) if text.startswith(ESCAPED) else text
