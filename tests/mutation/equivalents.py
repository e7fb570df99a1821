"""The mutants that no test can kill, because they are no change: each with its reason, in a file that is checked."""

from __future__ import annotations

import tomllib
from collections.abc import Set
from dataclasses import dataclass
from pathlib import Path

Key = tuple[str, str, str]


class StaleEntry(Exception):
    """An entry that fits no mutant, or one that a test kills."""


@dataclass(frozen=True)
class Equivalents:
    """Reasons by the file (relative to the root) and the mutant's key: function, statement before and after."""

    reasons: dict[tuple[str, Key], str]

    @classmethod
    def read(cls, path: Path) -> Equivalents:
        """From TOML: a table for each file, in it a list for each function, of {before, after, reason}.

        Raises:
            StaleEntry: the same mutant twice, or an entry without a reason.
        """
        reasons: dict[tuple[str, Key], str] = {}
        for file, functions in tomllib.loads(path.read_text(encoding="utf-8")).items():
            for function, entries in functions.items():
                for entry in entries:
                    known = (file, (function, entry["before"], entry["after"]))
                    if known in reasons or not entry.get("reason", "").strip():
                        raise StaleEntry(f"{path.name}: {file}, {entry['before']!r} needs one entry, with its reason")
                    reasons[known] = entry["reason"]
        return cls(reasons)

    def reason(self, file: str, key: Key) -> str | None:
        """Why this mutant is none, or None where it is not in the list."""
        return self.reasons.get((file, key))

    def check(self, file: str, mutants: Set[Key]) -> None:
        """Raise StaleEntry where an entry of this file fits none of its mutants."""
        stale = [key for where, key in self.reasons if where == file and key not in mutants]
        if stale:
            lines = "\n".join(f"  {function}: {before}  ->  {after}" for function, before, after in stale)
            raise StaleEntry(f"equivalent.toml: {file} has no such mutant (any more); take these entries out:\n{lines}")
