"""Thousands of samples at once, each on a connection of its own, as slime's and miles' clients send them.

`python -m tests.bench.connections [--count N]`; at most 120 s, slime's patience. The last line is one JSON object:

* `right`, `wrong`, `refused`, `lost`: answers with the right reward, another one, an error status, and none at all;
* `p50_s`, `p99_s`, `longest_s`: from the wish to connect to the answer;
* `per_s`: answers a second.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import statistics
import tempfile
import time
from pathlib import Path

from rlcore.config.reward import RewardConfig
from rlcore.run.rewards import OwnRewardService

_PATIENCE_SECONDS = 120.0
_OTHER_FILES = 256


def main() -> None:
    """Print what became of the samples."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--count", type=int, default=3000)
    count = parser.parse_args().count
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, count + _OTHER_FILES), hard))
    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder) / "reward.db"
        service = OwnRewardService(RewardConfig(workers=os.cpu_count() or 1), user_functions=[], say=print, store=store)
        try:
            print(json.dumps(asyncio.run(_all(service.port, count))))
        finally:
            service.close()


async def _all(port: int, count: int) -> dict[str, float]:
    began = time.monotonic()
    found = await asyncio.gather(*(_one(port, number) for number in range(count)))
    took = time.monotonic() - began
    seconds = sorted(each for _, each in found)
    statuses = [status for status, _ in found]
    return {
        **{status: statuses.count(status) for status in ("right", "wrong", "refused", "lost")},
        "p50_s": round(statistics.median(seconds), 2),
        "p99_s": round(seconds[int(len(seconds) * 0.99)], 2),
        "longest_s": round(seconds[-1], 2),
        "per_s": round(count / took, 1),
    }


async def _one(port: int, number: int) -> tuple[str, float]:
    """What became of a sample, and after how many seconds. Every other answer is right."""
    expected = number % 2
    body = json.dumps({"prompt": "q", "response": rf"\boxed{{{number}}}", "label": str(number + 1 - expected)}).encode()
    head = f"POST /slime HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\ncontent-type: application/json\r\n"
    began = time.monotonic()
    status = "lost"
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(f"{head}connection: close\r\ncontent-length: {len(body)}\r\n\r\n".encode() + body)
            answer = await reader.read()
            writer.close()
        if answer:
            is_right = answer.rpartition(b"\r\n\r\n")[2] == str(float(expected)).encode()
            status = ("right" if is_right else "wrong") if answer.startswith(b"HTTP/1.1 200 ") else "refused"
    except (OSError, TimeoutError):
        pass
    return status, time.monotonic() - began


if __name__ == "__main__":
    main()
