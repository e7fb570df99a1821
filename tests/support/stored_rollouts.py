"""Samples of runs, put into a store without a service."""

from __future__ import annotations

import time

from services import rollouts
from services.samples import Sample, new_id
from services.schemas import Labels
from services.store import Store
from verifiers.types import Status, Verdict

CORRECT = Verdict.of(Status.CORRECT, verifier="math", verifier_version="v1")


def save(store: Store, labels: Labels, verdict: Verdict, *, tenant: str = "team", at: float | None = None) -> str:
    """A sample of a run with a verdict of its own; the verdict's id. Its completion is as long as its number."""
    at = time.time() if at is None else at
    made = Sample(
        id=new_id(at),
        at=at,
        tenant=tenant,
        answer="answer",
        problem="problem",
        reference={"answer": "42"},
        prompt="how much?",
        name="sum",
        completion="x" * (labels.sample or 0),
        finish_reason="stop",
        verdict=verdict,
    )
    row = rollouts.row_of(tenant, labels, verdict, made.id, chars=len(made.completion), number=0, now=at)
    store.save([made], [row]).result(30)
    return made.id
