"""Search the heap, page by page, for the text of the program before."""

import ctypes
import os
import sys

# The secret comes reversed and is put together nowhere: else this program would find itself.
reversed_secret = sys.stdin.buffer.read().strip()
half = len(reversed_secret) // 2
first, second = reversed_secret[: half - 1 : -1], reversed_secret[half - 1 :: -1]
libc = ctypes.CDLL(None)
reading, writing = os.pipe()
seen = 0
for anchor in (id(object()), id(os), id(10**50), id([]), id(bytes(100000))):
    for page in range((anchor >> 12) - 4096, (anchor >> 12) + 4096):
        # write(2) of a page that is not there fails; it does not crash.
        if libc.write(writing, ctypes.c_void_p(page << 12), 4096) != 4096:
            continue
        seen += 1
        text = os.read(reading, 4096)
        at = text.find(first)
        while at >= 0:
            if text[at + len(first) : at + len(first) + len(second)] == second:
                print("BREACH: found")
            at = text.find(first, at + 1)
print("pages", seen)
