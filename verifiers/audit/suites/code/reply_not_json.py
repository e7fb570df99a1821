# kind: attack
# category: forged reply
# problem: lenient
# No JSON at all; the tests swallow exceptions
import os

while True:
    os.write(3, b"R{{{{\n")
    os.read(3, 1 << 16)
