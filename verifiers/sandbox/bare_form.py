"""One command of the slow lane without namespaces: under Landlock, seccomp and limits, below a supervisor of its own.

For machines where bubblewrap cannot work (a chroot, most containers). Against bubblewrap it gives up that what may not
be read is not there: a command can ask whether a path exists, its size and its times. And it cannot remove its own
files, make folders or change modes: nothing would tell its own from others' there.

Where root may, the command gets a user that nobody else has. Else it keeps ours, without any capability.
"""

from __future__ import annotations

import contextlib
import functools
import json
import math
import os
import secrets
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from verifiers.sandbox import cgroup, held, landlock, policy, reach, seccomp
from verifiers.sandbox.payload import sealed
from verifiers.sandbox.types import NOT_EXECUTED, End, Ending, Order, SandboxFailed, SandboxUnavailable

_BOOT = (
    "import sys; sys.path[:0] = [sys.argv[1]]; from verifiers.sandbox.supervisor import main; main(int(sys.argv[2]))"
)
_ROOT = str(Path(__file__).resolve().parents[2])
_DEVICES = {"/dev/null": landlock.READ_FILE | landlock.WRITE_FILE}
_READ_DEVICES = ("/dev/zero", "/dev/urandom")
_SETUP_SECONDS, _END_SECONDS = 60, 20
_CHUNK_BYTES = 1 << 16
# CHOWN, DAC_OVERRIDE, FOWNER, KILL, SETGID, SETUID: to give a folder and a process to another user, to read back and
# empty that folder, and to end the process.
_TO_BE_ANOTHER = 1 << 0 | 1 << 1 | 1 << 3 | 1 << 5 | 1 << 6 | 1 << 7
# Users that no account has, where all are mapped; else of the upper half of what is.
_FREE_USERS = range(0x60000000, 0x70000000)


class BareForm:
    """A started command. Raises SandboxUnavailable, SandboxFailed.

    Attributes:
        stdout, stderr: our ends of its pipes.
        room: how many bytes of its stdout are to be read.
        started: when it began, on the monotonic clock.
    """

    def __init__(self, order: Order, cleanup: contextlib.ExitStack) -> None:
        self._order = order
        self._cleanup = cleanup
        self._said = b""
        self._main = 0
        self.room = order.limits.output_bytes
        folder = _make_folder()
        cleanup.callback(shutil.rmtree, folder, ignore_errors=True)
        self._group = _make_group(order, cleanup)
        with contextlib.ExitStack() as theirs:
            self._popen(order, folder, theirs)
        begun = self._told(time.monotonic() + _SETUP_SECONDS)
        self.started = time.monotonic()
        # One that could not be executed has ended already.
        self._ended = begun if "not_executed" in begun else None
        self._main = int(begun.get("begun", 0))

    def _popen(self, order: Order, folder: str, theirs: contextlib.ExitStack) -> None:
        def lend(descriptor: int) -> int:
            theirs.callback(os.close, descriptor)
            return descriptor

        def keep(descriptor: int) -> int:
            self._cleanup.callback(os.close, descriptor)
            return descriptor

        (control, ours), (report_read, report) = os.pipe(), os.pipe()
        (out, stdout), (err, stderr) = os.pipe(), os.pipe()
        self._control, self._report, self.stdout, self.stderr = map(keep, (ours, report_read, out, err))
        streams = [lend(sealed(order.stdin)), lend(stdout), lend(stderr)]
        self._kept = {name: keep(os.memfd_create("kept", os.MFD_CLOEXEC)) for name in order.keep}
        files = {name: lend(sealed(content)) for name, content in order.files.items()}
        passed: dict[str, Any] = {"control": lend(control), "report": lend(report), "streams": streams}
        passed |= {"files": files, "keep": self._kept, "groups": []}
        if self._group is not None:
            passed["groups"] = [lend(descriptor) for descriptor in self._group.open()]
        user = _own_user(tuple(order.reads))
        passed |= _confinement(order, folder, lend)
        passed |= {"folder": folder, "user": user, "argv": [*order.argv], "tasks": order.tasks}
        # The folder is the working directory: no path of this machine is in what a compiler says.
        passed["environment"] = held.environment(order, ".")
        # Threads of one process are bounded by its memory, as in the fast lane.
        passed["counted"] = order.processes == 1 or self._group is not None or user is not None
        # Only a user of its own is counted: the kernel counts all processes of a user.
        passed["limits"] = held.limits(order, counted=user is not None)
        passed["cpu_seconds"] = math.ceil(order.limits.cpu_seconds)
        passed["memory_bytes"] = order.limits.memory_bytes + _files_bytes(order)
        passed["file_bytes"], passed["folder_bytes"] = order.limits.file_bytes, _files_bytes(order)
        told = lend(sealed(json.dumps(passed).encode()))
        groups: Sequence[int] = passed["groups"]
        lent = [control, report, *streams, *files.values(), *self._kept.values(), *groups, told]
        lent += [passed[name] for name in ("ruleset", "filter") if passed[name] is not None]
        self._process = subprocess.Popen(
            [os.path.realpath(sys.executable), "-I", "-S", "-c", _BOOT, _ROOT, str(told)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={"PYTHONUTF8": "1"},
            cwd="/",
            pass_fds=lent,
            start_new_session=True,
        )
        self._cleanup.callback(self._end)

    def _told(self, deadline: float) -> dict[str, Any]:
        """The supervisor's next line. Raises SandboxUnavailable or SandboxFailed with its reason, or without one."""
        poll = select.poll()
        poll.register(self._report, select.POLLIN)
        while b"\n" not in self._said:
            if not poll.poll(max(0.0, deadline - time.monotonic()) * 1000):
                raise SandboxFailed("the command's supervisor does not answer")
            received = os.read(self._report, _CHUNK_BYTES)
            if not received:
                raise SandboxFailed("the command's supervisor was killed from outside")
            self._said += received
        line, _, self._said = self._said.partition(b"\n")
        told: dict[str, Any] = json.loads(line)
        if "unavailable" in told:
            raise SandboxUnavailable(f"the slow lane (C++, other commands) cannot work here: {told['unavailable']}")
        if "problem" in told:
            raise SandboxFailed(f"the command could not be confined: {told['problem']}")
        return told

    def kill(self) -> None:
        """End it now, from any thread; `finish` then says that it was killed."""
        # It may have ended by itself.
        with contextlib.suppress(BrokenPipeError):
            os.write(self._control, b"k")

    def finish(self, stdout: bytes, stderr: bytes, deadline: float, *, cut: bool) -> End:
        """How it ended; at the deadline, or at once if it was `cut`, it is ended. Raises SandboxFailed."""
        late = False
        if self._ended is None and not cut:
            poll = select.poll()
            poll.register(self._report, select.POLLIN)
            late = not poll.poll(max(0.0, deadline - time.monotonic()) * 1000)
        if self._ended is None and (cut or late):
            self.kill()
        told = self._ended or self._told(time.monotonic() + _END_SECONDS)
        if "not_executed" in told:
            return End(None, NOT_EXECUTED, 0.0, 0, False, stdout, {})
        if told["cut"] == "killed" and not (cut or late):
            raise SandboxFailed("the command was ended by its caller")
        limit: Ending | None = "wall" if late else None if told["cut"] == "killed" else told["cut"]
        code = os.waitstatus_to_exitcode(told["status"])
        return End(
            cut=limit,
            code=-1 if cut or limit else code if code >= 0 else 128 - code,
            cpu_seconds=told["cpu_seconds"],
            max_rss_bytes=told["max_rss_bytes"],
            out_of_memory=self._group is not None and self._group.out_of_memory(),
            stdout=stdout,
            kept={name: content for name, target in self._kept.items() if (content := _content(target)) is not None},
        )

    def _end(self) -> None:
        if self._process.poll() is None:
            self.kill()
            try:
                self._process.wait(_END_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        # It had no time to do this where it was killed itself.
        if self._process.returncode and self._main:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._main, signal.SIGKILL)


def _make_folder() -> str:
    try:
        return tempfile.mkdtemp(prefix="rlcore-sandbox-")
    except OSError as error:
        raise SandboxUnavailable(
            f"the slow lane (C++, other commands) has no folder to work in: {error}; name one in TMPDIR"
        ) from None


def _make_group(order: Order, cleanup: contextlib.ExitStack) -> cgroup.Group | None:
    directories = cgroup.parents()
    if not directories:
        return None
    memory = order.limits.memory_bytes + _files_bytes(order)
    return cleanup.enter_context(cgroup.Group(directories, memory_bytes=memory, processes=order.tasks))


def _files_bytes(order: Order) -> int:
    return 2 * order.limits.file_bytes + sum(map(len, order.files.values()))


def _confinement(order: Order, folder: str, lend: Any) -> dict[str, Any]:
    """Descriptors of a Landlock ruleset and of a filter; none where isolation is waived."""
    found = policy.require()
    passed: dict[str, Any] = {"ruleset": None, "ruleset_flags": 0, "filter": None, "pid_offsets": []}
    if found.landlock_abi:
        ruleset = landlock.Ruleset(found.landlock_abi)
        passed |= {"ruleset": lend(ruleset.descriptor), "ruleset_flags": ruleset.flags}
        for path in order.reads:
            names_only = path.endswith("/")
            ruleset.allow(path, landlock.READ_DIRECTORY if names_only else landlock.READ | landlock.EXECUTE)
        for path, rights in _DEVICES.items():
            ruleset.allow(path, rights)
        for path in filter(os.path.exists, _READ_DEVICES):
            ruleset.allow(path, landlock.READ_FILE)
        ruleset.allow(folder, landlock.READ | landlock.EXECUTE | landlock.ADD_FILES)
    if found.seccomp:
        assembled = _filter(order.processes > 1)
        passed |= {"filter": lend(sealed(assembled.code)), "pid_offsets": [*assembled.pid_offsets]}
    return passed


@functools.cache
def _filter(may_fork: bool) -> seccomp.Filter:
    rules = seccomp.COMPUTE_RULES | seccomp.EXECUTE_RULES
    if may_fork:
        rules |= seccomp.PROCESS_RULES
    # In any other mode it takes room on the disk that no size of a file shows.
    rules = rules | {"fallocate": seccomp.one_of(1, (0,))}
    return seccomp.assemble(f"{seccomp.COMPUTE_CALLS} {seccomp.BARE_WRITE_CALLS}", rules)


def _own_user(reads: tuple[str, ...]) -> int | None:
    """A user that nobody has, for this command alone; None where it must be ours."""
    free = _free_users()
    return secrets.choice(free) if free and reach.open_to_all(reads) else None


@functools.cache
def _free_users() -> range:
    """Empty unless we are root and may become another user, in the user namespace that we are in."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    effective = int(status.partition("CapEff:")[2].split()[0], 16)
    if os.geteuid() != 0 or effective & _TO_BE_ANOTHER != _TO_BE_ANOTHER:
        return range(0)
    lines = Path("/proc/self/uid_map").read_text(encoding="ascii").splitlines()
    mapped = [range(first, first + count) for first, _, count in (map(int, line.split()) for line in lines)]
    if any(_FREE_USERS[0] in users and _FREE_USERS[-1] in users for users in mapped):
        return _FREE_USERS
    largest = max(mapped, key=len)
    return range(largest[len(largest) // 2], largest[-1]) if len(largest) > 1 << 12 else range(0)


def _content(descriptor: int) -> bytes | None:
    """What the supervisor put there, after its mark."""
    content = os.pread(descriptor, os.fstat(descriptor).st_size, 0)
    return content[1:] if content else None
