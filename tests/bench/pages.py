"""Seconds that pages and lists take over a large store.

`python -m tests.bench.pages [--steps N] [--store FILE]`: 1,200 verdicts with labels a step, 250 steps (300,000) if not
said otherwise, all of one run; and a smaller run to compare it with. Each address is asked six times: the first
answer and the median of the others, by the clock and of a processor, a line each.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import httpx

from services.store import Store

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

from run_samples import Run, fill

GROUP = "run=large&step=7&family=math&group=3+math-353"
ADDRESSES = (
    "/v1/runs",
    "/v1/verdicts",
    "/v1/verdicts?verifier=math",
    "/v1/verdicts?verifier=nowhere",
    "/v1/verdicts?status=wrong",
    "/v1/verdicts?status=rejected",
    "/v1/verdicts?version=nowhere",
    "/v1/verdicts?min_reward=0.6&max_reward=0.7",
    "/v1/verdicts?since=1",
    "/v1/verdicts?text=hens",
    "/v1/verdicts?text=nowhere",
    "/v1/verdicts?run=large",
    "/v1/verdicts?run=nowhere",
    "/v1/verdicts?step=7",
    "/v1/verdicts?family=lean",
    "/v1/verdicts?family=nowhere",
    "/v1/verdicts?group=nowhere",
    "/v1/verdicts?run=large&step=7",
    "/v1/verdicts?run=large&status=rejected",
    "/v1/verdicts?run=large&verifier=nowhere",
    "/v1/verdicts?run=large&text=nowhere",
    "/",
    "/?window=1d",
    "/samples",
    "/samples?run=large&family=lean&status=partial",
    "/compare",
    "/runs",
    "/run?run=large",
    "/run?run=large&order=spread",
    "/run?run=large&order=reward&family=lean",
    "/run?run=large&order=length&page=50",
    "/run?run=large&step=7",
    f"/group?{GROUP}",
    f"/group?{GROUP}&order=spread",
    "/runs/compare?a=large&b=small",
)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.pages", description=str(__doc__).splitlines()[0])
    parser.add_argument("--steps", type=int, default=250)
    parser.add_argument("--store", type=Path, help="is filled where it is not there, and kept")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        file = options.store or Path(folder) / "verdicts.db"
        if not file.exists():
            store = Store(f"sqlite:///{file}", megabytes=1 << 20)
            fill(store, Run("small"))
            fill(store, Run("large", steps=options.steps, groups=50, equal=0, thoughts=20, skill=0.1))
            store.close()
        for line in measured(file, Path(folder)):
            print(line, flush=True)


def measured(file: Path, folder: Path) -> Iterator[str]:
    """A line for each address."""
    ready = folder / "port"
    command = [sys.executable, "-m", "services", "--port", "0", "--port-file", str(ready), "--workers", "1"]
    command += ["--store", f"sqlite:///{file}", "--exit-with-parent", "--store-megabytes", str(1 << 20)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL)
    try:
        while not ready.exists():
            assert process.poll() is None, "the service did not start"
            time.sleep(0.1)
        url = f"http://127.0.0.1:{ready.read_text().strip()}"
        with httpx.Client(base_url=url, trust_env=False, timeout=120) as client:
            yield "first: ms   cpu  then: ms   cpu   bytes  status  address"
            for address in ADDRESSES:
                first, *others = (asked(client, address, process.pid) for _ in range(6))
                seconds, cpu = (statistics.median(each) for each in list(zip(*others, strict=True))[:2])
                answer = first[2]
                yield (
                    f"{first[0] * 1000:9.0f} {first[1] * 1000:5.0f} {seconds * 1000:9.0f} {cpu * 1000:5.0f}"
                    f" {len(answer.content):7}  {answer.status_code:<7} {address}"
                )
    finally:
        process.terminate()
        process.wait(30)


def asked(client: httpx.Client, address: str, service: int) -> tuple[float, float, httpx.Response]:
    """Seconds, those of a processor, and the answer."""
    began, used = time.perf_counter(), processor_seconds(service)
    answer = client.get(address)
    return time.perf_counter() - began, processor_seconds(service) - used, answer


def processor_seconds(service: int) -> float:
    """Of the watchdog's server, in ticks of 10 ms: on a busy machine they say more than the clock."""
    server = max(map(int, Path(f"/proc/{service}/task/{service}/children").read_text().split()))
    fields = Path(f"/proc/{server}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
