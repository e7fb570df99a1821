"""Processes that a test watches by their ids."""

from __future__ import annotations

import time
from pathlib import Path


def gone(pid: int, seconds: float = 20) -> bool:
    """Whether the process ends (a zombie has) within so many seconds."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()[0] == "Z":
                return True
        except (FileNotFoundError, ProcessLookupError):
            return True
        time.sleep(0.05)
    return False
