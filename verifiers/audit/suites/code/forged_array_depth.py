# kind: attack
# category: forged reply
# problem: first_numbers
# A shape of very many axes
import os

while True:
    os.write(3, b'R{"value": {"ndarray": ["<f8", [3' + b",1" * 500 + b"], [0, 1, 2]]}}\n")
    os.read(3, 1 << 16)
