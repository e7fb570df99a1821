"""Signal anybody."""

import json
import os
import signal
import sys

world = json.load(sys.stdin)
for target in (world["pid"], os.getppid(), 1, 0, -1):
    for number in (0, signal.SIGTERM, signal.SIGKILL):
        try:
            os.kill(target, number)
            print("BREACH: signalled", target)
        except OSError:
            continue
try:
    signal.pidfd_send_signal(os.pidfd_open(os.getppid()), 0)
    print("BREACH: pidfd")
except OSError:
    pass
