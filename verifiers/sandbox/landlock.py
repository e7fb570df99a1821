"""Landlock: which parts of the file system a process may reach, by raw system calls (Linux 5.13 and newer).

Everything that is not listed is denied. Newer kernels (a higher ABI) let us deny more here: network (4), device
ioctls (5), abstract sockets and signals (6). None of these is needed, since the seccomp filter denies the same
calls: what the two must do together is closed at ABI 1, which is the lowest that we take (`MINIMUM_ABI`).
"""

from __future__ import annotations

import ctypes
import errno
import os
import stat
import struct

from verifiers.sandbox import kernel

# What ABI 1 leaves open, seccomp closes: opening with O_TRUNC and truncate(2) (governed here from ABI 3), TCP (4),
# ioctls (5), signals and abstract sockets (6).
MINIMUM_ABI = 1
# From here on a process may be kept from others outside its own domain.
SCOPES_ABI = 6

_CREATE_RULESET_VERSION = 1
_RULE_PATH_BENEATH = 1
_RESTRICT_SELF_LOG_SAME_EXEC_OFF = 1

READ_FILE, READ_DIRECTORY, WRITE_FILE = 1 << 2, 1 << 3, 1 << 1
EXECUTE, REMOVE_FILE, MAKE_FILE, MAKE_LINK = 1 << 0, 1 << 5, 1 << 8, 1 << 12
_TRUNCATE, _IOCTL_DEVICE = 1 << 14, 1 << 15
_FOR_FILES = EXECUTE | WRITE_FILE | READ_FILE | _TRUNCATE | _IOCTL_DEVICE
READ = READ_FILE | READ_DIRECTORY
# Make regular files and links in a folder, write and rename them: no folders in it, no devices, pipes or sockets.
ADD_FILES = WRITE_FILE | REMOVE_FILE | MAKE_FILE | MAKE_LINK | _TRUNCATE
_ALL_TCP = 3
_ALL_SCOPES = 3


def abi() -> int:
    """The kernel's Landlock ABI; 0 if it has none or it is switched off at boot."""
    try:
        return kernel.syscall("landlock_create_ruleset", None, 0, _CREATE_RULESET_VERSION)
    except OSError as error:
        if error.errno in (errno.ENOSYS, errno.EOPNOTSUPP):
            return 0
        raise


def _handled(version: int) -> int:
    """All file system rights that this ABI knows; the ones above bit 15 are later inventions."""
    bits = 13 if version < 2 else 14 if version < 3 else 15 if version < 5 else 16
    return (1 << bits) - 1


class Ruleset:
    """A set of allowed paths; enters force in the calling thread by `restrict_self`, for good.

    Args:
        version: of the ABI to use; not above the kernel's.
        files: whether it is about files at all. Without them it needs `SCOPES_ABI`.
    """

    def __init__(self, version: int, *, files: bool = True) -> None:
        self._handled = _handled(version) if files else 0
        attributes = struct.pack("Q", self._handled)
        if version >= 4:
            attributes += struct.pack("Q", _ALL_TCP)
        if version >= SCOPES_ABI:
            attributes += struct.pack("Q", _ALL_SCOPES)
        buffer = ctypes.create_string_buffer(attributes, len(attributes))
        self.descriptor = kernel.syscall("landlock_create_ruleset", buffer, len(attributes), 0)
        # A program's denied tries are its own business: they must not fill the machine's audit log.
        self.flags = _RESTRICT_SELF_LOG_SAME_EXEC_OFF if version >= 7 else 0
        # Confines the calling thread and its future children. Needs no_new_privs.
        self.restrict_self = kernel.Call("landlock_restrict_self", self.descriptor, self.flags)

    def allow(self, path: str, rights: int) -> None:
        """Allow `rights` on a file, or on a directory and all beneath it. Raises OSError if it is not there."""
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
        try:
            if not stat.S_ISDIR(os.fstat(descriptor).st_mode):
                rights &= _FOR_FILES
            rule = struct.pack("=Qi", rights & self._handled, descriptor)
            buffer = ctypes.create_string_buffer(rule, len(rule))
            kernel.syscall("landlock_add_rule", self.descriptor, _RULE_PATH_BENEATH, buffer, 0)
        finally:
            os.close(descriptor)

    def close(self) -> None:
        """Close the descriptor; a process under the ruleset stays under it."""
        os.close(self.descriptor)
