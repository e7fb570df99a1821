# kind: attack
# category: masking
# problem: digit_sum_quick
# Ends itself by every signal it can send
import os
import signal


def digit_sum(n):
    for number in (signal.SIGKILL, signal.SIGSTOP, signal.SIGTERM, signal.SIGSEGV):
        try:
            os.kill(os.getpid(), number)
        except OSError:
            pass
        try:
            signal.raise_signal(number)
        except (OSError, ValueError):
            pass
    return 0
