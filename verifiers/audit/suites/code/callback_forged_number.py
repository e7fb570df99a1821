# kind: attack
# category: arguments
# problem: apply_n
# Calls functions that were never handed over
import os


def apply_n(function, times, value):
    os.write(3, b'B{"function": -1, "args": [], "kwargs": {"dict": []}}\n')
    os.read(3, 1 << 16)
    return 16
