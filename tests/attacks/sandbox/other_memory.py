"""Read another process's memory."""

# ruff: noqa: E402

import ctypes

libc = ctypes.CDLL(None, use_errno=True)

import json
import os
import sys

world = json.load(sys.stdin)
for pid in (world["pid"], os.getppid()):
    # ptrace(PTRACE_ATTACH and PTRACE_SEIZE), process_vm_readv, pidfd_open, kcmp
    for number, arguments in (
        (101, (16, pid, 0, 0)),
        (101, (0x4206, pid, 0, 0)),
        (310, (pid, 0, 0, 0, 0, 0)),
        (434, (pid, 0)),
        (312, (pid, pid, 0, 0, 0)),
    ):
        if libc.syscall(number, *arguments) >= 0:
            print("BREACH: call", number)
