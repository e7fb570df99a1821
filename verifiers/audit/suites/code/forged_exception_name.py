# kind: attack
# category: forged reply
# problem: lenient
# An exception whose name is a traceback
import os

while True:
    os.write(3, b'X{"kinds": ["Traceback /usr/lib/python3", "SystemExit"], "args": [0]}\n')
    os.read(3, 1 << 16)
