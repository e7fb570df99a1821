"""One command in its own bubblewrap: started behind a gate, limited, let go, listened to, accounted for."""

from __future__ import annotations

import contextlib
import functools
import json
import math
import os
import resource
import select
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Self

from verifiers.sandbox import bubblewrap, cgroup, seccomp
from verifiers.sandbox.payload import sealed
from verifiers.sandbox.types import (
    CPU_SLACK_SECONDS,
    CPU_SPENT_SHARE,
    STDERR_BYTES,
    Ending,
    Limits,
    Outcome,
    SandboxFailed,
    SandboxUnavailable,
)

_DIRECTORY = "/tmp"
_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "HOME": _DIRECTORY, "TMPDIR": _DIRECTORY}
_NOBODY = 65534
_SETUP_SECONDS = 20
_CHUNK_BYTES = 1 << 16
# One process may have threads, which its memory bounds.
_TASKS_OF_ONE = 64
# As the shell says that there is nothing to execute.
_NOT_EXECUTED = 127
_KILLED = 128 + signal.SIGKILL


def _system_call_filter(processes: int) -> bytes:
    rules = seccomp.COMPUTE_RULES | seccomp.EXECUTE_RULES
    if processes > 1:
        rules |= seccomp.PROCESS_RULES
    return seccomp.assemble(seccomp.COMPUTE_CALLS + seccomp.WRITE_CALLS, rules).code


@functools.cache
def _works_as_nobody(program: str) -> bool:
    """Whether root can give the command a user of its own: without one the kernel does not count its processes."""
    return os.geteuid() == 0 and bubblewrap.problem(program, user=_NOBODY) is None


class Command:
    """A command that runs in bubblewrap for as long as the context lasts.

    Raises SandboxUnavailable if its number of processes cannot be bounded here, SandboxFailed if bubblewrap fails.
    """

    def __init__(
        self, argv: Sequence[str], files: Mapping[str, bytes], stdin: bytes, limits: Limits, processes: int
    ) -> None:
        self._limits = limits
        self._tasks = processes + 1 if processes > 1 else _TASKS_OF_ONE
        self._cleanup = contextlib.ExitStack()
        self._cut: Ending | None = None
        try:
            self._start(argv, files, stdin, processes)
        except BaseException:
            self._cleanup.close()
            raise

    def _start(self, argv: Sequence[str], files: Mapping[str, bytes], stdin: bytes, processes: int) -> None:
        program, problem = bubblewrap.find()
        if program is None:
            raise SandboxUnavailable(f"the slow lane (C++, other commands) is off: {problem}")
        self._group = self._make_group()
        # For root the kernel counts no processes: a control group does, or a user of its own.
        self._user = _NOBODY if os.geteuid() == 0 and self._group is None and _works_as_nobody(program) else None
        if os.geteuid() == 0 and processes > 1 and self._group is None and self._user is None:
            raise SandboxUnavailable(
                "for root the kernel counts no processes: let all users read and execute "
                f"{program}, allow a cgroup with the controllers memory and pids, or run as an ordinary user"
            )
        with contextlib.ExitStack() as theirs:
            self._popen(program, argv, files, stdin, processes, theirs)
        self._limit_and_open_gate()

    def _make_group(self) -> cgroup.Group | None:
        directories = cgroup.parents()
        if not directories:
            return None
        # Files in memory are charged as well.
        memory = self._limits.memory_bytes + 2 * self._limits.file_bytes
        return self._cleanup.enter_context(cgroup.Group(directories, memory_bytes=memory, processes=self._tasks))

    def _popen(
        self,
        program: str,
        argv: Sequence[str],
        files: Mapping[str, bytes],
        stdin: bytes,
        processes: int,
        theirs: contextlib.ExitStack,
    ) -> None:
        """Start bubblewrap; it waits at the gate. `theirs` closes our copies of its descriptors."""

        def lend(descriptor: int) -> int:
            theirs.callback(os.close, descriptor)
            return descriptor

        def keep(descriptor: int) -> int:
            self._cleanup.callback(os.close, descriptor)
            return descriptor

        contents = {name: lend(sealed(content)) for name, content in files.items()}
        calls = lend(sealed(_system_call_filter(processes)))
        (status_read, status), (gate, gate_write), (out, stdout), (err, stderr) = (os.pipe() for _ in range(4))
        self._status, self._gate, self._stdout, self._stderr = map(keep, (status_read, gate_write, out, err))
        for descriptor in (status, gate, stdout, stderr):
            lend(descriptor)
        command = bubblewrap.arguments(program, tmpfs_bytes=2 * self._limits.file_bytes, directory=_DIRECTORY)
        for name, descriptor in contents.items():
            command += ["--perms", "0555", "--ro-bind-data", str(descriptor), f"{_DIRECTORY}/{name}"]
        for name, value in _ENVIRONMENT.items():
            command += ["--setenv", name, value]
        command += ["--json-status-fd", str(status), "--block-fd", str(gate), "--seccomp", str(calls), "--", *argv]
        self._process = subprocess.Popen(
            command,
            stdin=lend(sealed(stdin)),
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
        self._started = time.monotonic()

    def _set_limits(self, pid: int) -> None:
        limits = self._limits
        values = {
            "as": limits.memory_bytes,
            "cpu": math.ceil(limits.cpu_seconds),
            "nofile": limits.open_files,
            "nproc": self._tasks,
            "core": 0,
        }
        for name, value in values.items():
            _, highest = resource.getrlimit(getattr(resource, f"RLIMIT_{name.upper()}"))
            values[name] = value if highest == resource.RLIM_INFINITY else min(value, highest)
        if self._user is None:
            for name, value in values.items():
                resource.prlimit(pid, getattr(resource, f"RLIMIT_{name.upper()}"), (value, value))
            return
        # Root without CAP_SYS_RESOURCE (in a container) may not limit another user's process: that user may.
        command = ["prlimit", f"--pid={pid}", *(f"--{name}={value}:{value}" for name, value in values.items())]
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, user=self._user, group=self._user, extra_groups=[]
        )
        if done.returncode:
            raise OSError(f"prlimit: {done.stderr.decode(errors='replace').strip()}")

    def _rest_of_stderr(self) -> str:
        self._end()
        os.set_blocking(self._stderr, False)
        with contextlib.suppress(BlockingIOError):
            return os.read(self._stderr, _CHUNK_BYTES).decode(errors="replace").strip()
        return "no message"

    def wait(self, room: int) -> Outcome:
        """Until it has ended; `room` bytes of output, or one limit or the other, end it. Raises SandboxFailed."""
        kept = {self._stdout: bytearray(), self._stderr: bytearray()}
        rooms = {self._stdout: room, self._stderr: self._limits.output_bytes}
        deadline = self._started + self._limits.wall_seconds
        poll = select.poll()
        for descriptor in kept:
            poll.register(descriptor, select.POLLIN)
        still_open = len(kept)
        while still_open:
            ready = poll.poll(max(0.0, deadline - time.monotonic()) * 1000)
            if not ready:
                self._cut = "wall"
                break
            for descriptor, _ in ready:
                chunk = os.read(descriptor, _CHUNK_BYTES)
                kept[descriptor] += chunk
                if not chunk:
                    poll.unregister(descriptor)
                    still_open -= 1
            if any(len(kept[descriptor]) > rooms[descriptor] for descriptor in kept):
                self._cut = "output"
                break
        return self._account(bytes(kept[self._stdout][:room]), bytes(kept[self._stderr][:STDERR_BYTES]), deadline)

    def _account(self, stdout: bytes, stderr: bytes, deadline: float) -> Outcome:
        if self._cut:
            self._kill()
        elif not self._ends_before(deadline):
            # It closed its output and goes on.
            self._cut = "wall"
            self._kill()
        _, status, usage = os.wait4(self._process.pid, 0)
        self._process.returncode = os.waitstatus_to_exitcode(status)
        wall = time.monotonic() - self._started
        cpu = usage.ru_utime + usage.ru_stime
        code = self._exit_code(stderr)
        # The peak of a process counts from before it became bubblewrap: up to our own peak it may be ours.
        ours = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        peak = usage.ru_maxrss << 10 if usage.ru_maxrss > ours else 0
        ending = self._ending(code, cpu, peak)
        return Outcome(
            status=ending,
            returncode=(128 - code if ending == "signaled" else code) if ending in ("exited", "signaled") else None,
            stdout=stdout,
            stderr=stderr,
            cpu_seconds=cpu,
            wall_seconds=wall,
            max_rss_bytes=peak,
        )

    def _ends_before(self, deadline: float) -> bool:
        pidfd = os.pidfd_open(self._process.pid)
        try:
            poll = select.poll()
            poll.register(pidfd, select.POLLIN)
            return bool(poll.poll(max(0.0, deadline - time.monotonic()) * 1000))
        finally:
            os.close(pidfd)

    def _exit_code(self, stderr: bytes) -> int:
        """As bubblewrap tells it, which it does only if the command was executed; -1 if we ended it."""
        if self._cut:
            return -1
        told = os.read(self._status, _CHUNK_BYTES)
        if told:
            return int(json.loads(told)["exit-code"])
        # The command did not run, so these are bubblewrap's words.
        if stderr.startswith(b"bwrap: execvp "):
            return _NOT_EXECUTED
        raise SandboxFailed(f"bubblewrap failed: {stderr.decode(errors='replace').strip() or 'killed from outside'}")

    def _ending(self, code: int, cpu: float, max_rss_bytes: int) -> Ending:
        if self._cut == "output":
            return "output"
        limit = math.ceil(self._limits.cpu_seconds)
        if cpu >= limit - CPU_SLACK_SECONDS or (code == _KILLED and cpu >= limit * CPU_SPENT_SHARE):
            return "cpu"
        if self._cut:
            return self._cut
        if self._group is not None and self._group.out_of_memory():
            return "memory"
        if code == _KILLED:
            if max_rss_bytes >= self._limits.memory_bytes // 2:
                return "memory"
            # The kernel, out of memory, or a stranger; or it exited with this code, as any command can. Who is to blame
            # shows when it is run again: chance does not strike twice, and a trick does not become a mask.
            raise SandboxFailed("the command was killed from outside, or says so by its exit code")
        return "signaled" if code > 128 else "exited"

    def kill(self) -> None:
        """End it now, from any thread; `wait` then says that it was killed from outside."""
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

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._cleanup.close()
