"""One command of the slow lane in its own bubblewrap: started behind a gate, limited, let go."""

from __future__ import annotations

import contextlib
import functools
import json
import os
import re
import resource
import select
import signal
import subprocess
import time
from collections.abc import Sequence

from verifiers.sandbox import bubblewrap, cgroup, held, reach, seccomp
from verifiers.sandbox.payload import sealed
from verifiers.sandbox.types import NOT_EXECUTED, End, Order, SandboxFailed, SandboxUnavailable

_DIRECTORY = "/tmp"
_NOBODY = 65534
_SETUP_SECONDS = 20
_CHUNK_BYTES = 1 << 16
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


@functools.cache
def _system_call_filter(may_fork: bool) -> bytes:
    rules = seccomp.COMPUTE_RULES | seccomp.EXECUTE_RULES
    if may_fork:
        rules |= seccomp.PROCESS_RULES
    # The command is process 1 of its own table.
    return seccomp.assemble(f"{seccomp.COMPUTE_CALLS} {seccomp.WRITE_CALLS}", rules).code_for(1)


@functools.cache
def works_as_nobody(program: str) -> bool:
    """Whether root can give the command a user of its own: without one the kernel does not count its processes."""
    return os.geteuid() == 0 and bubblewrap.problem(program, user=_NOBODY) is None


class BubblewrapForm:
    """A started command. Raises SandboxUnavailable if its number of processes cannot be bounded, SandboxFailed.

    Attributes:
        stdout, stderr: our ends of its pipes.
        room: how many bytes of its stdout are to be read; files that come back are among them.
        started: when it began, on the monotonic clock.
    """

    def __init__(self, program: str, order: Order, cleanup: contextlib.ExitStack) -> None:
        self._order = order
        self._limits = order.limits
        self._cleanup = cleanup
        self._group = self._make_group()
        self._user = _NOBODY if self._as_nobody(program) else None
        if os.geteuid() == 0 and order.processes > 1 and self._group is None and self._user is None:
            raise SandboxUnavailable(
                "for root the kernel counts no processes: let all users read and execute "
                f"{program}, allow a cgroup with the controllers memory and pids, or run as an ordinary user"
            )
        self.room = order.limits.output_bytes
        argv, reads = order.argv, order.reads
        if order.keep:
            self.room += 2 * order.limits.file_bytes + _HEADERS_BYTES
            argv = ["/bin/sh", "-c", _AND_SEND, "sh", " ".join(order.keep), *argv]
            reads = reach.listed([*reads, *reach.tools("sh", "wc", "cat")])
        with contextlib.ExitStack() as theirs:
            self._popen(program, argv, reads, theirs)
        self._limit_and_open_gate()

    def _make_group(self) -> cgroup.Group | None:
        directories = cgroup.parents()
        if not directories:
            return None
        # Files in memory are charged as well.
        memory = self._limits.memory_bytes + 2 * self._limits.file_bytes
        return self._cleanup.enter_context(cgroup.Group(directories, memory_bytes=memory, processes=self._order.tasks))

    def _as_nobody(self, program: str) -> bool:
        """Who reads whole folders shall not read root's own files in them; and root's processes are not counted.

        Another user costs some milliseconds more.
        """
        wanted = self._group is None or self._order.processes > 1
        return wanted and works_as_nobody(program) and reach.open_to_all(tuple(self._order.reads))

    def _popen(self, program: str, argv: Sequence[str], reads: Sequence[str], theirs: contextlib.ExitStack) -> None:
        """Start bubblewrap; it waits at the gate. `theirs` closes our copies of its descriptors."""

        def lend(descriptor: int) -> int:
            theirs.callback(os.close, descriptor)
            return descriptor

        def keep(descriptor: int) -> int:
            self._cleanup.callback(os.close, descriptor)
            return descriptor

        order = self._order
        contents = {name: lend(sealed(content)) for name, content in order.files.items()}
        calls = lend(sealed(_system_call_filter(order.processes > 1)))
        (status_read, status), (gate, gate_write), (out, stdout), (err, stderr) = (os.pipe() for _ in range(4))
        self._status, self._gate, self.stdout, self.stderr = map(keep, (status_read, gate_write, out, err))
        for descriptor in (status, gate, stdout, stderr):
            lend(descriptor)
        command = bubblewrap.arguments(
            program, reads, only=True, tmpfs_bytes=2 * self._limits.file_bytes, directory=_DIRECTORY, proc=order.proc
        )
        for name, descriptor in contents.items():
            command += ["--perms", "0555", "--ro-bind-data", str(descriptor), f"{_DIRECTORY}/{name}"]
        for name, value in held.environment(order, _DIRECTORY).items():
            command += ["--setenv", name, value]
        command += ["--json-status-fd", str(status), "--block-fd", str(gate), "--seccomp", str(calls), "--", *argv]
        self._process = subprocess.Popen(
            command,
            stdin=lend(sealed(order.stdin)),
            stdout=stdout,
            stderr=stderr,
            env={},
            cwd="/",
            pass_fds=(*contents.values(), calls, status, gate),
            start_new_session=True,
            user=self._user,
            group=self._user,
            extra_groups=None if self._user is None else [],
        )
        # Before anything else can fail: at the end of our gate it would go on without limits.
        self._cleanup.callback(self._end)
        self._pidfd = os.pidfd_open(self._process.pid)
        self._cleanup.callback(os.close, self._pidfd)

    def _limit_and_open_gate(self) -> None:
        deadline = time.monotonic() + _SETUP_SECONDS
        line = b""
        poll = select.poll()
        poll.register(self._status, select.POLLIN)
        while not line.endswith(b"\n") and poll.poll(max(0.0, deadline - time.monotonic()) * 1000):
            received = os.read(self._status, _CHUNK_BYTES)
            line += received
            if not received:
                break
        if not line.endswith(b"\n"):
            raise SandboxFailed(f"bubblewrap did not start the command: {self._rest_of_stderr()}")
        pid = int(json.loads(line)["child-pid"])
        try:
            self._set_limits(pid)
            if self._group is not None:
                self._group.add(pid)
            os.write(self._gate, b"go")
        except OSError as error:
            raise SandboxFailed(f"bubblewrap died before the command began: {error}") from error
        self.started = time.monotonic()

    def _set_limits(self, pid: int) -> None:
        values = held.limits(self._order, counted=True)
        try:
            for name, value in values.items():
                resource.prlimit(pid, getattr(resource, name), (value, value))
        except PermissionError:
            if self._user is None:
                raise
            # Root without CAP_SYS_RESOURCE (in a container) may not limit another user's process: that user may.
            self._set_limits_as_user(pid, values)

    def _set_limits_as_user(self, pid: int, values: dict[str, int]) -> None:
        options = [f"--{name.removeprefix('RLIMIT_').lower()}={_word(value)}" for name, value in values.items()]
        command = ["prlimit", f"--pid={pid}", *options]
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, user=self._user, group=self._user, extra_groups=[]
        )
        if done.returncode:
            raise OSError(f"prlimit: {done.stderr.decode(errors='replace').strip()}")

    def _rest_of_stderr(self) -> str:
        self._end()
        os.set_blocking(self.stderr, False)
        with contextlib.suppress(BlockingIOError):
            return os.read(self.stderr, _CHUNK_BYTES).decode(errors="replace").strip()
        return "no message"

    def finish(self, stdout: bytes, stderr: bytes, deadline: float, *, cut: bool) -> End:
        """How it ended; at the deadline, or at once if it was `cut`, it is ended. Raises SandboxFailed."""
        # One that closed its output may go on.
        late = not cut and not self._ends_before(deadline)
        if cut or late:
            self._kill()
        _, status, usage = os.wait4(self._process.pid, 0)
        self._process.returncode = os.waitstatus_to_exitcode(status)
        # The peak of a process counts from before it became bubblewrap: up to our own peak it may be ours.
        ours = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        kept: dict[str, bytes] = {}
        if self._order.keep:
            made = _unpack(stdout)
            stdout = made.pop(_STDOUT, b"")
            kept = {name: made[name] for name in self._order.keep if name in made}
        return End(
            cut="wall" if late else None,
            code=-1 if cut or late else self._exit_code(stderr),
            cpu_seconds=usage.ru_utime + usage.ru_stime,
            max_rss_bytes=usage.ru_maxrss << 10 if usage.ru_maxrss > ours else 0,
            out_of_memory=self._group is not None and self._group.out_of_memory(),
            stdout=stdout,
            kept=kept,
        )

    def _ends_before(self, deadline: float) -> bool:
        poll = select.poll()
        poll.register(self._pidfd, select.POLLIN)
        return bool(poll.poll(max(0.0, deadline - time.monotonic()) * 1000))

    def _exit_code(self, stderr: bytes) -> int:
        """As bubblewrap tells it, which it does only if the command was executed."""
        told = os.read(self._status, _CHUNK_BYTES)
        if told:
            return int(json.loads(told)["exit-code"])
        # The command did not run, so these are bubblewrap's words.
        if stderr.startswith(b"bwrap: execvp "):
            return NOT_EXECUTED
        raise SandboxFailed(f"bubblewrap failed: {stderr.decode(errors='replace').strip() or 'killed from outside'}")

    def kill(self) -> None:
        """End it now, from any thread; `finish` then says that it was killed from outside."""
        # By its descriptor: it may have been reaped, and its number be another's by now.
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)

    def _kill(self) -> None:
        # Bubblewrap takes the command along (--die-with-parent), and that as process 1 all the rest.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)

    def _end(self) -> None:
        if self._process.returncode is None:
            self._kill()
            self._process.wait()


def _word(value: int) -> str:
    """As prlimit(1) reads it."""
    return "unlimited" if value == resource.RLIM_INFINITY else f"{value}:{value}"


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
