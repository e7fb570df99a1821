"""A control group around one command of the slow lane: memory and processes of all of it together.

Used where this process may make one: a delegated or root-owned cgroup v2 with the controllers memory and pids, or the
v1 hierarchies of these. Without one, the limits of each process and RLIMIT_NPROC stand alone.
"""

from __future__ import annotations

import contextlib
import errno
import functools
import itertools
import os
import time
from pathlib import Path
from types import TracebackType
from typing import Self

_CONTROLLERS = ("memory", "pids")
_PREFIX = "rlcore-sandbox"
# The kernel lets go of a group a moment after its last process.
_REMOVE_TRIES, _REMOVE_SECONDS = 500, 0.001
_numbers = itertools.count()


@functools.cache
def parents() -> tuple[Path, ...]:
    """The directories in which groups can be made: one for v2, two (memory, pids) for v1, none if it is not allowed."""
    own = _own_groups()
    candidates: list[tuple[Path, ...]] = []
    if "" in own and (root := _mounted("cgroup2")):
        # A group with processes cannot share out its controllers, so ours become siblings of this process's own.
        candidates.append((_under(root, own[""]).parent if own[""] != "/" else root,))
    if all(name in own for name in _CONTROLLERS):
        roots = [_mounted("cgroup", name) for name in _CONTROLLERS]
        candidates.append(
            tuple(_under(root, own[name]) for root, name in zip(roots, _CONTROLLERS, strict=True) if root)
        )
    for directories in candidates:
        if directories and _works(directories):
            for directory in directories:
                _remove_stale(directory)
            return directories
    return ()


def _own_groups() -> dict[str, str]:
    """Controller -> path of this process's group; '' is v2."""
    try:
        lines = Path("/proc/self/cgroup").read_text(encoding="utf-8").splitlines()
    except OSError:
        return {}
    groups: dict[str, str] = {}
    for line in lines:
        _, controllers, path = line.split(":", 2)
        groups |= dict.fromkeys(controllers.split(","), path)
    return groups


def _mounted(kind: str, controller: str = "") -> Path | None:
    """Where a hierarchy is mounted. The last fields of a line are: - type source options."""
    try:
        lines = Path("/proc/self/mountinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return None
    for line in lines:
        before, _, after = line.partition(" - ")
        found, _, options = after.split(" ", 2)
        if found == kind and (not controller or controller in options.split(",")):
            return Path(before.split(" ")[4])
    return None


def _under(root: Path, path: str) -> Path:
    inside = root / path.lstrip("/")
    # In a container the path may be the host's, of which only the end is mounted.
    return inside if inside.is_dir() else root


def _works(directories: tuple[Path, ...]) -> bool:
    try:
        with Group(directories, memory_bytes=1 << 30, processes=8):
            return True
    except OSError:
        return False


def _remove_stale(parent: Path) -> None:
    """Groups of processes that were killed before they could tidy up."""
    for directory in parent.glob(f"{_PREFIX}-*-*"):
        if not Path("/proc", directory.name.split("-")[2]).exists():
            with contextlib.suppress(OSError):
                directory.rmdir()


class Group:
    """A group with limits, for as long as the context lasts. Raises OSError if it cannot be made.

    Args:
        directories: `parents()`.
        memory_bytes, processes: of all processes in it together.
    """

    def __init__(self, directories: tuple[Path, ...], *, memory_bytes: int, processes: int) -> None:
        name = f"{_PREFIX}-{os.getpid()}-{next(_numbers)}"
        self._directories = [parent / name for parent in directories]
        self._unified = len(directories) == 1
        self._memory_bytes = memory_bytes
        self._processes = processes

    def __enter__(self) -> Self:
        try:
            for directory in self._directories:
                directory.mkdir()
            memory, pids = self._directories[0], self._directories[-1]
            _write(memory / ("memory.max" if self._unified else "memory.limit_in_bytes"), self._memory_bytes)
            for swap, value in (("memory.swap.max", 0), ("memory.memsw.limit_in_bytes", self._memory_bytes)):
                if (memory / swap).exists():
                    _write(memory / swap, value)
            _write(pids / "pids.max", self._processes)
        except OSError:
            self._remove()
            raise
        return self

    def add(self, pid: int) -> None:
        """Put a process, and what it starts from now on, into the group."""
        for directory in self._directories:
            _write(directory / "cgroup.procs", pid)

    def open(self) -> list[int]:
        """Descriptors to which a process writes 0 to put itself into the group; the caller closes them."""
        return [os.open(directory / "cgroup.procs", os.O_WRONLY | os.O_CLOEXEC) for directory in self._directories]

    def out_of_memory(self) -> bool:
        """Whether the kernel has killed one of its processes for the group's memory."""
        name = "memory.events" if self._unified else "memory.oom_control"
        lines = (self._directories[0] / name).read_text(encoding="ascii").splitlines()
        return any(line.startswith("oom_kill ") and line.split()[1] != "0" for line in lines)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._remove()

    def _remove(self) -> None:
        for directory in self._directories:
            for _ in range(_REMOVE_TRIES):
                try:
                    directory.rmdir()
                except FileNotFoundError:
                    break
                except OSError as error:
                    if error.errno != errno.EBUSY:
                        raise
                    time.sleep(_REMOVE_SECONDS)
                else:
                    break


def _write(path: Path, value: int) -> None:
    # Unbuffered: the kernel's refusal shows at once, and here.
    descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.write(descriptor, str(value).encode())
    finally:
        os.close(descriptor)
