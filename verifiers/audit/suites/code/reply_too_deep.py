# kind: attack
# category: forged reply
# problem: lenient
# Deep enough to break a recursive reader
import os

while True:
    os.write(3, b'R{"value": ' + b"[" * 200000 + b"]" * 200000 + b"}\n")
    os.read(3, 1 << 16)
