"""What a program may use, how it ended, and the two ways in which the sandbox itself can fail."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

# Why a program ended. All but "exited" and "signaled" name the limit that it ran into.
Ending = Literal["exited", "signaled", "cpu", "wall", "memory", "output"]

# Of stderr this many bytes are kept, for people.
STDERR_BYTES = 64 << 10
# A command whose processes have used this much less than the limit together has used it up.
CPU_SLACK_SECONDS = 0.1
# Of a killed program's CPU limit, to tell the limit from a stranger's SIGKILL. The kernel ends a program by a count of
# ticks, and the account that it gives us afterwards is exact: on a busy machine 6 % short of the limit were seen.
CPU_SPENT_SHARE = 0.7


class SandboxUnavailable(RuntimeError):
    """The sandbox cannot be set up on this machine; the message says what to do."""


class SandboxFailed(RuntimeError):
    """The sandbox itself failed while a program ran: says nothing about the program, never a verdict of it."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Of one program.

    Attributes:
        cpu_seconds: CPU time of all its threads, rounded up to whole seconds. The deterministic limit: met first.
        wall_seconds: the backstop, for programs that wait.
        memory_bytes: address space, on top of what the fork server's own process takes (RLIMIT_AS).
        file_bytes: size of one file, where a program may write files at all (slow lane).
        output_bytes: size of stdout; a program that writes more is ended. Stderr is held to the same size, and
            `STDERR_BYTES` of it are kept.
        open_files: descriptors.
    """

    cpu_seconds: float = 2.0
    wall_seconds: float = 6.0
    memory_bytes: int = 512 << 20
    file_bytes: int = 1 << 20
    output_bytes: int = 1 << 20
    open_files: int = 64


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a program ended. Everything in here but times and memory is the program's own doing.

    Attributes:
        status: why it ended.
        returncode: exit code, or the negative signal; none if a limit ended it. A program chooses it freely:
            it is no verdict.
        stdout: at most `Limits.output_bytes`.
        stderr: at most `STDERR_BYTES`.
        cpu_seconds: user and system time, by the kernel's account.
        wall_seconds: from fork to end.
        max_rss_bytes: peak resident memory, the fork server's shared pages included; 0 where it is not known (a
            command of the slow lane that stayed below our own peak).
    """

    status: Ending
    returncode: int | None
    stdout: bytes
    stderr: bytes
    cpu_seconds: float
    wall_seconds: float
    max_rss_bytes: int
