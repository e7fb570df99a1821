"""Where what is costly to make is kept for the next process."""

from __future__ import annotations

import os
from pathlib import Path


def folder() -> Path:
    """Ours below XDG_CACHE_HOME, else below ~/.cache; it need not be there yet."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(base) if os.path.isabs(base) else Path.home() / ".cache") / "rlcore"
