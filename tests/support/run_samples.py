"""Runs as a trainer leaves them in a store: steps of groups of answers, getting better as they go."""

from __future__ import annotations

import itertools
import random
import secrets
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from canary import GOLD

from services import rollouts
from services.samples import Sample, new_id
from services.schemas import Labels
from services.store import Store
from verifiers.types import Status, Step, Verdict

FAMILIES = ("math", "code", "lean")
_AT_ONCE = 4096
_THOUGHTS = (
    "Let $n$ be the number of hens; then $2n + 4 = 18$.",
    "We try small cases first, and see that each is larger than the one before.",
    "So the sum of both is \\frac{9}{2}, which we check once more.",
    "That cannot be: the remainder would be negative. Wait, we had divided by 3.",
)
_PROMPTS = {
    "math": "A farm has hens and cows, {n} heads and {m} legs. How many hens are there?",
    "code": "Read {n} numbers and print the sum of those above {m}.",
    "lean": "Prove: theorem step_{n} (a b : Nat) (h : a ≤ b) : a + {m} ≤ b + {m}",
}


@dataclass(frozen=True)
class Run:
    """A run of so many steps; at each so many groups of so many samples in each family.

    Attributes:
        skill: chance of a right answer at first; it grows by 0.6.
        equal: share of samples whose answer is that of the one before.
    """

    name: str
    steps: int = 30
    families: Sequence[str] = FAMILIES
    groups: int = 8
    samples: int = 8
    tenant: str = "local"
    skill: float = 0.2
    equal: float = 0.3
    thoughts: int = 8
    seed: int = 0


def fill(store: Store, run: Run) -> None:
    """Keep all of it; the last sample was judged just now."""
    made = _samples(run, random.Random(run.seed))
    while part := list(itertools.islice(made, _AT_ONCE)):
        unlike = {sample.id: sample for sample, _ in part}
        store.save(list(unlike.values()), [row for _, row in part]).result()


def _samples(run: Run, rng: random.Random) -> Iterator[tuple[Sample, dict[str, Any]]]:
    at = time.time() - run.steps * len(run.families) * run.groups * run.samples * 0.05
    for step, family, group in itertools.product(range(1, run.steps + 1), run.families, range(run.groups)):
        chance = min(max(run.skill + 0.6 * step / run.steps + rng.uniform(-0.4, 0.3), 0.02), 0.98)
        # The same problems come again.
        problem = f"{family}-{(step * run.groups + group) % (run.groups * 10)}"
        sample = None
        for number in range(run.samples):
            at += 0.05
            if sample is None or rng.random() >= run.equal:
                sample = _sample(run, family, problem, chance, rng, at)
            labels = Labels(
                run=run.name, step=step, family=family, group=f"{group} {problem}", sample=number, problem=problem
            )
            chars = len(sample.completion)
            verdict = sample.verdict
            yield sample, rollouts.row_of(run.tenant, labels, verdict, sample.id, chars=chars, number=number, now=at)


def _sample(run: Run, family: str, problem: str, chance: float, rng: random.Random, at: float) -> Sample:
    thoughts = "\n".join(rng.choices(_THOUGHTS, k=rng.randrange(3, run.thoughts)))
    answer = str(rng.randrange(90))
    text = f"{thoughts}\n\nThe answer is \\boxed{{{answer}}}."
    verdict = _verdict(family, rng.random() < chance, rng, len(text), answer)
    number = problem.rpartition("-")[2]
    return Sample(
        id=new_id(at),
        at=at,
        tenant=run.tenant,
        answer="a" + secrets.token_hex(16),
        problem=f"p-{run.tenant}-{problem}",
        reference={"answer": GOLD},
        prompt=_PROMPTS[family].format(n=number, m=2 * int(number)),
        name=problem,
        completion=text,
        finish_reason="length" if verdict.status is Status.TRUNCATED else "stop",
        verdict=verdict,
    )


def _verdict(family: str, is_right: bool, rng: random.Random, chars: int, answer: str) -> Verdict:
    said: dict[str, Any] = {
        "verifier": family,
        "verifier_version": family[:1] * 16,
        "seconds": round(rng.expovariate(200), 5),
    }
    fate = rng.random()
    if fate < 0.02:
        return Verdict.failed("crashed", "the judge process ended", **said)
    if fate < 0.05:
        return Verdict.of(Status.TRUNCATED, detail="cut off at the length limit", **said)
    if is_right:
        return Verdict.of(Status.CORRECT, extracted=answer, detail="compared exactly", **said)
    if family == "lean" and fate < 0.4:
        steps = (Step(start=0, end=chars // 2, status="accepted"), Step(start=chars // 2, end=chars, status="failed"))
        return Verdict.of(Status.PARTIAL, reward=0.5, steps=steps, detail="the second part fails", **said)
    return Verdict.of(Status.WRONG, extracted=answer, detail="another answer was expected", **said)
