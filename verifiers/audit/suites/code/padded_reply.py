# kind: attack
# category: forged reply
# problem: first_numbers
# The right value in a line of megabytes
import os

while True:
    os.write(3, b'R{"value": [0, 1, 2]' + b" " * 7_000_000 + b"}\n")
    os.read(3, 1 << 16)
