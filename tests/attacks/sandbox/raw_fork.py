"""Make processes by the raw system calls."""

import ctypes

libc = ctypes.CDLL(None, use_errno=True)

# fork, vfork, clone without CLONE_THREAD, clone3
for number, first in ((57, 0), (58, 0), (56, 17), (56, 0x10011100 & ~0x10000), (435, 0)):
    pid = libc.syscall(number, first, 0, 0, 0, 0)
    if pid == 0:
        libc.syscall(231, 0)
    if pid > 0:
        print("BREACH: call", number)
