"""Any one command, held by itself: compilers, compiled programs, whatever needs processes. Two forms.

In bubblewrap, where user namespaces are to be had (`bubblewrap_form`, about 10 ms a command): its own file system,
network and process table. Else under Landlock, seccomp and limits alone (`bare_form`).

In both the command reads what `Order.reads` lists, its own files and three devices, and nothing else. Nothing on our
side opens a path that it could have made while it could still change it: files go in by memory files, and come out by
a pipe, or through a supervisor of its own once all of its processes have ended.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from verifiers.sandbox import policy
from verifiers.sandbox.command import Command
from verifiers.sandbox.types import Order, Outcome

_FILE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")


def run_command(
    order: Order, watch: Callable[[Command | None], None] = lambda _: None
) -> tuple[Outcome, dict[str, bytes]]:
    """Run a command in a directory of its own with its files in it.

    What it writes there is bounded, all files together, by 2 * `Limits.file_bytes`: in bubblewrap by its file system,
    in the bare form by ending it soon after. Memory of all processes together is bounded where a cgroup can be made,
    and in the bare form.

    Args:
        watch: is told the command while it runs, for another thread to kill it, and None once it has ended.

    Returns how it ended, and the files that were to come back and are there. Raises SandboxUnavailable, SandboxFailed,
    ValueError for an order that cannot be.
    """
    if any(not _FILE_NAME.fullmatch(name) for name in (*order.files, *order.keep)):
        raise ValueError("files have plain names: letters, digits, _ . -")
    if order.keep and order.processes < 3:
        raise ValueError("to keep files takes 3 processes: a shell, the command, and what sends the files")
    policy.require()
    with Command(order) as command:
        watch(command)
        try:
            outcome = command.wait()
        finally:
            watch(None)
    return outcome, command.kept
