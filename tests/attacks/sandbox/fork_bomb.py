"""Make processes."""

import os

made = 0
for _ in range(400):
    try:
        pid = os.fork()
    except OSError:
        break
    if pid == 0:
        while True:
            pass
    made += 1
if made:
    print("BREACH: made", made)
