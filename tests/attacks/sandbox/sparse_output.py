"""Make the output file huge without writing it."""

import os

for grow in (lambda: os.ftruncate(1, 1 << 40), lambda: os.pwrite(1, b"x", 1 << 40), lambda: os.ftruncate(0, 1 << 40)):
    try:
        grow()
        print("BREACH: grew")
    except OSError:
        continue
