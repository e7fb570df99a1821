"""What both forms of the slow lane give a command: its resource limits and its environment."""

from __future__ import annotations

import math
import resource

from verifiers.sandbox.types import Order

# Else the C library reserves 64 MiB and more of address space for each thread, which the memory limit counts.
ALLOCATOR = {"MALLOC_ARENA_MAX": "1"}


def limits(order: Order, *, counted: bool) -> dict[str, int]:
    """Resource limits by their names in `resource`, each soft and hard alike.

    Args:
        counted: the kernel counts the processes of this command's user, and nobody else's are among them.
    """
    values = {
        "RLIMIT_AS": order.limits.memory_bytes,
        "RLIMIT_CPU": math.ceil(order.limits.cpu_seconds),
        "RLIMIT_FSIZE": order.limits.file_bytes,
        "RLIMIT_NOFILE": order.limits.open_files,
        "RLIMIT_CORE": 0,
        # Memory bounds it. One inherited from a shell would decide how deep a program may recurse, and be taken by
        # each of its threads.
        "RLIMIT_STACK": resource.RLIM_INFINITY,
    }
    if counted:
        values["RLIMIT_NPROC"] = order.tasks
    return {name: _within(resource.getrlimit(getattr(resource, name))[1], value) for name, value in values.items()}


def _within(highest: int, value: int) -> int:
    """A limit that this process inherited stays: nobody raises one."""
    if resource.RLIM_INFINITY in (highest, value):
        return highest if value == resource.RLIM_INFINITY else value
    return min(value, highest)


def environment(order: Order, directory: str) -> dict[str, str]:
    """Its variables; `directory` is what it calls its own folder."""
    fixed = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "HOME": directory, "TMPDIR": directory}
    return fixed | ALLOCATOR | dict(order.environment)
