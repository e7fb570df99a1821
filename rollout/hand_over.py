"""Where each version of the weights is handed over: in the memory of one node, or in a folder that all nodes see.

Both forms are a safetensors file, so an update is a path and a version, as small as the update info of vLLM's weight
transfer. `write` takes what a trainer gives there: names, dtypes and shapes first, then the tensors one by one, in a
pass that all ranks make together. A channel between GPUs would take the same two and give the engines another update.
"""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Literal

from torch import Tensor

from rollout.weights import TensorInfo, write_tensors

Form = Literal["auto", "file"]

MEMORY = Path("/dev/shm")
MEMORY_SHARE = 0.2
"""Of the memory's size, for all versions together: Ray keeps its objects there too, in up to 80 % of what is free."""
VERSIONS = 3
"""The one that is written, the one the workers hold, and the one before, which a refused update goes back to."""

_PREFIX = "rlcore-weights-"
_OVERFLOW = "overflow"


class HandOver:
    """Gives the path of each version; keeps the last two, and removes what runs that were killed left behind.

    Args:
        folder: on disk, seen by all nodes; a folder of its own is made in it.
        form: `auto` uses memory as long as `one_node` says that learner and rollout are on this machine.
        say: told in one line when the memory is too small.
    """

    def __init__(
        self,
        folder: Path,
        *,
        form: Form = "auto",
        one_node: Callable[[], bool],
        say: Callable[[str], None],
        memory: Path = MEMORY,
    ) -> None:
        for dead in folder.glob("weights-*"):
            shutil.rmtree(dead, ignore_errors=True)
        self._disk = Path(tempfile.mkdtemp(prefix="weights-", dir=folder))
        self._form, self._one_node, self._say = form, one_node, say
        self._root = memory
        self._memory: Path | None = None
        self._lock: int | None = None
        self._too_small = False
        if memory.is_dir():
            remove_dead(memory)

    def place(self, version: int) -> Path:
        """Where `version` is to be written (`write`); the versions before the previous one are removed."""
        folders = [self._disk] if self._memory is None else [self._disk, self._memory]
        for old in (file for folder in folders for file in folder.glob("*.safetensors")):
            if old.is_symlink() and not self._too_small:
                self._too_small = True
                self._say(
                    f"{self._root} is too small for {VERSIONS} versions of the weights: they are handed over in "
                    f"{self._disk} instead (give it more room, with docker: --shm-size)"
                )
            if int(old.stem) < version - 1:
                old.unlink()
        for torn in (file for folder in folders for file in folder.glob(".*.tmp")):
            torn.unlink()  # of a rank that was killed while it wrote: nobody writes now
        in_memory = self._form == "auto" and not self._too_small and self._root.is_dir() and self._one_node()
        return (self._claimed() if in_memory else self._disk) / f"{version}.safetensors"

    def close(self) -> None:
        """Remove everything."""
        shutil.rmtree(self._disk, ignore_errors=True)
        if self._memory is not None and self._lock is not None:
            shutil.rmtree(self._memory, ignore_errors=True)
            os.close(self._lock)
        self._memory = self._lock = None

    def _claimed(self) -> Path:
        while self._memory is None or self._lock is None:
            self._memory = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=self._root))
            # Another run may have taken it for a dead one's before it was locked; it is gone then.
            self._lock = _lock(self._memory)
            if self._lock is not None:
                (self._memory / _OVERFLOW).symlink_to(self._disk.absolute())
        return self._memory


def write(infos: Sequence[TensorInfo], tensors: Iterable[tuple[str, Tensor]], path: Path) -> dict[str, str]:
    """`write_tensors` to a path that `HandOver.place` gave.

    Where the memory has no room, the file is written to the disk and `path` becomes a link to it. No tensor has been
    asked for by then: the ranks make one pass.
    """
    disk = path.parent / _OVERFLOW
    if not disk.is_symlink():
        return write_tensors(infos, tensors, path)
    if VERSIONS * sum(info.bytes for info in infos) <= MEMORY_SHARE * shutil.disk_usage(path.parent).total:
        try:
            return write_tensors(infos, tensors, path, reserve=True)
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
    target = disk.resolve() / path.name
    prints = write_tensors(infos, tensors, target)
    path.unlink(missing_ok=True)
    path.symlink_to(target)
    return prints


def remove_dead(memory: Path) -> None:
    """Remove the folders of runs that ended without `close`: the lock of a process ends with it, however it ends.

    A process id would not do: containers that share the memory do not see each other's.
    """
    for folder in memory.glob(f"{_PREFIX}*"):
        lock = _lock(folder)
        if lock is not None:
            shutil.rmtree(folder, ignore_errors=True)
            os.close(lock)


def _lock(folder: Path) -> int | None:
    """A descriptor that locks the folder as long as it is open; None where another one does, or the folder is gone."""
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except (FileNotFoundError, PermissionError):
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.path.samestat(os.fstat(descriptor), folder.stat()):
            return descriptor
    except (BlockingIOError, FileNotFoundError):
        pass
    os.close(descriptor)
    return None
