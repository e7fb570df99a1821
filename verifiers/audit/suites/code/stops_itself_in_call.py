# kind: attack
# category: masking
# problem: square_call_sleepy
# Stopped, not ended
import os
import signal


def square(number):
    os.kill(os.getpid(), signal.SIGSTOP)
