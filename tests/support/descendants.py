"""The processes below one, as /proc tells: what a judge pool has started, down to the programs under test."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path

# Words on a command line by which each kind is known; the first that fits counts.
_KINDS = {
    "worker": b"verifiers.worker",
    "bubblewrap": b"--disable-userns",
    "fork server": b"fork_server",
    "supervisor": b"verifiers.sandbox.supervisor",
}


@dataclass(frozen=True, slots=True)
class Process:
    """One process; a program under test has the command line of the fork server that forked it.

    Attributes:
        kind: "worker", "bubblewrap", "fork server", "supervisor", "program" or "other".
        rss_bytes: resident memory.
        started: clock ticks after boot; with `pid` it names the process even after the number is used again.
    """

    pid: int
    parent: int
    state: str
    kind: str
    rss_bytes: int
    started: int

    @property
    def alive(self) -> bool:
        """Whether this very process still runs (a zombie does not)."""
        now = _read(self.pid)
        return now is not None and now.started == self.started and now.state != "Z"


def below(pid: int | None = None) -> list[Process]:
    """Every process below this one (by default our own), parents first."""
    everything = [process for entry in os.listdir("/proc") if entry.isdigit() and (process := _read(int(entry)))]
    children: dict[int, list[Process]] = {}
    for process in everything:
        children.setdefault(process.parent, []).append(process)
    found: list[Process] = []
    waiting = [(os.getpid() if pid is None else pid, "")]
    while waiting:
        parent, kind = waiting.pop()
        for process in children.get(parent, []):
            mine = "program" if kind in ("fork server", "program") and process.kind == "fork server" else process.kind
            found.append(Process(process.pid, parent, process.state, mine, process.rss_bytes, process.started))
            waiting.append((process.pid, mine))
    return found


def still_alive(processes: list[Process], seconds: float) -> list[Process]:
    """Those that have not ended so many seconds from now."""
    deadline = time.monotonic() + seconds
    while (left := [process for process in processes if process.alive]) and time.monotonic() < deadline:
        time.sleep(0.05)
    return left


def _read(pid: int) -> Process | None:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="latin-1").rsplit(")", 1)[1].split()
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return None
    kind = next((kind for kind, words in _KINDS.items() if words in command), "other")
    pages = os.sysconf("SC_PAGE_SIZE")
    return Process(pid, int(fields[1]), fields[0], kind, int(fields[21]) * pages, int(fields[19]))
