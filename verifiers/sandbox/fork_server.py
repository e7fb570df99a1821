"""The fork server: a warm interpreter that forks one confined child per program. Started by `launcher`, never by hand.

It never holds a payload: program and input come as sealed memory files and are read by the child after the fork, so
nothing of one program is in the memory that the next one inherits. It starts with an empty environment and reads
nothing but requests of fixed size. Inside bubblewrap it is process 1: when it ends, so do its children.
"""

from __future__ import annotations

import array
import contextlib
import gc
import importlib
import json
import mmap
import os
import resource
import select
import signal
import socket
import sys
import threading
import time
from dataclasses import dataclass

from verifiers.sandbox import kernel, program, readable, wire
from verifiers.sandbox.policy import Confinement
from verifiers.sandbox.types import Limits
from verifiers.sandbox.wire import Ended

# What programs import most; in a child of a warm server it costs nothing.
_STANDARD = """
    abc array bisect cmath collections copy dataclasses datetime decimal enum fractions functools heapq io itertools
    json linecache math operator random re statistics string threading time traceback types typing
"""
# A preload that need not be installed.
_OPTIONAL = ("numpy", "sympy")
# NumPy imports these only when they are first named.
_PARTS = {"numpy": ("numpy.random", "numpy.linalg", "numpy.fft", "numpy.ma", "numpy.polynomial")}
_ENVIRONMENT = {
    "PATH": "/usr/bin:/bin",
    "LANG": "C.UTF-8",
    "HOME": "/tmp",
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
}
_NOTHING_RAN = 127


@dataclass(slots=True)
class _Child:
    """A child that has not been reaped."""

    number: int
    pid: int
    slot: int
    started: float
    deadline: float
    ended: Ended = Ended.BY_ITSELF


class Server:
    """The serving loop: requests in, reports out, wall clocks between."""

    def __init__(self, control: socket.socket, confinement: Confinement) -> None:
        self._control = control
        self._confinement = confinement
        self._pid = os.getpid()
        # A byte per child, set by it once it is confined: from there on all that happens is the program's doing.
        self._die_with_server = kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)
        self._begun = mmap.mmap(-1, wire.MAX_CHILDREN)
        self._free_slots = list(range(wire.MAX_CHILDREN))
        self._children: dict[int, _Child] = {}  # by pidfd
        # Where this is not process 1 the kernel lists its children here; opened while files can be.
        self._listed = -1 if self._pid == 1 else os.open(f"/proc/self/task/{self._pid}/children", os.O_RDONLY)
        self._poll = select.poll()
        self._poll.register(control, select.POLLIN)

    def serve(self) -> None:
        """Until end of file."""
        while True:
            for descriptor, _ in self._poll.poll(self._milliseconds_left()):
                if descriptor != self._control.fileno():
                    self._reap(descriptor)
                elif not self._receive():
                    return
            now = time.monotonic()
            for pidfd, child in self._children.items():
                if child.deadline <= now:
                    self._kill(pidfd, child, Ended.BY_WALL_CLOCK)

    def _milliseconds_left(self) -> float | None:
        deadlines = [child.deadline for child in self._children.values() if child.ended is Ended.BY_ITSELF]
        # One more: poll counts whole milliseconds, and must not spin through the last one.
        return max(0.0, min(deadlines) - time.monotonic()) * 1000 + 1 if deadlines else None

    def _receive(self) -> bool:
        room = socket.CMSG_SPACE(array.array("i").itemsize * (wire.STANDARD_DESCRIPTORS + wire.MAX_CHANNELS))
        try:
            packet, ancillary, _, _ = self._control.recvmsg(wire.LARGEST, room)
        except ConnectionError:
            return False
        if not packet:
            return False
        request = wire.unpack_request(packet)
        if isinstance(request, int):
            for pidfd, child in self._children.items():
                if child.number == request:
                    self._kill(pidfd, child, Ended.BY_REQUEST)
            return True
        descriptors = array.array("i")
        for _, _, packed in ancillary:
            descriptors.frombytes(packed)
        self._fork(request, list(descriptors))
        return True

    def _fork(self, request: wire.Run, descriptors: list[int]) -> None:
        slot = self._free_slots.pop()
        self._begun[slot] = 0
        started = time.monotonic()
        try:
            pid = kernel.fork()
        except OSError as error:
            self._free_slots.append(slot)
            self._report(wire.Report(request.child, Ended.NEVER_FORKED, False, error.errno or 0, 0.0, 0.0, 0))
            pid = -1
        if pid == 0:
            self._run_child(request, descriptors, slot)
        for descriptor in descriptors:
            os.close(descriptor)
        if pid > 0:
            pidfd = os.pidfd_open(pid)
            self._children[pidfd] = _Child(request.child, pid, slot, started, started + request.wall_seconds)
            self._poll.register(pidfd, select.POLLIN)

    def _run_child(self, request: wire.Run, descriptors: list[int], slot: int) -> None:
        """In the child: confine, mark that, run the program; does not return."""
        try:
            self._die_with_server()
            if os.getppid() != self._pid and self._pid != 1:
                os._exit(_NOTHING_RAN)
            source = program.take(descriptors)
            limits = Limits(
                cpu_seconds=request.cpu_seconds,
                memory_bytes=request.memory_bytes,
                output_bytes=request.output_bytes,
                open_files=request.open_files,
            )
            self._confinement.apply(limits)
            program.place(descriptors[wire.STANDARD_DESCRIPTORS :])
            self._begun[slot] = 1
            # Unmapped: the program cannot take the mark back.
            self._begun.close()
        except BaseException:  # whatever it was: nothing has run, and the report will say so
            os._exit(_NOTHING_RAN)
        program.run(source)

    def _kill(self, pidfd: int, child: _Child, reason: Ended) -> None:
        if child.ended is Ended.BY_ITSELF:
            child.ended = reason
            # It may have ended in this moment.
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(pidfd, signal.SIGKILL)

    def _reap(self, pidfd: int) -> None:
        child = self._children.pop(pidfd)
        self._poll.unregister(pidfd)
        os.close(pidfd)
        _, status, usage = os.wait4(child.pid, 0)
        if not self._children:
            self._sweep()
        self._free_slots.append(child.slot)
        cpu, wall = usage.ru_utime + usage.ru_stime, time.monotonic() - child.started
        begun = self._begun[child.slot] == 1
        self._report(wire.Report(child.number, child.ended, begun, status, cpu, wall, usage.ru_maxrss << 10))

    def _report(self, report: wire.Report) -> None:
        # A launcher that is gone shows as end of file next.
        with contextlib.suppress(ConnectionError):
            self._control.send(wire.pack_report(report))

    def _sweep(self) -> None:
        """End what a program left behind. No program can make a process; if one could, it would end here."""
        with contextlib.suppress(ChildProcessError):
            while os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
                if self._pid == 1:
                    os.kill(-1, signal.SIGKILL)
                else:
                    for pid in os.pread(self._listed, 1 << 16, 0).split():
                        os.kill(int(pid), signal.SIGKILL)
                os.waitpid(-1, 0)


def address_space() -> int:
    """Bytes of address space of this process, to a MiB: the limit under which a page still fits (no /proc needed)."""
    old = resource.getrlimit(resource.RLIMIT_AS)
    low, high = 0, 1 << 46 if old[1] == resource.RLIM_INFINITY else old[1]
    while high - low > 1 << 20:
        middle = (low + high) // 2
        resource.setrlimit(resource.RLIMIT_AS, (middle, old[1]))
        try:
            mmap.mmap(-1, mmap.PAGESIZE).close()
            high = middle
        except (OSError, MemoryError):
            low = middle
    resource.setrlimit(resource.RLIMIT_AS, old)
    return high


def _preload(names: list[str]) -> list[str]:
    """Import what programs will import (and call `f` of `module:f`); the optional names that are not installed."""
    missing = []
    for named in [*_STANDARD.split(), *names]:
        name, _, function = named.partition(":")
        try:
            for module in (name, *_PARTS.get(name, ())):
                importlib.import_module(module)
            if function:
                getattr(sys.modules[name], function)()
        except ModuleNotFoundError as error:
            if name not in _OPTIONAL or error.name != name:
                raise
            missing.append(name)
    return missing


def main(configuration: str) -> None:
    """`configuration` is JSON: control (descriptor), package_root, packages, preload, environment (more of it)."""
    config = json.loads(configuration)
    packages: dict[str, str] = config["packages"]
    sys.meta_path.append(readable.Finder(packages))
    os.environ.clear()
    os.environ.update(_ENVIRONMENT | config["environment"])
    control = socket.socket(fileno=config["control"])
    try:
        missing = _preload(config["preload"])
        # Programs have no business with our own package, or what lies beside it; what was preloaded stays loaded.
        sys.path.remove(config["package_root"])
        sys.path_importer_cache.pop(config["package_root"], None)
        # Kills are reported to us even where bubblewrap gives us no process namespace of our own.
        kernel.prctl(kernel.PR_SET_CHILD_SUBREAPER, 1)()
        confinement = Confinement(packages.values(), base_bytes=address_space())
        if threading.active_count() > 1:
            raise RuntimeError(f"a preloaded module has started threads: {threading.enumerate()}")
    except Exception as error:
        control.send(json.dumps({"problem": f"{type(error).__name__}: {error}"}).encode())
        return
    server = Server(control, confinement)
    program.prepare()
    confinement.close_files()
    # Children share these objects: no collector may touch, and by that copy, their pages.
    gc.collect()
    gc.freeze()
    control.send(
        json.dumps({"missing": missing, "rss_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10}).encode()
    )
    server.serve()
