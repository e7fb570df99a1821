"""Seccomp: an allow-list of system calls, as classic BPF that is assembled here.

A call that is not listed fails with EPERM (clone3 with ENOSYS, so that libraries fall back to clone, whose flags a
filter can read). Filters check numbers, not memory: where only some arguments are harmless, the rule says which.
"""

from __future__ import annotations

import ctypes
import errno
import signal
import struct
from collections.abc import Iterable, Mapping, Sequence

from verifiers.sandbox import kernel

_AUDIT_ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
# Numbers from here on are the x32 ABI of x86-64: a second door to the same calls.
_X32 = 0x40000000

_LOAD, _AND, _RETURN = 0x20, 0x54, 0x06
_JUMP_EQUAL, _JUMP_AT_LEAST, _JUMP_ANY_BIT = 0x15, 0x35, 0x45
_ALLOW, _NOTIFY, _ERRNO, _KILL = 0x7FFF0000, 0x7FC00000, 0x00050000, 0x80000000
_NUMBER_OFFSET, _ARCHITECTURE_OFFSET, _ARGUMENTS_OFFSET = 0, 4, 16

# Stands for the process id in a rule until a process confines itself. No process has this id.
_OWN_PID = 0xFFFFFFFF

_CLONE_THREAD = 0x00010000
_CLONE_ANY_NAMESPACE = 0x7E020000
_O_ACCMODE, _O_CREAT, _O_TRUNC, _O_TMPFILE = 0o3, 0o100, 0o1000, 0o20000000
_FCNTL = (
    0,
    1,
    2,
    3,
    4,
    1030,
    1032,
)  # DUPFD, GETFD, SETFD, GETFL, SETFL, DUPFD_CLOEXEC, GETPIPE_SZ: no owners, no locks
_IOCTL = (0x5401, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451)  # TCGETS, TIOCGWINSZ, FIONREAD, FIONBIO, FIONCLEX, FIOCLEX
_PRCTL = (3, 15, 16, 0x53564D41)  # GET_DUMPABLE, SET_NAME, GET_NAME, SET_VMA (names of malloc's arenas)

_MODE_FILTER = 2
_SET_MODE_FILTER, _NEW_LISTENER = 1, 1 << 3
_GET_ACTION_AVAILABLE = 2
# Not from `socket`: this module is imported once per command of the slow lane.
_AF_UNIX = 1

# A jump target that is not known yet: the rule's refusal.
_REFUSE = -1
_Instruction = tuple[int, int, int, int]
# Conditions on the arguments, one after the other; an empty rule allows the call.
Rule = list[_Instruction]


def _argument(index: int, *, high: bool = False) -> _Instruction:
    """Load the low (or high) half of an argument; both machines are little-endian."""
    return (_LOAD, 0, 0, _ARGUMENTS_OFFSET + 8 * index + (4 if high else 0))


def one_of(index: int, values: Iterable[int], *, mask: int | None = None) -> list[_Instruction]:
    """Go on if the argument's low 32 bits, masked, are one of `values`."""
    wanted = list(values)
    code = [_argument(index)]
    if mask is not None:
        code.append((_AND, 0, 0, mask))
    for left, value in zip(range(len(wanted) - 1, -1, -1), wanted, strict=True):
        code.append((_JUMP_EQUAL, left, 0 if left else _REFUSE, value))
    return code


def not_equal(index: int, value: int, *, mask: int | None = None) -> list[_Instruction]:
    """Go on if the argument's low 32 bits, masked, are not `value`."""
    code = [_argument(index)]
    if mask is not None:
        code.append((_AND, 0, 0, mask))
    return [*code, (_JUMP_EQUAL, _REFUSE, 0, value)]


def no_bit(index: int, bits: int) -> list[_Instruction]:
    """Go on if none of `bits` is set in the argument."""
    return [_argument(index), (_JUMP_ANY_BIT, _REFUSE, 0, bits)]


def any_bit(index: int, bits: int) -> list[_Instruction]:
    """Go on if one of `bits` is set in the argument."""
    return [_argument(index), (_JUMP_ANY_BIT, 0, _REFUSE, bits)]


def null(index: int) -> list[_Instruction]:
    """Go on if the argument is a null pointer."""
    low, high = _argument(index), _argument(index, high=True)
    return [low, (_JUMP_EQUAL, 0, _REFUSE, 0), high, (_JUMP_EQUAL, 0, _REFUSE, 0)]


def _opening(index: int) -> list[_Instruction]:
    """O_TRUNC empties a file even when it is opened only to be read, which Landlock does not see below ABI 3."""
    return not_equal(index, _O_TRUNC, mask=_O_ACCMODE | _O_TRUNC)


_SIGKILL = int(signal.SIGKILL)

# What a Python interpreter with threads, NumPy and SymPy needs once it runs. No process is made, no program executed,
# no socket opened, no other process named.
COMPUTE_CALLS = """
    read write close fstat newfstatat stat lstat statx lseek pread64 pwrite64 readv writev preadv pwritev
    access faccessat faccessat2 readlink readlinkat getdents64 getcwd chdir fchdir statfs fstatfs umask fadvise64
    dup dup2 dup3 pipe pipe2 select pselect6 poll ppoll fsync fdatasync ftruncate
    epoll_create epoll_create1 epoll_ctl epoll_wait epoll_pwait eventfd eventfd2
    mmap mprotect munmap mremap brk madvise mincore membarrier
    rt_sigaction rt_sigprocmask rt_sigreturn rt_sigpending rt_sigtimedwait rt_sigsuspend sigaltstack pause
    nanosleep clock_nanosleep clock_gettime clock_getres gettimeofday time times getitimer setitimer alarm
    getpid getppid gettid getpgrp getpgid getsid getuid geteuid getgid getegid getresuid getresgid getgroups
    getrlimit getrusage sysinfo uname sched_yield sched_getaffinity getcpu getrandom
    futex set_robust_list get_robust_list rseq set_tid_address arch_prctl restart_syscall exit exit_group wait4 waitid
    close_range recvfrom shutdown getsockname getpeername getsockopt
"""
COMPUTE_RULES: dict[str, Rule] = {
    "openat": _opening(2),
    "open": _opening(1),
    "fcntl": one_of(1, _FCNTL),
    "ioctl": one_of(1, _IOCTL),
    "prctl": one_of(0, _PRCTL),
    # Reading limits; setting them could only lower them, but for another process too.
    "prlimit64": [*one_of(0, (0, _OWN_PID)), *null(2)],
    "socketpair": one_of(0, (_AF_UNIX,)),
    # Never to an address: a datagram socket could reach any listener by its name.
    "sendto": null(4),
    # Its own process only. SIGKILL stays ours, so that who sent it is known.
    "kill": [*one_of(0, (_OWN_PID,)), *not_equal(1, _SIGKILL)],
    "tgkill": [*one_of(0, (_OWN_PID,)), *not_equal(2, _SIGKILL)],
    "clone": [*one_of(0, (_CLONE_THREAD,), mask=_CLONE_THREAD), *no_bit(0, _CLONE_ANY_NAMESPACE)],
}
# Where paths may be written: in bubblewrap in a private file system, which says how much.
WRITE_CALLS = """
    mkdir mkdirat rmdir unlink unlinkat rename renameat renameat2 link linkat symlink symlinkat chmod fchmod fchmodat
    utimensat fallocate creat sendfile
"""
# Without one. Landlock governs neither modes nor times, which are other files' too; and nothing is removed: a file that
# is open and has no name takes room that nobody sees.
BARE_WRITE_CALLS = "symlink symlinkat rename renameat renameat2 creat sendfile"
# Slow lane, over COMPUTE_RULES: programs are executed. An opening may make a file, but none without a name: that would
# take room that nobody sees.
EXECUTE_RULES: dict[str, Rule] = {
    "execve": [],
    "prlimit64": one_of(0, (0,)),
    "open": [*_opening(1), *no_bit(1, _O_TMPFILE)],
    "openat": [*_opening(2), *no_bit(2, _O_TMPFILE)],
}
PROCESS_RULES: dict[str, Rule] = {
    "fork": [],
    "vfork": [],
    "clone": no_bit(0, _CLONE_ANY_NAMESPACE),
}


# What a supervisor of a command counts: processes and threads (clone3 is refused, so that libraries take these), files
# that are made, and renames, each of which may hide a file that another one replaces.
NEW_TASKS = ("clone", "fork", "vfork")
NEW_FILES = ("open", "openat", "creat")
RENAMES = ("rename", "renameat", "renameat2")
ASKED: dict[str, Rule] = {name: [] for name in (*NEW_TASKS, *RENAMES, "creat")} | {
    "open": any_bit(1, _O_CREAT),
    "openat": any_bit(2, _O_CREAT),
}


def _block(
    call: int, body: Sequence[_Instruction], then: int = _ALLOW, otherwise: int = _ERRNO | errno.EPERM
) -> list[_Instruction]:
    """`if number == call: body and allow, else refuse`; falls through for any other call."""
    code = [*body, (_RETURN, 0, 0, then)]
    if body:
        code.append((_RETURN, 0, 0, otherwise))
    refusal = len(code) - 1
    resolved = [
        (op, refusal - at - 1 if yes == _REFUSE else yes, refusal - at - 1 if no == _REFUSE else no, value)
        for at, (op, yes, no, value) in enumerate(code)
    ]
    return [(_JUMP_EQUAL, 0, len(resolved), call), *resolved]


class Filter:
    """An assembled filter.

    Args:
        code: the instructions.
        pid_offsets: the bytes in it where the own process id belongs.
    """

    def __init__(self, code: bytes, pid_offsets: Sequence[int]) -> None:
        self.code = code
        self.pid_offsets = tuple(pid_offsets)
        self._buffer = ctypes.create_string_buffer(code, len(code))
        program = struct.pack("HxxxxxxP", len(code) // 8, ctypes.addressof(self._buffer))
        self._program = ctypes.create_string_buffer(program, len(program))
        self._set = kernel.Call("prctl", kernel.PR_SET_SECCOMP, _MODE_FILTER, ctypes.addressof(self._program), 0, 0)

    def code_for(self, pid: int) -> bytes:
        """The instructions, for a process of this id."""
        for offset in self.pid_offsets:
            struct.pack_into("I", self._buffer, offset, pid)
        return self._buffer.raw

    def install(self, pid: int) -> None:
        """Put the calling thread under the filter, for good. Needs no_new_privs. Raises OSError."""
        self.code_for(pid)
        self._set()

    def install_with_listener(self) -> int:
        """The same, and the descriptor on which the filter's questions arrive. Raises OSError (EBUSY: has one)."""
        return kernel.syscall("seccomp", _SET_MODE_FILTER, _NEW_LISTENER, self._program)


def _search(allowed: Sequence[int]) -> list[_Instruction]:
    """Allow these numbers and refuse all others, by halving: the kernel walks a filter once per call it knows."""
    # Where the answer changes, beginning with a refusal at 0.
    changes = [0]
    for number in allowed:
        if number == changes[-1] and len(changes) > 1:
            changes[-1] = number + 1
        else:
            changes += [number, number + 1]
    return _halve(changes, 0, len(changes))


def _halve(changes: Sequence[int], low: int, high: int) -> list[_Instruction]:
    if high - low == 1:
        return [(_RETURN, 0, 0, _ALLOW if low % 2 else _ERRNO | errno.EPERM)]
    middle = (low + high) // 2
    below, above = _halve(changes, low, middle), _halve(changes, middle, high)
    return [(_JUMP_AT_LEAST, len(below), 0, changes[middle]), *below, *above]


def assemble(calls: str, rules: Mapping[str, Rule]) -> Filter:
    """A filter that allows the named `calls`, and those of `rules` under their conditions. A rule beats a call."""
    machine = kernel.machine()
    code: list[_Instruction] = [
        (_LOAD, 0, 0, _ARCHITECTURE_OFFSET),
        (_JUMP_EQUAL, 1, 0, _AUDIT_ARCH[machine]),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _NUMBER_OFFSET),
    ]
    if machine == "x86_64":
        code += [(_JUMP_AT_LEAST, 0, 1, _X32), (_RETURN, 0, 0, _ERRNO | errno.EPERM)]
    for name, rule in rules.items():
        number = kernel.number(name)
        if number is not None:
            code += _block(number, rule)
    clone3 = kernel.number("clone3")
    code += [(_JUMP_EQUAL, 0, 1, clone3 or 0), (_RETURN, 0, 0, _ERRNO | errno.ENOSYS)]
    plain = {kernel.number(name) for name in calls.split() if name not in rules}
    code += _search(sorted(number for number in plain if number is not None))
    offsets = tuple(8 * at + 4 for at, one in enumerate(code) if one[0] == _JUMP_EQUAL and one[3] == _OWN_PID)
    return Filter(b"".join(struct.pack("HBBI", op, yes, no, value) for op, yes, no, value in code), offsets)


def asking() -> Filter:
    """A filter beside `assemble`'s that asks its listener before each call of ASKED, and allows all others."""
    code: list[_Instruction] = [(_LOAD, 0, 0, _NUMBER_OFFSET)]
    for name, rule in ASKED.items():
        number = kernel.number(name)
        if number is not None:
            code += _block(number, rule, _NOTIFY, _ALLOW)
    code.append((_RETURN, 0, 0, _ALLOW))
    return Filter(b"".join(struct.pack("HBBI", *one) for one in code), ())


def available() -> bool:
    """Whether this kernel has seccomp filters."""
    try:
        kernel.machine()
    except OSError:
        return False
    action = ctypes.create_string_buffer(struct.pack("I", _ERRNO), 4)
    try:
        return kernel.syscall("seccomp", _GET_ACTION_AVAILABLE, 0, action) == 0
    except OSError as error:
        if error.errno in (errno.ENOSYS, errno.EINVAL, errno.EOPNOTSUPP):
            return False
        raise
