"""Outlive the program."""

import os

try:
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            while True:
                pass
    print("BREACH: forked")
except OSError:
    pass
try:
    os.setsid()
    print("BREACH: session")
except OSError:
    pass
