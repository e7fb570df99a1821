"""The reward service in a process of its own, and answers to send to it."""

import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import canary

from services.schemas import ScoreItem
from verifiers.types import Verdict


class Service:
    """`python -m services` in a process of its own."""

    def __init__(self, folder: Path, *arguments: str, port: int = 0) -> None:
        self.port_file = folder / f"port-{time.monotonic_ns()}"
        command = [sys.executable, "-m", "services", "--port", str(port), "--port-file", str(self.port_file)]
        if "--store" not in arguments:
            command += ["--store", f"sqlite:///{folder}/reward.db"]
        # A test run that is killed leaves no service behind.
        command.append("--exit-with-parent")
        self.process = subprocess.Popen(
            [*command, *arguments],
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
        )

    def wait_ready(self) -> str:
        deadline = time.monotonic() + 90
        while not self.port_file.exists():
            assert self.process.poll() is None, self.end()
            assert time.monotonic() < deadline, "not ready in time"
            time.sleep(0.02)
        self.port = int(self.port_file.read_text(encoding="ascii"))
        self.url = f"http://127.0.0.1:{self.port}"
        return self.url

    def server(self) -> int:
        """The process that serves, once the watchdog has one."""
        watchdog = self.process.pid
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            for pid in map(int, Path(f"/proc/{watchdog}/task/{watchdog}/children").read_text().split()):
                if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes():
                    return pid
            time.sleep(0.05)
        raise AssertionError("the watchdog has no server")

    def end(self, number: int = signal.SIGTERM) -> tuple[int, str]:
        """Send a signal; the exit code and what it wrote to stderr, which holds neither gold nor keys."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.ended(30)

    def ended(self, seconds: float = 60) -> tuple[int, str]:
        """As `end`, where it ends by itself."""
        # Before its stdin is closed, which would end it too.
        self.process.wait(seconds)
        _, errors = self.process.communicate(timeout=30)
        canary.check_log(errors)
        return self.process.returncode, errors


def items(count: int, verifier: str = "math") -> list[ScoreItem]:
    """Item i answers i; every other one is right."""
    return [
        ScoreItem.model_validate(
            {
                "id": f"item-{index}",
                "problem": {"verifier": verifier, "reference": {"answer": canary.GOLD if index % 2 else str(index)}},
                "completion": {"text": f"The answer is {index}"},
            }
        )
        for index in range(count)
    ]


def check(verdicts: Sequence[Verdict]) -> None:
    assert [verdict.reward for verdict in verdicts] == [1.0 - index % 2 for index in range(len(verdicts))]
    assert [verdict.extracted for verdict in verdicts] == [str(index) for index in range(len(verdicts))]
