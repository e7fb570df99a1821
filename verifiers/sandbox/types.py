"""What a program may use, how it ended, and the two ways in which the sandbox itself can fail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
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
_TASKS_OF_ONE = 64
# As the shell says that there is nothing to execute.
NOT_EXECUTED = 127


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


@dataclass(frozen=True, slots=True)
class Order:
    """One command of the slow lane, and what it may have.

    Attributes:
        argv: the program by its path, or `./name` for one of the files.
        files: name -> content, in its working directory, read-only and executable.
        reads: paths that it may read and execute (`verifiers.sandbox.reach`); of all else it sees nothing.
        limits: of each process; where more than one may run, CPU time and memory are of all together as well, as far
            as the form can tell (see `verifiers.sandbox.slow_lane`).
        processes: how many at a time, threads counted too. With 1 the command cannot fork, but may have threads.
        keep: names of files that it makes and that come back, if they are there.
        environment: variables, over PATH, HOME, TMPDIR and LANG.
        proc: a program that looks for itself in /proc finds itself there.
    """

    argv: Sequence[str]
    files: Mapping[str, bytes]
    stdin: bytes
    limits: Limits
    reads: Sequence[str]
    processes: int = 1
    keep: Sequence[str] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    proc: bool = False

    @property
    def tasks(self) -> int:
        """Processes and threads at a time. One process may have threads, which its memory bounds."""
        return self.processes + 1 if self.processes > 1 else _TASKS_OF_ONE


@dataclass(frozen=True, slots=True)
class End:
    """How a form of the slow lane saw a command end.

    Attributes:
        cut: which limit the form itself ended it for.
        code: exit code, 128 + signal as a shell says it; -1 where it was ended by us.
        out_of_memory: whether the kernel killed one of its processes for the memory of all.
        stdout: what it wrote there, as far as it was kept.
        kept: the files that were to come back.
    """

    cut: Ending | None
    code: int
    cpu_seconds: float
    max_rss_bytes: int
    out_of_memory: bool
    stdout: bytes
    kept: dict[str, bytes]
