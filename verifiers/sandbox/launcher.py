"""Run programs in the fork server, and account for how they ended."""

from __future__ import annotations

import array
import atexit
import contextlib
import math
import os
import select
import signal
import socket
import time
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Self

from verifiers.sandbox import wire
from verifiers.sandbox.payload import sealed
from verifiers.sandbox.server_process import KilledAtStart, ServerProcess
from verifiers.sandbox.types import CPU_SPENT_SHARE, STDERR_BYTES, Ending, Limits, Outcome, SandboxFailed
from verifiers.sandbox.wire import Ended

# The fork server watches the wall clock. One that has not reported this long after the limit is stuck.
_GRACE_SECONDS = 10
_STARTS = 3
_CHUNK_BYTES = 1 << 16


class Child:
    """A program that runs. End it with `wait`, or use it as a context, which kills what still runs.

    Attributes:
        stdin, stdout: our ends of its pipes (descriptors); -1 if it was started with its whole input.
        channels: our ends of its further sockets, which it has as descriptors 3, 4, ...
    """

    def __init__(self, server: ForkServer, program: str, stdin: bytes | None, limits: Limits, channels: int) -> None:
        self.stdin = self.stdout = -1
        self.channels: list[socket.socket] = []
        self._server = server
        self._limits = limits
        self._errors = os.memfd_create("stderr")
        self._output = -1
        self._outcome: Outcome | None = None
        theirs = [sealed(program.encode("utf-8", errors="surrogatepass"))]
        try:
            if stdin is None:
                reading, self.stdin = os.pipe()
                self.stdout, writing = os.pipe()
                theirs += [reading, writing]
            else:
                # A file that cannot grow past the limit: nobody has to read while the program writes.
                self._output = os.memfd_create("stdout")
                theirs += [sealed(stdin), os.dup(self._output)]
            theirs.append(os.dup(self._errors))
            for _ in range(channels):
                ours, other = socket.socketpair()
                self.channels.append(ours)
                theirs.append(other.detach())
            self._number = server._request(limits, theirs)
        except BaseException:
            self._close()
            raise
        finally:
            for descriptor in theirs:
                os.close(descriptor)

    def kill(self) -> None:
        """End it now; `wait` still has to follow."""
        if self._outcome is None:
            self._server._kill(self._number)

    def wait(self) -> Outcome:
        """Until it has ended, at the latest at its limits. Raises SandboxFailed."""
        if self._outcome is None:
            try:
                stdout = self._drain() if self.stdout >= 0 else b""
                report = self._server._wait(self._number, self._limits)
                if self._output >= 0:
                    stdout = os.pread(self._output, self._limits.output_bytes + 1, 0)
                self._outcome = self._account(report, stdout)
            finally:
                self._close()
        return self._outcome

    def _drain(self) -> bytes:
        """Its output until it closes it, up to the limit; whoever writes more is killed."""
        _close_descriptor(self.stdin)
        self.stdin = -1
        kept = bytearray()
        deadline = time.monotonic() + self._limits.wall_seconds + _GRACE_SECONDS
        poll = select.poll()
        poll.register(self.stdout, select.POLLIN)
        while poll.poll(max(0.0, deadline - time.monotonic()) * 1000):
            chunk = os.read(self.stdout, _CHUNK_BYTES)
            kept += chunk
            if not chunk or len(kept) > self._limits.output_bytes:
                break
        if len(kept) > self._limits.output_bytes:
            self.kill()
        return bytes(kept)

    def _account(self, report: wire.Report, stdout: bytes) -> Outcome:
        status = _ending(report, self._limits, len(stdout), self._server.idle_rss_bytes)
        code = os.waitstatus_to_exitcode(report.status) if status in ("exited", "signaled") else None
        return Outcome(
            status=status,
            returncode=code,
            stdout=stdout[: self._limits.output_bytes],
            stderr=os.pread(self._errors, STDERR_BYTES, 0),
            cpu_seconds=report.cpu_seconds,
            wall_seconds=report.wall_seconds,
            max_rss_bytes=report.max_rss_bytes,
        )

    def _close(self) -> None:
        for name in ("stdin", "stdout", "_output", "_errors"):
            _close_descriptor(getattr(self, name))
            setattr(self, name, -1)
        for channel in self.channels:
            channel.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._outcome is None:
            self.kill()
            try:
                self.wait()
            except SandboxFailed:
                if error is None:
                    raise


class _ServerDied(SandboxFailed):
    """The fork server died while programs ran, and all of them with it."""


class ForkServer:
    """One long-lived fork server, started when it is first needed, and again when it has died.

    Only the thread that made it uses it: the kernel ends it together with that thread. Several children may be
    alive at a time, up to `wire.MAX_CHILDREN`.

    Args:
        preload: modules that programs find imported already; numpy and sympy may be missing. Of `module:function` the
            function is called, too, without arguments.
        recycle_after: programs after which a fresh server takes over.
        environment: variables that the preloaded modules read.
        paths: files and folders that they read, besides Python's own and the system's libraries.
    """

    def __init__(
        self,
        *,
        preload: Sequence[str],
        recycle_after: int = 2000,
        environment: Mapping[str, str] | None = None,
        paths: Sequence[str] = (),
    ) -> None:
        self._preload = tuple(preload)
        self._environment = dict(environment or {})
        self._paths = tuple(paths)
        self._recycle_after = recycle_after
        self._process: ServerProcess | None = None
        self._served = 0
        self._next_number = 0
        self._running: set[int] = set()
        self._reports: dict[int, wire.Report] = {}
        self.idle_rss_bytes = 0

    def run(self, program: str, *, stdin: bytes = b"", limits: Limits) -> Outcome:
        """Run one program (as `__main__`) to its end; again, if the server was killed. Raises SandboxUnavailable,
        SandboxFailed.
        """
        try:
            return self.start(program, limits=limits, stdin=stdin).wait()
        except _ServerDied:
            return self.start(program, limits=limits, stdin=stdin).wait()

    def start(self, program: str, *, limits: Limits, channels: int = 0, stdin: bytes | None = None) -> Child:
        """Start one program.

        Args:
            channels: further sockets between it and us (its descriptors 3, 4, ...).
            stdin: its whole input; its output is then kept for `Child.wait`. None: pipes, for a dialogue. Then
                the caller reads `Child.stdout`: a program that writes into a full pipe waits until its wall clock ends.

        Raises SandboxUnavailable, SandboxFailed.
        """
        if not 0 <= channels <= wire.MAX_CHANNELS:
            raise ValueError(f"{channels} channels: at most {wire.MAX_CHANNELS}")
        return Child(self, program, stdin, limits, channels)

    def warm_up(self) -> None:
        """Start the server now, not at the first program. Raises SandboxUnavailable, SandboxFailed."""
        if self._process is None:
            self._process = self._new_process()
            self.idle_rss_bytes = self._process.idle_rss_bytes
            self._served = 0

    def _new_process(self) -> ServerProcess:
        for _ in range(_STARTS - 1):
            # No program has run in it yet: none can be the reason.
            with contextlib.suppress(KilledAtStart):
                return ServerProcess(self._preload, self._environment, self._paths)
        return ServerProcess(self._preload, self._environment, self._paths)

    def close(self) -> None:
        """End the server and all that runs in it. It starts again if it is used again."""
        if self._process is not None:
            self._process.close()
            self._process = None
        self._running.clear()
        self._reports.clear()

    def _request(self, limits: Limits, descriptors: list[int]) -> int:
        """Have a child forked; its number."""
        if self._served >= self._recycle_after and not self._running:
            self.close()
        if len(self._running) >= wire.MAX_CHILDREN:
            raise ValueError(f"{wire.MAX_CHILDREN} programs are running already")
        number = self._next_number = (self._next_number + 1) % (1 << 32)
        request = wire.Run(
            child=number,
            channels=len(descriptors) - wire.STANDARD_DESCRIPTORS,
            open_files=limits.open_files,
            cpu_seconds=limits.cpu_seconds,
            wall_seconds=limits.wall_seconds,
            memory_bytes=limits.memory_bytes,
            output_bytes=limits.output_bytes + 1,
        )
        packet = wire.pack_run(request)
        if not self._try_send(packet, descriptors) and not self._try_send(packet, descriptors):
            raise SandboxFailed("the fork server died twice before it took a program")
        self._served += 1
        self._running.add(number)
        return number

    def _try_send(self, packet: bytes, descriptors: list[int]) -> bool:
        """Send to the server; a dead one is buried, unless it takes children along."""
        self.warm_up()
        assert self._process is not None
        try:
            rights = (socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors))
            self._process.control.sendmsg([packet], [rights])
        except ConnectionError as error:
            if self._running:
                raise self._died() from error
            self.close()
            return False
        return True

    def _kill(self, number: int) -> None:
        if number in self._running and self._process is not None:
            try:
                self._process.control.send(wire.pack_kill(number))
            except ConnectionError as error:
                raise self._died() from error

    def _wait(self, number: int, limits: Limits) -> wire.Report:
        deadline = time.monotonic() + limits.wall_seconds + _GRACE_SECONDS
        while number not in self._reports:
            if number not in self._running or self._process is None:
                raise _ServerDied("the fork server died while the program ran")
            self._receive(deadline)
        return self._reports.pop(number)

    def _receive(self, deadline: float) -> None:
        assert self._process is not None
        control = self._process.control
        control.settimeout(max(0.001, deadline - time.monotonic()))
        try:
            packet = control.recv(wire.LARGEST)
        except TimeoutError:
            raise self._died(f"no report {_GRACE_SECONDS} s after the wall clock's limit") from None
        except ConnectionError as error:
            raise self._died() from error
        if not packet:
            raise self._died()
        report = wire.unpack_report(packet)
        self._running.discard(report.child)
        self._reports[report.child] = report

    def _died(self, why: str = "") -> _ServerDied:
        message = why or (self._process and self._process.errors()) or "killed from outside"
        self.close()
        return _ServerDied(f"the fork server died while programs ran: {message}")


def _ending(report: wire.Report, limits: Limits, output: int, idle_rss_bytes: int) -> Ending:
    """Why a program ended. Raises SandboxFailed where the reason is not the program's doing."""
    if report.ended == Ended.NEVER_FORKED:
        raise SandboxFailed(f"no process for the program: {os.strerror(report.status)}")
    # One that we killed may not have come that far; nobody asks what it would have done.
    if not report.begun and report.ended != Ended.BY_REQUEST:
        raise SandboxFailed("the program's process could not be confined; nothing ran")
    if output > limits.output_bytes or _signal(report) == signal.SIGXFSZ:
        return "output"
    spent = report.cpu_seconds >= math.ceil(limits.cpu_seconds) * CPU_SPENT_SHARE
    if spent and _signal(report) == signal.SIGKILL:
        return "cpu"
    if report.ended == Ended.BY_WALL_CLOCK:
        return "wall"
    if _signal(report) == signal.SIGKILL and report.ended == Ended.BY_ITSELF:
        # Not by us, and a program cannot send it to itself: the kernel, out of memory, or a stranger. Only a program
        # that did use much memory is to blame.
        if report.max_rss_bytes - idle_rss_bytes < limits.memory_bytes // 2:
            raise SandboxFailed("the program's process was killed from outside")
        return "memory"
    return "exited" if os.WIFEXITED(report.status) else "signaled"


def _signal(report: wire.Report) -> int:
    return os.WTERMSIG(report.status) if os.WIFSIGNALED(report.status) else 0


def _close_descriptor(descriptor: int) -> None:
    if descriptor >= 0:
        os.close(descriptor)


_shared: dict[tuple[int, tuple[str, ...]], ForkServer] = {}


def shared(preload: Sequence[str]) -> ForkServer:
    """This process's fork server with these modules; made at the first call, ended at exit."""
    key = (os.getpid(), tuple(preload))
    if key not in _shared:
        _shared[key] = ForkServer(preload=preload)
        atexit.register(_shared[key].close)
    return _shared[key]


def shared_for(text: str, preload: Sequence[str] = ()) -> ForkServer:
    """The `shared` server that suits a program: NumPy and SymPy are warm only where its text names them.

    Their memory makes every fork dearer: a program that needs neither costs half as much in a server without them.
    """
    if "sympy" in text:
        return shared((*preload, "numpy", "sympy"))
    return shared((*preload, "numpy") if "numpy" in text else tuple(preload))
