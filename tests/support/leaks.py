"""What no verdict may say: tracebacks, paths of this machine, addresses in memory."""

from __future__ import annotations

import re
import sys
import tempfile
from pathlib import Path

from verifiers.types import Verdict

_ROOT = Path(__file__).resolve().parents[2]
_PATHS = (_ROOT, sys.prefix, sys.base_prefix, Path.home(), tempfile.gettempdir(), *("/usr", "/lib", "/proc", "/etc"))
_PATTERN = re.compile(
    r'Traceback|File "|(?:site|dist)-packages|\.pyc?\b|\bat 0x[0-9a-f]{6,}|'
    + "|".join(f"{re.escape(str(path))}/" for path in _PATHS if str(path) != "/")
)


def leaks(verdict: Verdict, text: str) -> list[str]:
    """What of that a verdict says; what the judged text says itself is quoted, not leaked."""
    said = [verdict.detail, verdict.failure_reason or "", verdict.failure_kind or "", verdict.verifier_version]
    said += [word for step in verdict.steps for word in (step.message, step.status)]
    return [found for word in said for found in _PATTERN.findall(word) if found not in text]
