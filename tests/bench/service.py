"""The reward service under load, over HTTP on this machine, with its store on.

`python -m tests.bench.service [--overload-seconds N]`. The last line is one JSON object:

* `verdicts_per_s`: batches of 512 completions of the demo's arithmetic, in requests of 64, no answer twice;
* `of_pool_rate`: math, code and Lean mixed, over HTTP against the judge pool without it, by turns in one run;
* `p50_ms`, `p99_ms`: one request with one answer after the other;
* `overload_accepted_p99_ms`, `refused`, `grown_mib`: 64 callers without patience, far more than the judges can do, for
  so many seconds; how long the accepted ones took, how many were refused (all with Retry-After), how much more memory
  the service has afterwards; `recovery_s`: from their end until one answer takes what it took before.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from rlcore.config_sections import RewardConfig
from rlcore.reward_service import OwnRewardService
from tests.bench.material import lean_proofs, programs
from verifiers.pool import Job, JudgePool

WORKERS = os.cpu_count() or 1
ROUNDS = 5
_NUMBERS = itertools.count()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.service", description=str(__doc__).splitlines()[0])
    parser.add_argument("--overload-seconds", type=float, default=60.0)
    options = parser.parse_args()
    with service() as (url, pid):
        result = math_rate(url) | of_pool(url) | latency(url)
        print(json.dumps(result), flush=True)
    os.environ["REWARD_MAX_BACKLOG_SECONDS"] = "2"
    with service() as (url, pid):
        result |= overload(url, pid, options.overload_seconds)
    print(json.dumps(result))


@contextmanager
def service() -> Iterator[tuple[str, int]]:
    """A service with a store, and the process to watch."""
    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder) / "reward.db"
        running = OwnRewardService(RewardConfig(workers=WORKERS), user_functions=[], say=print, store=store)
        try:
            yield running.url, running._process.pid
        finally:
            running.close()


def fresh(jobs: Sequence[Job]) -> list[Job]:
    """The same answers, each with a text of its own, so that no cache knows them."""
    return [job.model_copy(update={"text": f"Attempt {next(_NUMBERS)}.\n{job.text}"}) for job in jobs]


def body(jobs: Sequence[Job]) -> bytes:
    """A request."""
    items = [
        {
            "id": str(number),
            "problem": {"verifier": job.verifier, "reference": job.reference},
            "completion": {"text": job.text},
        }
        for number, job in enumerate(jobs)
    ]
    return json.dumps({"items": items}).encode()


def post(http: httpx.Client, url: str, content: bytes) -> httpx.Response:
    """One request."""
    return http.post(f"{url}/v1/score", content=content, headers={"content-type": "application/json"}, timeout=300)


def rewards(response: httpx.Response) -> list[float]:
    """Of an answer that must be there."""
    assert response.status_code == 200, response.text
    return [result["verdict"]["reward"] for result in response.json()["results"]]


def arithmetic(count: int) -> list[Job]:
    """What the demo's policy writes."""
    return [
        Job(
            verifier="math",
            text=f" {n}*3={3 * n}, 7+{3 * n}={3 * n + 7}. The answer is {3 * n + 7}",
            reference={"answer": str(3 * n + 7)},
        )
        for n in range(count)
    ]


def math_rate(url: str) -> dict[str, float]:
    """Verdicts per second; requests of a batch go out side by side."""
    rates = []
    with httpx.Client(trust_env=False) as http, ThreadPoolExecutor(8) as threads:
        for number in range(ROUNDS + 1):
            batches = [fresh(arithmetic(512)) for _ in range(8)]
            bodies = [body(batch[start : start + 64]) for batch in batches for start in range(0, 512, 64)]
            began = time.perf_counter()
            done = [rewards(response) for response in threads.map(lambda content: post(http, url, content), bodies)]
            seconds = time.perf_counter() - began
            assert all(reward == 1.0 for part in done for reward in part)
            if number:
                rates.append(512 * 8 / seconds)
    return {"verdicts_per_s": statistics.median(rates)}


def of_pool(url: str) -> dict[str, float]:
    """The same mixed work by turns: over HTTP, and by the pool alone."""
    code = [Job(verifier="code", text=text, reference=reference) for text, reference in programs.graded(60)]
    lean = [Job(verifier="lean", text=text, reference=reference) for text, reference in lean_proofs.proofs(60)]
    mixed = [job for three in zip(arithmetic(60), code, lean, strict=True) for job in three]
    seen: dict[str, list[float]] = {"http": [], "pool": []}
    with JudgePool(WORKERS, 5.0) as pool, httpx.Client(trust_env=False) as http, ThreadPoolExecutor(3) as threads:
        for number in range(ROUNDS + 1):
            jobs = fresh(mixed)
            began = time.perf_counter()
            assert all(verdict.reward == 1.0 for verdict in pool.judge(jobs))
            between = time.perf_counter()
            parts = [body(jobs[start : start + 60]) for start in range(0, len(jobs), 60)]
            done = [rewards(response) for response in threads.map(lambda content: post(http, url, content), parts)]
            ended = time.perf_counter()
            assert all(reward == 1.0 for part in done for reward in part)
            if number:
                seen["pool"].append(len(jobs) / (between - began))
                seen["http"].append(len(jobs) / (ended - between))
    rates = {name: statistics.median(values) for name, values in seen.items()}
    return {"of_pool_rate": rates["http"] / rates["pool"], "mixed_per_s": rates["http"]}


def latency(url: str, count: int = 1000) -> dict[str, float]:
    """One request with one answer after the other."""
    taken = []
    with httpx.Client(trust_env=False) as http:
        for content in [body([job]) for job in fresh(arithmetic(count))]:
            began = time.perf_counter()
            rewards(post(http, url, content))
            taken.append(time.perf_counter() - began)
    taken.sort()
    return {"p50_ms": 1e3 * taken[count // 2], "p99_ms": 1e3 * taken[count * 99 // 100]}


def overload(url: str, pid: int, seconds: float) -> dict[str, Any]:
    """Callers that do not wait when they are told to."""
    usual = latency(url, 200)["p99_ms"]
    jobs = [Job(verifier="code", text=text, reference=reference) for text, reference in programs.graded(16)]
    accepted: list[float] = []
    refused: list[str] = []
    others: list[int] = []
    stop = threading.Event()
    before = _mebibytes(pid)

    def call() -> None:
        with httpx.Client(trust_env=False) as http:
            while not stop.is_set():
                content = body(fresh(jobs))
                began = time.perf_counter()
                response = post(http, url, content)
                if response.status_code == 200:
                    accepted.append(time.perf_counter() - began)
                elif response.status_code in (429, 503) and "retry-after" in response.headers:
                    refused.append(response.headers["retry-after"])
                    # A tenth of what it was told, at least.
                    time.sleep(0.05)
                else:
                    others.append(response.status_code)

    threads = [threading.Thread(target=call) for _ in range(64)]
    for thread in threads:
        thread.start()
    time.sleep(seconds)
    stop.set()
    ended = time.perf_counter()
    while latency(url, 1)["p50_ms"] > max(2 * usual, 50.0):
        time.sleep(0.05)
    recovery = time.perf_counter() - ended
    for thread in threads:
        thread.join()
    assert not others, others[:10]
    accepted.sort()
    return {
        "overload_accepted_p99_ms": 1e3 * accepted[len(accepted) * 99 // 100],
        "accepted": len(accepted),
        "refused": len(refused),
        "grown_mib": _mebibytes(pid) - before,
        "recovery_s": recovery,
    }


def _mebibytes(pid: int) -> float:
    """Resident memory of a process and all below it."""
    pids, total = [pid], 0
    for each in pids:
        status = Path(f"/proc/{each}/statm").read_text(encoding="ascii")
        total += int(status.split()[1]) * os.sysconf("SC_PAGE_SIZE")
        for task in Path(f"/proc/{each}/task").iterdir():
            pids += map(int, (task / "children").read_text(encoding="ascii").split())
    return total / 2**20


if __name__ == "__main__":
    main()
