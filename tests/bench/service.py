"""The reward service under load, over HTTP on this machine, with its store on.

`python -m tests.bench.service [--overload-seconds N]`. The last line is one JSON object:

* `verdicts_per_s`: batches of 512 completions of the demo's arithmetic, in requests of 64, no answer twice;
* `of_pool_rate`: math, code and Lean mixed, over HTTP against the judge pool without it, by turns in one run;
* `p50_ms`, `p99_ms`: one request with one answer after the other;
* `slow_clients_p50_ms`, `slow_clients_p99_ms`: the same while 1,000 clients are connected that say little, half of them
  a body byte by byte;
* `overload_accepted_p99_ms`, `accepted`, `refused`: 64 callers without patience, far more than the judges can do, for
  so many seconds after some to get warm; how long the accepted ones took, how many were refused (all with Retry-After);
* `peak_mib`, `grown_mib`: memory of the service and all below it in that time, pages that they share counted once; the
  most, and the median of the last quarter less that of the first;
* `recovery_s`: from the end of the overload until one answer takes what it took before.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import resource
import socket
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from rlcore.config.reward import RewardConfig
from rlcore.run.rewards import OwnRewardService
from tests.bench.material import lean_proofs, programs
from tests.support.descendants import below
from verifiers.pool import Job, JudgePool

WORKERS = os.cpu_count() or 1
ROUNDS = 5
SLOW_CLIENTS = 1000
WARM_SECONDS, SAMPLE_SECONDS = 15.0, 2.0
_NUMBERS = itertools.count()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.service", description=str(__doc__).splitlines()[0])
    parser.add_argument("--overload-seconds", type=float, default=60.0)
    options = parser.parse_args()
    # A file for each slow client, here and in the service.
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(max(soft, 4 * SLOW_CLIENTS), hard), hard))
    with service() as (url, pid):
        result = math_rate(url) | of_pool(url) | latency(url) | slow_clients(url)
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


def slow_clients(url: str) -> dict[str, float]:
    """One request after the other beside clients that say little."""
    address = (str(urlsplit(url).hostname), urlsplit(url).port or 80)
    head = b"POST /v1/score HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n"
    stop = threading.Event()
    with ExitStack() as stack:
        clients = [stack.enter_context(socket.create_connection(address)) for _ in range(SLOW_CLIENTS)]
        trickling = clients[::2]
        for client in clients:
            client.sendall(head)
        for client in trickling:
            client.sendall(b"content-length: 100000\r\n\r\n{")

        def trickle() -> None:
            while not stop.wait(1.0):
                for client in trickling:
                    client.sendall(b" ")

        thread = threading.Thread(target=trickle)
        thread.start()
        found = latency(url, 500)
        stop.set()
        thread.join()
        for client in clients:
            client.setblocking(False)
            # Nothing to read: it was neither answered nor hung up on.
            with suppress(BlockingIOError):
                raise AssertionError(f"the slow clients were let go before the end: {client.recv(100)!r}")
    return {f"slow_clients_{name}": value for name, value in found.items()}


def overload(url: str, pid: int, seconds: float) -> dict[str, Any]:
    """Callers that do not wait when they are told to."""
    usual = latency(url, 200)["p99_ms"]
    jobs = [Job(verifier="code", text=text, reference=reference) for text, reference in programs.graded(16)]
    accepted: list[float] = []
    refused: list[str] = []
    others: list[int] = []
    stop = threading.Event()

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
    # Until all judges have been busy and their fork servers are up.
    time.sleep(WARM_SECONDS)
    accepted.clear()
    refused.clear()
    mebibytes = watched(pid, seconds)
    taken, sent_away = sorted(accepted), len(refused)
    stop.set()
    ended = time.perf_counter()
    while latency(url, 1)["p50_ms"] > max(2 * usual, 50.0):
        time.sleep(0.05)
    recovery = time.perf_counter() - ended
    for thread in threads:
        thread.join()
    assert not others, others[:10]
    quarter = max(len(mebibytes) // 4, 1)
    return {
        "overload_accepted_p99_ms": 1e3 * taken[len(taken) * 99 // 100],
        "accepted": len(taken),
        "refused": sent_away,
        "peak_mib": max(mebibytes),
        "grown_mib": statistics.median(mebibytes[-quarter:]) - statistics.median(mebibytes[:quarter]),
        "recovery_s": recovery,
    }


def watched(pid: int, seconds: float) -> list[float]:
    """The memory of a process and all below it, every other second."""
    found = []
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found.append(sum(_mebibytes(each) for each in (pid, *(process.pid for process in below(pid)))))
        time.sleep(max(min(SAMPLE_SECONDS, deadline - time.monotonic()), 0.0))
    return found


def _mebibytes(pid: int) -> float:
    """Of one process: its share of its resident pages, or all of them where the kernel does not tell."""
    try:
        with suppress(PermissionError):
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
            return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 2**10
        pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 2**20
    # It has ended since it was listed.
    except (FileNotFoundError, ProcessLookupError):
        return 0.0


if __name__ == "__main__":
    main()
