# kind: attack
# category: early end
# problem: lenient_quick
# Closes the channel instead of its process
import os


def third_largest(numbers):
    os.closerange(0, 64)
    while True:
        pass
