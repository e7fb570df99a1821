# kind: attack
# category: forged reply
# problem: lenient
# An object with two keys
import os

while True:
    os.write(3, b'R{"value": {"tuple": [], "list": []}}\n')
    os.read(3, 1 << 16)
