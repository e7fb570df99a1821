# kind: attack
# category: masking
# problem: digit_sum_quick
# Recursion until the process crashes
import sys

sys.setrecursionlimit(10**9)


def digit_sum(n):
    return digit_sum(n + 1)
