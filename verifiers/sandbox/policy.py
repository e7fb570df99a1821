"""The one policy for everything that runs or evaluates model text: resource limits, Landlock, seccomp.

A process under `Confinement.apply` reads its interpreter and libraries (`verifiers.sandbox.readable`), computes, and
talks over the descriptors that it already has. It opens no other file, writes none, makes no process and no socket,
signals nobody, and cannot undo any of it. Stdlib and ctypes only: the fork server and judge workers import this module.

What Landlock does not hide: that a path exists, its size and its times (stat). Inside bubblewrap there is nothing else
to ask about; without it a program can look for names, not into files.
"""

from __future__ import annotations

import ctypes
import functools
import logging
import math
import os
import resource
import struct
from collections.abc import Iterable
from dataclasses import dataclass

from verifiers.sandbox import kernel, landlock, readable, seccomp
from verifiers.sandbox.types import Limits, SandboxUnavailable

# With NO_ISOLATION the only way to run without isolation, for work on the judges themselves.
SETTING = "RLCORE_SANDBOX"
NO_ISOLATION = "allow-no-isolation"
# Another value: do without bubblewrap where it works too, to see what a machine without it does.
NO_BUBBLEWRAP = "no-bubblewrap"

# Deep recursion outside Python's own stack (a C extension, `re`) may use this much.
_STACK_BYTES = 64 << 20
_CAPABILITY_VERSION_3 = 0x20080522
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What this machine has for a sandbox.

    Attributes:
        landlock_abi: 0 if there is no Landlock.
        seccomp: whether seccomp filters work on this machine.
    """

    landlock_abi: int
    seccomp: bool

    def missing(self) -> list[str]:
        """What the policy needs and this machine lacks, each with its remedy."""
        problems = []
        if self.landlock_abi < landlock.MINIMUM_ABI:
            problems.append(
                "no Landlock: it needs Linux 5.13 or newer with `landlock` in the boot parameter lsm= "
                "(CONFIG_LANDLOCK, CONFIG_LSM); a container needs an engine whose seccomp profile lets landlock_* pass"
            )
        if not self.seccomp:
            problems.append(
                "no seccomp filters: they need Linux with CONFIG_SECCOMP_FILTER on x86_64 or aarch64; gVisor and "
                "emulators have none"
            )
        return problems


@functools.cache
def check() -> Capabilities:
    """What this machine has. Asked once per process."""
    try:
        kernel.machine()
    except OSError:
        return Capabilities(landlock_abi=0, seccomp=False)
    return Capabilities(landlock_abi=landlock.abi(), seccomp=seccomp.available())


def isolation_waived() -> bool:
    """Whether the user asked, by name, to run untrusted text without isolation where isolation is missing."""
    return os.environ.get(SETTING) == NO_ISOLATION


@functools.cache
def _warn_once(problems: str) -> None:
    _log.warning("%s=%s: untrusted text runs WITHOUT isolation (%s)", SETTING, NO_ISOLATION, problems)


def require() -> Capabilities:
    """`check`, or SandboxUnavailable with the remedy unless Landlock and seccomp work (see `SETTING`)."""
    found = check()
    problems = "; ".join(found.missing())
    if problems and not isolation_waived():
        raise SandboxUnavailable(
            f"{problems}. Nothing untrusted is run without them; {SETTING}={NO_ISOLATION} runs it all the same, "
            "with resource limits only"
        )
    if problems:
        _warn_once(problems)
    return found


class Confinement:
    """Prepared once, applied in any number of forked children or once in a long-lived worker.

    Args:
        folders: of the packages that may be read besides the standard library (`readable.packages`).
        landlock_abi: use this older ABI; for tests of the lowest one.
        base_bytes: address space that the process has already; `Limits.memory_bytes` comes on top.

    Raises SandboxUnavailable if Landlock or seccomp is missing (see `require`).
    """

    def __init__(
        self,
        folders: Iterable[str] = (),
        *,
        landlock_abi: int | None = None,
        base_bytes: int = 0,
    ) -> None:
        found = require()
        self.base_bytes = base_bytes
        self._files: landlock.Ruleset | None = None
        # Root keeps its files and loses its powers.
        header = ctypes.create_string_buffer(struct.pack("Ii", _CAPABILITY_VERSION_3, 0), 8)
        no_capabilities = ctypes.create_string_buffer(24)
        self._no_new_privileges = kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
        self._steps = [
            kernel.Call("capset", header, no_capabilities),
            kernel.prctl(kernel.PR_SET_DUMPABLE, 0),
        ]
        if found.landlock_abi:
            abi = min(found.landlock_abi, landlock_abi or found.landlock_abi)
            self._files = _files(abi, folders)
            if abi >= landlock.SCOPES_ABI:
                self._steps.append(landlock.Ruleset(abi, files=False).restrict_self)
        self._filter = None
        if found.seccomp:
            self._filter = seccomp.assemble(seccomp.COMPUTE_CALLS, seccomp.COMPUTE_RULES)

    def close_files(self) -> None:
        """Give up all files but the readable ones, in this process and in all that it forks.

        A fork server does this once, so that a fork need not copy the many rules. Any number of times; raises OSError.
        """
        if self._files is not None:
            self._no_new_privileges()
            self._files.restrict_self()
            self._files.close()
            self._files = None

    def apply(self, limits: Limits | None = None) -> None:
        """Confine this process, for good. Only while it has a single thread: others would stay free.

        Raises SandboxUnavailable if it has more, and OSError if the kernel refuses; then nothing untrusted may follow.
        """
        _refuse_threads()
        if limits is not None:
            set_limits(limits, self.base_bytes)
        self._no_new_privileges()
        self.close_files()
        for step in self._steps:
            step()
        if self._filter is not None:
            self._filter.install(os.getpid())


def _files(abi: int, folders: Iterable[str]) -> landlock.Ruleset:
    """What may be read, as rules."""
    ruleset = landlock.Ruleset(abi)
    for path in readable.files(folders):
        ruleset.allow(path, landlock.READ)
    # An import lists the folder.
    for path in readable.standard_library():
        ruleset.allow(path, landlock.READ_DIRECTORY)
    if os.path.exists(os.devnull):
        ruleset.allow(os.devnull, landlock.READ_FILE | landlock.WRITE_FILE)
    return ruleset


def set_limits(limits: Limits, base_bytes: int) -> None:
    """The resource limits of one program, hard ones. A program is ended at its CPU limit and cannot catch that."""
    memory, cpu = base_bytes + limits.memory_bytes, math.ceil(limits.cpu_seconds)
    for name, value in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CPU, cpu),
        (resource.RLIMIT_FSIZE, limits.output_bytes),
        (resource.RLIMIT_NOFILE, limits.open_files),
        (resource.RLIMIT_CORE, 0),
    ):
        _, highest = resource.getrlimit(name)
        # A limit that this process inherited stays: nobody raises one.
        allowed = value if highest == resource.RLIM_INFINITY else min(value, highest)
        resource.setrlimit(name, (allowed, allowed))
    _, highest = resource.getrlimit(resource.RLIMIT_STACK)
    stack = _STACK_BYTES if highest == resource.RLIM_INFINITY else min(_STACK_BYTES, highest)
    resource.setrlimit(resource.RLIMIT_STACK, (stack, highest))


def _refuse_threads() -> None:
    try:
        threads = os.stat("/proc/self/task").st_nlink - 2
    except OSError:  # no /proc here: a child of the fork server, which has one thread
        return
    if threads > 1:
        raise SandboxUnavailable(f"{threads} threads run in this process: it can be confined only while there is one")
