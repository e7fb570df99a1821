"""One answer that is asked about, and what became of it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from services.samples import Sample, digest_of, new_id, prompt_of
from services.schemas import ScoredCompletion, ScoreProblem
from services.store import Store
from verifiers.pool import Job
from verifiers.types import Verdict


@dataclass(frozen=True, slots=True)
class Asked:
    """One answer to judge.

    Attributes:
        digest: of the reference, see `services.samples.digest_of`.
        answer_key: hash of what is judged, below one tenant. It stays here: whoever has it could try out references.
        sent: the caller sent the reference, rather than naming a registered problem.
        rescored: id of the verdict that is judged again.
    """

    tenant: str
    problem: ScoreProblem
    completion: ScoredCompletion
    digest: str
    answer_key: str
    sent: bool
    rescored: str | None

    @classmethod
    def of(
        cls,
        tenant: str,
        problem: ScoreProblem,
        completion: ScoredCompletion,
        *,
        digest: str = "",
        sent: bool = False,
        rescored: str | None = None,
    ) -> Asked:
        """With its key; `digest` saves making one where many answers are to one problem."""
        digest = digest or digest_of(problem.reference)
        # Which prompt it was does not matter to a judge: the same answer to the same reference is judged once.
        key = hashlib.sha256()
        for part in (tenant, problem.verifier, digest, completion.finish_reason, completion.text):
            data = part.encode("utf-8", "surrogatepass")
            key.update(len(data).to_bytes(8, "big") + data)
        return cls(tenant, problem, completion, digest, key.hexdigest()[:40], sent, rescored)

    @property
    def job(self) -> Job:
        """For the pool."""
        return Job(
            verifier=self.problem.verifier,
            text=self.completion.text,
            reference=self.problem.reference,
            finish_reason=self.completion.finish_reason,
        )

    def sample(self, store: Store, verdict: Verdict, now: float) -> Sample:
        """As it is kept."""
        return Sample(
            id=new_id(now),
            at=now,
            tenant=self.tenant,
            answer=self.answer_key,
            problem=store.problem_key(self.tenant, self.problem, self.digest),
            reference=self.problem.reference,
            prompt=prompt_of(self.problem),
            name=self.problem.id,
            completion=self.completion.text,
            finish_reason=self.completion.finish_reason,
            verdict=verdict,
            rescored=self.rescored,
        )


@dataclass(frozen=True, slots=True)
class Scored:
    """A verdict and, where it was stored, its id."""

    verdict: Verdict
    id: str | None
