"""Runs one command where there are no namespaces: confines it, counts it, ends all of it. Started by `bare_form`.

A process of its own, since only so is every orphan of the command handed to somebody who knows that it is one
(PR_SET_CHILD_SUBREAPER). It is trusted, and alone has to do with the folder that the command writes in: it fills it
before the command runs, and reads and empties it once nobody is left who could change it. It starts for every command,
so it imports little.
"""

from __future__ import annotations

import array
import contextlib
import ctypes
import errno
import fcntl
import json
import os
import resource
import select
import signal
import socket
import stat
import struct
import time
from collections.abc import Iterator
from typing import Any, NamedTuple, NoReturn

from verifiers.sandbox import kernel, seccomp

_CAPABILITY_VERSION_3 = 0x20080522
_LAST_DESCRIPTOR, _CLOSE_AT_EXECUTION = (1 << 32) - 1, 1 << 2
# How often CPU time, memory and files of all processes together are looked at.
_LOOK_SECONDS = 0.02
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_TICKS = os.sysconf("SC_CLK_TCK")
# As the shell says that there is nothing to execute.
_NOT_EXECUTED = 127
# seccomp_notif and its answer (include/uapi/linux/seccomp.h).
_QUESTION_BYTES, _RECEIVE, _SEND = 80, 0xC0502100, 0xC0182101
_CONTINUE = 1
# How often a command may make a file, and rename one over another. A file that is replaced may be open still, and takes
# room that nobody sees.
_MOST_FILES, _MOST_RENAMES = 64, 4


class Usage(NamedTuple):
    """Of all living processes of the command together."""

    tasks: int
    cpu_seconds: float
    rss_bytes: int


def main(descriptor: int) -> None:
    """Read the order (JSON, see `bare_form`), run it, report on its descriptor `report`: a line when it begins and one
    at its end. The folder is empty and gone when this process ends.
    """
    order = json.loads(os.pread(descriptor, os.fstat(descriptor).st_size, 0))
    kernel.prctl(kernel.PR_SET_CHILD_SUBREAPER, 1)()
    folder = os.open(order["folder"], os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        _fill(folder, order)
        told = _Supervisor(order, folder).run()
        for name, target in order["keep"].items():
            _read_back(folder, name, target, order["file_bytes"])
        _tell(order, told)
    except Exception as error:
        _tell(order, {"problem": f"{type(error).__name__}: {error}"})
    finally:
        _end_all(0)
        _empty(folder, order["folder"])


def _tell(order: dict[str, Any], told: dict[str, Any]) -> None:
    # Nobody may be there any more.
    with contextlib.suppress(BrokenPipeError):
        os.write(order["report"], json.dumps(told).encode() + b"\n")


def _fill(folder: int, order: dict[str, Any]) -> None:
    os.umask(0)
    for name, source in order["files"].items():
        target = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o555, dir_fd=folder)
        try:
            at, size = 0, os.fstat(source).st_size
            while at < size:
                at += os.sendfile(target, source, at, size - at)
        finally:
            os.close(target)
    os.umask(0o077)
    if order["user"] is not None:
        os.fchown(folder, order["user"], order["user"])


def _read_back(folder: int, name: str, target: int, most: int) -> None:
    """A file that the command made, into a memory file; a link, a pipe, nothing at all: it stays unwritten.

    Nobody is left who could change it. A file that is there begins with a byte of ours, to tell it from none.
    """
    try:
        source = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
    except OSError:
        return
    try:
        status = os.fstat(source)
        if not stat.S_ISREG(status.st_mode) or status.st_size > most:
            return
        os.write(target, b"=")
        at = 0
        while at < status.st_size and (sent := os.sendfile(target, source, at, status.st_size - at)):
            at += sent
    finally:
        os.close(source)


def _empty(folder: int, path: str) -> None:
    """It is flat: the command could make files and links in it, and nothing else, nor change whose it is."""
    with contextlib.suppress(OSError):  # what is left is the caller's to report
        os.fchmod(folder, 0o700)
        for name in os.listdir(folder):
            os.unlink(name, dir_fd=folder)
        os.rmdir(path)


class _Supervisor:
    """One run of the command. The main process is the one that was executed; its end is the end of all."""

    def __init__(self, order: dict[str, Any], folder: int) -> None:
        self._order = order
        self._folder = folder
        self._main = 0
        self._listener = -1
        # How often it may still be done.
        self._left = {seccomp.NEW_FILES: _MOST_FILES, seccomp.RENAMES: _MOST_RENAMES}

    def run(self) -> dict[str, Any]:
        """Until the main process has ended, by itself or by us, and all the others with it: what to report."""
        ours, theirs = socket.socketpair()
        supervisor = os.getpid()
        self._main = os.fork()
        if self._main == 0:
            _become(self._order, self._folder, theirs, supervisor)
        theirs.close()
        # Theirs alone: they end when nobody of the command has them.
        for stream in self._order["streams"]:
            os.close(stream)
        if problem := self._begin(ours):
            _end_all(self._main)
            return problem
        _tell(self._order, {"begun": self._main})
        cut = self._watch()
        status = _end_all(self._main)
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        return {
            "cut": cut,
            "status": status,
            "cpu_seconds": usage.ru_utime + usage.ru_stime,
            "max_rss_bytes": usage.ru_maxrss << 10,
        }

    def _begin(self, channel: socket.socket) -> dict[str, Any] | None:
        """Until the command is executed; what to report if that fails. Takes the listener of its filter."""
        try:
            os.stat(f"/proc/{self._main}/stat")
            os.stat(f"/proc/self/task/{os.getpid()}/children")
        except FileNotFoundError as error:
            return {"unavailable": f"{error.filename} is not there: mount /proc so that a process sees its children"}
        with channel:
            said = b""
            while True:
                received, ancillary, _, _ = channel.recvmsg(1 << 12, socket.CMSG_SPACE(array.array("i").itemsize))
                for _, _, packed in ancillary:
                    (self._listener,) = array.array("i", packed)
                said += received
                if not received:
                    break
        # L: it is listened to.
        said = said.removeprefix(b"L")
        return json.loads(said) if said else None

    def _watch(self) -> str | None:
        """Until the main process ends, or has to: for which limit, or "killed" where we were asked."""
        control = self._order["control"]
        ended = os.pidfd_open(self._main)
        poll = select.poll()
        for descriptor in (control, ended, self._listener):
            if descriptor >= 0:
                poll.register(descriptor, select.POLLIN)
        next_look = time.monotonic() + _LOOK_SECONDS
        while True:
            for descriptor, events in poll.poll(max(0.0, next_look - time.monotonic()) * 1000):
                if descriptor == ended:
                    return None
                if descriptor == control:
                    return "killed"
                if events & select.POLLIN:
                    self._answer()
                else:
                    # Nobody is left under the filter.
                    poll.unregister(descriptor)
            if time.monotonic() >= next_look:
                if over := self._over():
                    return over
                next_look = time.monotonic() + _LOOK_SECONDS

    def _answer(self) -> None:
        """Somebody wants to make a process, a thread or a file, or to rename one: if there are not enough of them."""
        question = bytearray(_QUESTION_BYTES)
        try:
            fcntl.ioctl(self._listener, _RECEIVE, question)
            identity, _, _, number = struct.unpack_from("QIIi", question)
            names = next((names for names in self._left if number in map(kernel.number, names)), None)
            if names is None:
                allowed, refusal = _usage().tasks < self._order["tasks"], errno.EAGAIN
            else:
                self._left[names] -= 1
                allowed, refusal = self._left[names] >= 0, errno.ENOSPC
            answer = struct.pack("QqiI", identity, 0, 0 if allowed else -refusal, _CONTINUE if allowed else 0)
            fcntl.ioctl(self._listener, _SEND, answer)
        # It was killed meanwhile.
        except (FileNotFoundError, InterruptedError):
            return

    def _over(self) -> str | None:
        order, usage = self._order, _usage()
        reaped = resource.getrusage(resource.RUSAGE_CHILDREN)
        if usage.cpu_seconds + reaped.ru_utime + reaped.ru_stime >= order["cpu_seconds"]:
            return "cpu"
        if usage.rss_bytes > order["memory_bytes"]:
            return "memory"
        if _folder_bytes(self._folder) > order["folder_bytes"]:
            return "output"
        return None


def _become(order: dict[str, Any], folder: int, channel: socket.socket, supervisor: int) -> NoReturn:
    """In the child: give up everything, and become the command."""
    executing = False
    try:
        os.setsid()
        os.fchdir(folder)
        for target, source in enumerate(order["streams"]):
            os.dup2(source, target)
        # The interpreter ignores them, and what is executed would go on to.
        for number in (signal.SIGPIPE, signal.SIGXFSZ):
            signal.signal(number, signal.SIG_DFL)
        for group in order["groups"]:
            os.write(group, b"0")
        for name, value in order["limits"].items():
            resource.setrlimit(getattr(resource, name), (value, value))
        if order["user"] is not None:
            os.setgroups([])
            os.setresgid(*[order["user"]] * 3)
            os.setresuid(*[order["user"]] * 3)
        kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)()
        if os.getppid() != supervisor:
            os._exit(_NOT_EXECUTED)
        _confine(order, channel)
        executing = True
        os.execve(order["argv"][0], order["argv"], order["environment"])
    except BaseException as error:
        said = {"not_executed": str(error)} if executing else {"problem": f"{type(error).__name__}: {error}"}
        if isinstance(error, _NotCounted):
            said = {"unavailable": str(error)}
        os.write(channel.fileno(), json.dumps(said).encode())
    finally:
        os._exit(_NOT_EXECUTED)


class _NotCounted(Exception):
    """The number of processes cannot be bounded."""


def _confine(order: dict[str, Any], channel: socket.socket) -> None:
    header = ctypes.create_string_buffer(struct.pack("Ii", _CAPABILITY_VERSION_3, 0), 8)
    kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)()
    kernel.syscall("capset", header, ctypes.create_string_buffer(24))
    kernel.prctl(kernel.PR_SET_DUMPABLE, 0)()
    if order["ruleset"] is not None:
        kernel.syscall("landlock_restrict_self", order["ruleset"], order["ruleset_flags"])
    if order["filter"] is not None:
        code = os.pread(order["filter"], os.fstat(order["filter"]).st_size, 0)
        main_filter = seccomp.Filter(code, order["pid_offsets"])
        try:
            listener = seccomp.asking().install_with_listener()
            socket.send_fds(channel, [b"L"], [listener])
        except OSError as error:
            if not order["counted"]:
                raise _NotCounted(
                    f"processes cannot be counted ({error}): allow a cgroup with the controllers memory and pids, or "
                    "give the service's process the capabilities SETUID, SETGID, CHOWN, DAC_OVERRIDE, FOWNER and KILL"
                ) from error
        kernel.syscall("close_range", 3, _LAST_DESCRIPTOR, _CLOSE_AT_EXECUTION)
        main_filter.install(os.getpid())
    else:
        kernel.syscall("close_range", 3, _LAST_DESCRIPTOR, _CLOSE_AT_EXECUTION)


def _end_all(main: int) -> int | None:
    """SIGKILL to every process below us until there is none; the status of `main`, as wait(2) gives it.

    Its group first, which the kernel does at once for all, so that nobody can fork away from it. Nobody can leave the
    group, but what could is below us too.
    """
    status = None
    while True:
        if main:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(main, signal.SIGKILL)
        for pid in _children(os.getpid()):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        try:
            pid, ended = os.waitpid(-1, 0)
        except ChildProcessError:
            return status
        if pid == main:
            status = ended


def _children(pid: int) -> Iterator[int]:
    """Of every thread of a process; none of one that has ended."""
    try:
        for task in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{task}/children", encoding="ascii") as children:
                yield from map(int, children.read().split())
    except (FileNotFoundError, ProcessLookupError):
        return


def _usage() -> Usage:
    tasks, ticks, pages = 0, 0, 0
    waiting = list(_children(os.getpid()))
    while waiting:
        pid = waiting.pop()
        try:
            with open(f"/proc/{pid}/stat", encoding="latin-1") as file:
                fields = file.read().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        # utime, stime and those of children that it has waited for; num_threads; rss.
        ticks += sum(map(int, fields[11:15]))
        tasks += int(fields[17])
        pages += int(fields[21])
        waiting += _children(pid)
    return Usage(tasks, ticks / _TICKS, pages * _PAGE_BYTES)


def _folder_bytes(folder: int) -> int:
    """What its files take, an entry counted as a page at least. The command can remove none."""
    total = 0
    for name in os.listdir(folder):
        with contextlib.suppress(FileNotFoundError):
            status = os.stat(name, dir_fd=folder, follow_symlinks=False)
            total += max(status.st_blocks * 512, _PAGE_BYTES)
    return total
