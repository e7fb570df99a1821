"""Execute programs."""

# ruff: noqa: E402

import ctypes

libc = ctypes.CDLL(None, use_errno=True)

import os
import subprocess

for reach in (
    lambda: os.execv("/bin/sh", ["sh", "-c", "echo BREACH"]),
    lambda: subprocess.run(["/bin/sh", "-c", "echo BREACH"], check=True),
    lambda: os.posix_spawn("/bin/sh", ["sh", "-c", "echo BREACH"], {}),
    lambda: os.system("echo BREACH"),
):
    try:
        reach()
    except OSError:
        continue
libc.syscall(322, 0, b"/bin/sh", 0, 0, 0)
