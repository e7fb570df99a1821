"""Any one command in its own bubblewrap: compilers, compiled programs, whatever needs processes. About 10 ms each.

The command sees the system's /usr, its own files and three devices. It writes only into a memory file system of
bounded size that dies with it. Nothing on our side opens a path that it could have made: files go in by memory files
and come out by a pipe.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Mapping, Sequence

from verifiers.sandbox import policy
from verifiers.sandbox.command import Command
from verifiers.sandbox.types import Limits, Outcome

_FILE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
_SIZE = re.compile(r"[0-9]{1,12}")
_STDOUT = ".stdout"
# Room for the names and sizes of kept files.
_HEADERS_BYTES = 1 << 16
# Runs the command, then sends its output and each file that is there: name, size, bytes. A command that outlives this
# could only lie about its own files.
_AND_SEND = """
files=$1; shift
"$@" > .stdout
code=$?
for file in .stdout $files; do
    if [ -f "$file" ]; then size=$(wc -c < "$file") && echo "$file" $size && cat "$file"; fi
done
exit $code
"""


def run_command(
    argv: Sequence[str],
    *,
    files: Mapping[str, bytes],
    stdin: bytes,
    limits: Limits,
    processes: int = 1,
    keep: Sequence[str] = (),
    watch: Callable[[Command | None], None] = lambda _: None,
) -> tuple[Outcome, dict[str, bytes]]:
    """Run `argv` in a directory of its own with `files` in it, read-only and executable.

    Args:
        argv: the program by its path: below /usr, or `./name` for one of the files.
        limits: of each process; where a cgroup can be made, `memory_bytes` is for all together. What the command
            writes shares one file system of 2 * `file_bytes`.
        processes: how many at a time, threads counted too. With 1 the command cannot fork, but may have threads.
        keep: names of files that the command makes and that come back, if they are there. Needs `processes` >= 3,
            since a shell then runs the command and sends them.
        watch: is told the command while it runs, for another thread to kill it, and None once it has ended.

    Returns how it ended, and the kept files. Raises SandboxUnavailable, SandboxFailed.
    """
    if any(not _FILE_NAME.fullmatch(name) for name in (*files, *keep)):
        raise ValueError("files have plain names: letters, digits, _ . -")
    if keep and processes < 3:
        raise ValueError("to keep files takes 3 processes: a shell, the command, and what sends the files")
    policy.require()
    if not keep:
        return _watched(Command(argv, files, stdin, limits, processes), limits.output_bytes, watch), {}
    shell = ["/bin/sh", "-c", _AND_SEND, "sh", " ".join(keep), *argv]
    room = limits.output_bytes + 2 * limits.file_bytes + _HEADERS_BYTES
    outcome = _watched(Command(shell, files, stdin, limits, processes), room, watch)
    made = _unpack(outcome.stdout)
    stdout = made.pop(_STDOUT, b"")
    if len(stdout) > limits.output_bytes and outcome.status == "exited":
        outcome = dataclasses.replace(outcome, status="output", returncode=None)
    kept = {name: made[name] for name in keep if name in made}
    return dataclasses.replace(outcome, stdout=stdout[: limits.output_bytes]), kept


def _watched(command: Command, room: int, watch: Callable[[Command | None], None]) -> Outcome:
    with command:
        watch(command)
        try:
            return command.wait(room)
        finally:
            watch(None)


def _unpack(stream: bytes) -> dict[str, bytes]:
    """Files as the shell sent them; what is malformed ends the list."""
    files: dict[str, bytes] = {}
    at = 0
    while (end := stream.find(b"\n", at)) >= 0:
        name, _, size = stream[at:end].decode("ascii", errors="replace").partition(" ")
        if not _SIZE.fullmatch(size) or end + 1 + int(size) > len(stream):
            break
        at = end + 1 + int(size)
        files[name] = stream[end + 1 : at]
    return files
