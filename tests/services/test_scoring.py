"""Joining, deadlines and retries, with a pool whose verdicts the test gives."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, cast

import pytest

from services.admission import Admission
from services.asked import Asked
from services.keys import LOCAL
from services.metrics import Metrics
from services.schemas import ScoredCompletion, ScoreProblem
from services.scoring import Scorer, _Finished
from verifiers.pool import Call, Job, JudgePool
from verifiers.types import Status, Verdict

RIGHT = Verdict.of(Status.CORRECT, verifier="math", verifier_version="v")
BROKEN = Verdict.failed("worker", "it died", verifier="math", verifier_version="v")


class Pool:
    """Judges nothing; `calls` are what it was given."""

    def __init__(self) -> None:
        self.calls: list[tuple[list[str], Call]] = []
        self.given_up: list[Call] = []

    def submit(
        self, jobs: Sequence[Job], *, on_verdict: Callable[[int, Verdict], None] | None = None, **_: Any
    ) -> Call:
        call = Call([None] * len(jobs), len(jobs), on_verdict=on_verdict)
        self.calls.append(([job.text for job in jobs], call))
        return call

    def give_up(self, call: Call) -> None:
        self.given_up.append(call)


@pytest.fixture
def pool() -> Pool:
    return Pool()


@pytest.fixture
def scorer(pool: Pool) -> Scorer:
    return Scorer(cast(JudgePool, pool), None, Admission(2, 60.0), Metrics(), 1000)


def asked(*texts: str) -> list[Asked]:
    problem = ScoreProblem(reference={"answer": "1"})
    return [Asked.of("team", problem, ScoredCompletion(text=text)) for text in texts]


async def score(scorer: Scorer, *texts: str, seconds: float = 30.0) -> list[Verdict]:
    return [one.verdict for one in await scorer.score(LOCAL, asked(*texts), deadline_seconds=seconds)]


def test_who_joins_has_his_verdict_before_the_whole_request_is_done(scorer: Scorer, pool: Pool) -> None:
    async def run() -> None:
        whole = asyncio.create_task(score(scorer, "short", "long"))
        await asyncio.sleep(0.05)
        joined = asyncio.create_task(score(scorer, "short"))
        await asyncio.sleep(0.05)
        assert [texts for texts, _ in pool.calls] == [["short", "long"]]
        pool.calls[0][1].set(0, RIGHT)
        assert await joined == [RIGHT]
        assert not whole.done()
        pool.calls[0][1].set(1, RIGHT)
        assert await whole == [RIGHT, RIGHT]

    asyncio.run(run())


def test_a_failure_is_judged_again_while_its_request_goes_on(scorer: Scorer, pool: Pool) -> None:
    async def run() -> None:
        whole = asyncio.create_task(score(scorer, "breaks", "long"))
        await asyncio.sleep(0.05)
        pool.calls[0][1].set(0, BROKEN)
        await asyncio.sleep(0.05)
        again = asyncio.create_task(score(scorer, "breaks"))
        await asyncio.sleep(0.05)
        assert [texts for texts, _ in pool.calls] == [["breaks", "long"], ["breaks"]]
        pool.calls[1][1].set(0, RIGHT)
        assert await again == [RIGHT]
        pool.calls[0][1].set(1, RIGHT)
        assert await whole == [BROKEN, RIGHT]

    asyncio.run(run())


def test_a_deadline_holds_while_the_judges_are_busy(scorer: Scorer, pool: Pool) -> None:
    async def run() -> None:
        began = time.monotonic()
        waiting = asyncio.create_task(score(scorer, "judged", "never", seconds=0.5))
        await asyncio.sleep(0.05)
        pool.calls[0][1].set(0, RIGHT)
        first, second = await waiting
        assert time.monotonic() - began < 5
        assert (first, second.failure_kind, second.mask_sample) == (RIGHT, "deadline", True)
        assert pool.given_up == [pool.calls[0][1]]

    asyncio.run(run())


def test_whoever_is_cancelled_leaves_the_joined_to_judge_for_themselves(scorer: Scorer, pool: Pool) -> None:
    async def run() -> None:
        whole = asyncio.create_task(score(scorer, "x"))
        await asyncio.sleep(0.05)
        joined = asyncio.create_task(score(scorer, "x"))
        await asyncio.sleep(0.05)
        whole.cancel()
        await asyncio.sleep(0.05)
        assert len(pool.calls) == 2 and pool.given_up == [pool.calls[0][1]]
        pool.calls[1][1].set(0, RIGHT)
        assert await joined == [RIGHT]

    asyncio.run(run())


def test_no_verdict_is_lost_between_threads() -> None:
    """Many threads tell while the loop takes; a wake-up for nothing is not taken for a deadline."""

    async def run() -> int:
        finished = _Finished(asyncio.get_running_loop())
        threads = [
            threading.Thread(target=lambda first: [finished.tell(first + n, RIGHT) for n in range(5000)], args=[at])
            for at in range(0, 20_000, 5000)
        ]
        for thread in threads:
            thread.start()
        seen: set[int] = set()
        while len(seen) < 20_000:
            part = await finished.some(1, time.monotonic() + 30)
            assert part, "a deadline that has not passed"
            seen |= part.keys()
        finished._there.set()
        late = await finished.some(1, time.monotonic() + 0.1)
        assert late == {}
        return len(seen)

    assert asyncio.run(run()) == 20_000
