"""A row's limits of time and memory, as limits of the code judge.

They raise the judge's own (`verifiers.sandbox.types.Limits`), up to its bounds, and never lower them: they were set
for compiled programs, and for memory that is in use, where ours is address space.
"""

from __future__ import annotations

from verifiers.sandbox.types import Limits
from verifiers.types import Json

_MOST_CPU_SECONDS = 60.0
_MOST_MEMORY_BYTES = 8 << 30
_WALL_PER_CPU = 3.0
_MOST_WALL_SECONDS = 120.0


def limits(seconds: float | None, memory_bytes: float | None) -> Json:
    """What differs from the judge's own limits; {} where nothing does. None is no limit of the row's."""
    ours = Limits()
    found: Json = {}
    if seconds is not None and seconds > ours.cpu_seconds:
        found["cpu_seconds"] = min(seconds, _MOST_CPU_SECONDS)
        found["wall_seconds"] = min(max(_WALL_PER_CPU * found["cpu_seconds"], ours.wall_seconds), _MOST_WALL_SECONDS)
    if memory_bytes is not None and memory_bytes > ours.memory_bytes:
        found["memory_bytes"] = int(min(memory_bytes, _MOST_MEMORY_BYTES))
    return found
