"""The reward service that a run starts for itself on loopback, and starts again when it dies."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from rlcore.config.reward import RewardConfig

START_SECONDS = 120.0


class OwnRewardService:
    """A `python -m services` child process. It ends with this process, even when that is killed.

    Args:
        store: file for verdicts with their inputs; None keeps none.
    """

    def __init__(
        self,
        config: RewardConfig,
        *,
        user_functions: Sequence[str],
        say: Callable[[str], None],
        store: Path | None = None,
    ) -> None:
        self.config, self.user_functions, self.say, self.store = config, user_functions, say, store
        self._closing = threading.Event()
        # With one given, the service makes no first key, which it would print into the log of the run.
        key = os.environ.get("REWARD_ADMIN_KEY") or secrets.token_urlsafe(32)
        self._environment = os.environ | {"REWARD_ADMIN_KEY": key}
        self._folder = tempfile.TemporaryDirectory(prefix="rlcore-reward-")
        self._port_file = Path(self._folder.name) / "port"
        self._process = self._start(0)
        self.port = self._await_port()
        self._watcher = threading.Thread(target=self._watch, name="reward-service-watcher", daemon=True)
        self._watcher.start()

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    def _start(self, port: int) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "services", "--host", "127.0.0.1", "--port", str(port)]
        command += ["--port-file", str(self._port_file), "--workers", str(self.config.workers)]
        command += ["--deadline", str(self.config.deadline_seconds), "--exit-with-parent"]
        command += ["--store", f"sqlite:///{self.store.resolve()}" if self.store else "off"]
        for spec in self.user_functions:
            command += ["--user-function", spec]
        return subprocess.Popen(command, stdin=subprocess.PIPE, env=self._environment)

    def _await_port(self) -> int:
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end:
            if self._process.poll() is not None:
                raise RuntimeError(f"the reward service ended at once with exit code {self._process.returncode}")
            if self._port_file.exists():
                return int(self._port_file.read_text())
            time.sleep(0.05)
        raise RuntimeError(f"the reward service was not ready within {START_SECONDS:.0f} s")

    def _watch(self) -> None:
        while True:
            began = time.monotonic()
            code = self._process.wait()
            # One that dies at once would otherwise be started twice a second for ever.
            if self._closing.wait(0.5 if time.monotonic() - began > 10 else 5.0):
                return
            self.say(f"the reward service ended with exit code {code}: starting it again")
            self._process = self._start(self.port)

    def close(self) -> None:
        """End the service."""
        self._closing.set()
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
        self._watcher.join(5)
        self._folder.cleanup()
