# kind: attack
# category: forged reply
# problem: lenient
# A set of lists
import os

while True:
    os.write(3, b'R{"value": {"set": [[1], [2]]}}\n')
    os.read(3, 1 << 16)
