"""Take memory."""

import mmap

for take in (
    lambda: bytearray(2 << 30),
    lambda: mmap.mmap(-1, 2 << 30),
    lambda: mmap.mmap(-1, 2 << 30, mmap.MAP_SHARED),
):
    try:
        take()
        print("BREACH: took 2 GiB")
    except (MemoryError, OSError):
        continue
