# kind: attack
# category: masking
# problem: digit_sum
# Crashes
import ctypes


def digit_sum(n):
    return ctypes.string_at(0)
