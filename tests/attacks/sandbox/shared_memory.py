"""System V memory lies outside of the address space's limit."""

import ctypes

libc = ctypes.CDLL(None, use_errno=True)

for number, arguments in (
    (29, (0, 1 << 30, 0o1600)),
    (240, (b"/breach", 0o102, 0o600, 0)),
    (319, (b"x", 0)),
    (68, (0, 0o1600)),
):
    if libc.syscall(number, *arguments) >= 0:
        print("BREACH: call", number)
