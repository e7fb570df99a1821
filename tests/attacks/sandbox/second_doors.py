"""The same calls by other numbers: x32, and 32-bit int 0x80 by machine code."""

import ctypes
import mmap
import platform

libc = ctypes.CDLL(None, use_errno=True)
if platform.machine() == "x86_64":
    if libc.syscall(0x40000000 + 57) > 0 or libc.syscall(0x40000000 + 41, 2, 1, 0) >= 0:
        print("BREACH: x32")
    # mov eax, 2 (fork of the 32-bit table); int 0x80; ret
    code = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    code.write(b"\xb8\x02\x00\x00\x00\xcd\x80\xc3")
    call = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(code)))
    if call() >= 0:
        print("BREACH: int 0x80")
