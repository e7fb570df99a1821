"""Write to every descriptor that could be there."""

import os

for descriptor in range(3, 4096):
    try:
        os.write(descriptor, b"BREACH\n")
        print("BREACH: descriptor", descriptor)
    except OSError:
        continue
try:
    os.write(0, b"x")
    print("BREACH: wrote into the input")
except OSError:
    pass
