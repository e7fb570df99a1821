"""What screening found out about references, kept on disk by content: a SQLite file that all runs of a user share."""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import platform
import sqlite3
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TypeVar

from verifiers import cache, registry
from verifiers.types import Json

log = logging.getLogger(__name__)

Result = TypeVar("Result")

# Part of every key: raise it when the rules of `rlcore.data.screening` change.
_RULES = 1
_SCHEMA = "CREATE TABLE IF NOT EXISTS screened (key BLOB PRIMARY KEY, reason TEXT NOT NULL) WITHOUT ROWID"
_AT_ONCE = 500
# Another run may be writing.
_WAIT_SECONDS = 10.0


def default_path() -> Path:
    """The file of this user."""
    return cache.folder() / "screened.sqlite3"


def key(verifier: str, reference: Json) -> bytes:
    """What a result depends on: the judge's name and version, the interpreter that tests run in, the reference."""
    parts = [_RULES, verifier, registry.version(verifier), platform.python_version(), reference]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).digest()


class ScreeningCache:
    """Key -> why the reference was dropped, "" where it was not. Processes may use it at the same time.

    Where the file cannot be used there is one warning, and nothing is remembered.

    Args:
        path: the file; its folder is made.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._usable = True

    def read(self, keys: Iterable[bytes]) -> dict[bytes, str]:
        """What is known."""
        wanted = list(keys)

        def select(connection: sqlite3.Connection) -> dict[bytes, str]:
            found: dict[bytes, str] = {}
            for start in range(0, len(wanted), _AT_ONCE):
                part = wanted[start : start + _AT_ONCE]
                marks = ",".join("?" * len(part))
                found.update(connection.execute(f"SELECT key, reason FROM screened WHERE key IN ({marks})", part))
            return found

        return self._do(select) or {}

    def write(self, reasons: Mapping[bytes, str]) -> None:
        """Keep these."""
        if reasons:
            rows = list(reasons.items())
            self._do(lambda connection: connection.executemany("INSERT OR REPLACE INTO screened VALUES (?, ?)", rows))

    def _do(self, action: Callable[[sqlite3.Connection], Result]) -> Result | None:
        """What the action gives, in one transaction; None, with a warning the first time, where the file fails."""
        if not self._usable:
            return None
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with contextlib.closing(sqlite3.connect(self._path, timeout=_WAIT_SECONDS)) as connection, connection:
                connection.execute(_SCHEMA)
                return action(connection)
        except (OSError, sqlite3.Error) as error:
            self._usable = False
            log.warning(
                "what is found out about references cannot be kept in %s (%s), so they are checked at every start: set "
                "XDG_CACHE_HOME to a folder that this user can write, or remove the file", self._path, error,
            )  # fmt: skip
            return None
