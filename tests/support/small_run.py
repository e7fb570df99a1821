"""A run of the small variant as a child process, and what it found out."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent.parent
SMALL = REPOSITORY / "deploy" / "runs" / "small.toml"


@dataclass
class Run:
    """A pipeline process and what it printed."""

    process: subprocess.Popen[bytes]
    log: Path

    def wait(self, seconds: float = 300) -> int:
        return self.process.wait(seconds)

    def text(self) -> str:
        return self.log.read_text(errors="replace")

    def wait_for(self, text: str, seconds: float = 240) -> None:
        """Until it has printed the text."""
        self._wait_until(lambda: text in self.text(), repr(text), seconds, pause=0.02)

    def wait_for_path(self, path: Path, seconds: float = 240) -> None:
        """Until the path exists, noticed within milliseconds: a test that kills then wants little done after it."""
        self._wait_until(path.exists, str(path), seconds, pause=0.005)

    def _wait_until(self, happened: Callable[[], bool], what: str, seconds: float, *, pause: float) -> None:
        end = time.monotonic() + seconds
        while not happened():
            assert self.process.poll() is None, f"ended with {self.process.returncode}:\n{self.text()[-3000:]}"
            assert time.monotonic() < end, f"no {what} within {seconds} s:\n{self.text()[-3000:]}"
            time.sleep(pause)

    def kill(self) -> None:
        """kill -9, by its process id."""
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait()


Start = Callable[..., Run]


TIMES = ("time/", "tokens_per_second")


def results(folder: Path) -> dict[str, object]:
    """Everything a run found out, without what the clock says."""
    metrics = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    for record in metrics:
        record.pop("time")
        record["values"] = {
            name: value for name, value in record["values"].items() if not any(part in name for part in TIMES)
        }
    evals = {path.stem: json.loads(path.read_text()) for path in sorted((folder / "eval").glob("*.json"))}
    return {
        "metrics": sorted(metrics, key=lambda record: (record["stage"], record["step"])),
        "eval": evals,
        "filter": json.loads((folder / "filter.json").read_text()),
    }
