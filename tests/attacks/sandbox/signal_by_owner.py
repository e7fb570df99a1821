"""Have the kernel signal somebody: F_SETOWN and O_ASYNC on a pipe."""

import fcntl
import json
import os
import sys

world = json.load(sys.stdin)
reading, _ = os.pipe()
for target in (world["pid"], os.getppid()):
    try:
        fcntl.fcntl(reading, fcntl.F_SETOWN, target)
        print("BREACH: owner", target)
    except OSError:
        continue
