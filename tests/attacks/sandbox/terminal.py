"""Push characters into a terminal (TIOCSTI), make a descriptor asynchronous."""

import fcntl
import os

reading, _ = os.pipe()
for descriptor, request in ((0, 0x5412), (1, 0x5412), (reading, 0x5452), (reading, 0x8901)):
    try:
        fcntl.ioctl(descriptor, request, b"\x01\x00\x00\x00")
        print("BREACH: ioctl", hex(request))
    except OSError:
        continue
