"""The folder in which server processes count. It goes with the service, also with one that was killed."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

_PREFIX = "reward-metrics-"
_LOCK = "lock"
# One that is being made has no lock yet.
_FRESH_SECONDS = 60.0


@contextlib.contextmanager
def shared() -> Iterator[str]:
    """A new folder, removed at the end; what killed services left is removed first."""
    _remove_what_is_left(Path(tempfile.gettempdir()))
    with (
        tempfile.TemporaryDirectory(prefix=_PREFIX, ignore_cleanup_errors=True) as folder,
        (Path(folder) / _LOCK).open("wb") as lock,
    ):
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield folder


def _remove_what_is_left(parent: Path) -> None:
    for folder in parent.glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError):
            about = folder.lstat()
            if about.st_uid != os.geteuid() or not folder.is_dir() or folder.is_symlink():
                continue
            if not _is_held(folder / _LOCK, about.st_mtime):
                shutil.rmtree(folder, ignore_errors=True)


def _is_held(lock: Path, made: float) -> bool:
    """Whether a service lives that counts there. A lock goes with the process that has it."""
    if not lock.exists():
        return time.time() - made < _FRESH_SECONDS
    with lock.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False
