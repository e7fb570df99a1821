# kind: attack
# category: forged reply
# problem: lenient
# Longer than any honest answer, and no end of line
import os

while True:
    os.write(3, b"R" * (1 << 20))
