"""Take room on the disk that no file's size shows."""

import ctypes
import os

KEEP_SIZE = 1
libc = ctypes.CDLL(None, use_errno=True)
try:
    descriptor = os.open("f", os.O_RDWR | os.O_CREAT, 0o600)
except OSError:
    descriptor = 1
if libc.fallocate(descriptor, KEEP_SIZE, ctypes.c_long(0), ctypes.c_long(1 << 30)) == 0:
    print("BREACH: a GiB of the disk")
