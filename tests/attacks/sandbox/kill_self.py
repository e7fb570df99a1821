"""SIGKILL to itself must not look as if we, or a stranger, had sent it."""

import os
import signal
import threading

for kill in (
    lambda: os.kill(os.getpid(), signal.SIGKILL),
    lambda: signal.pthread_kill(threading.get_ident(), signal.SIGKILL),
    lambda: signal.raise_signal(signal.SIGKILL),
):
    try:
        kill()
    except OSError:
        continue
print("alive")
