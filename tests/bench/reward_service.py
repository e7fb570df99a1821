"""Items per second of the reward service on trivial arithmetic, against its own judge pool without HTTP.

`python -m tests.bench.reward_service`; the last line is JSON. Both sides run in one go, interleaved. The pool is the
limit: what HTTP, JSON and validation cost is the ratio.
"""

from __future__ import annotations

import json
import statistics
import time

from rlcore.config_sections import RewardConfig
from rlcore.reward_service import OwnRewardService
from services.client import RewardClient
from services.schemas import ScoredCompletion, ScoreItem, ScoreProblem
from verifiers.pool import Job, JudgePool

ITEMS = 2048
ROUNDS = 7
WORKERS = 2
TEXT = " 12*3=36, 7+36=43. The answer is 43"


def main() -> None:
    """Measure and print."""
    reference = {"answer": "43"}
    items = [
        ScoreItem(id=str(n), problem=ScoreProblem(reference=reference), completion=ScoredCompletion(text=TEXT))
        for n in range(ITEMS)
    ]
    jobs = [Job(verifier="math", text=TEXT, reference=reference, finish_reason="stop") for _ in range(ITEMS)]
    service = OwnRewardService(RewardConfig(workers=WORKERS), user_functions=[], say=print)
    seconds: dict[str, list[float]] = {"http": [], "pool": []}
    try:
        with JudgePool(WORKERS, 5.0) as pool, RewardClient([service.url]) as client:
            for _ in range(ROUNDS):
                for name, call in (("http", lambda: client.score(items)), ("pool", lambda: pool.judge(jobs))):
                    began = time.perf_counter()
                    verdicts = call()
                    seconds[name].append(time.perf_counter() - began)
                    assert all(verdict.reward == 1.0 for verdict in verdicts)
    finally:
        service.close()
    rates = {name: ITEMS / statistics.median(times[1:]) for name, times in seconds.items()}
    result = {
        "items": ITEMS,
        "workers": WORKERS,
        "items_per_second": rates,
        "http_over_pool": rates["http"] / rates["pool"],
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
