# kind: attack
# category: escape
# problem: digit_sum
# Reads the memory of the process that has the tests
import ctypes
import os

libc = ctypes.CDLL(None, use_errno=True)


class Vector(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("length", ctypes.c_size_t)]


def digit_sum(n):
    buffer = ctypes.create_string_buffer(4096)
    ours = Vector(ctypes.addressof(buffer), 4096)
    theirs = Vector(id(n), 4096)
    for pid in range(1, os.getpid() + 20):
        if pid != os.getpid() and libc.process_vm_readv(pid, ctypes.byref(ours), 1, ctypes.byref(theirs), 1, 0) > 0:
            return 11
    return 0
