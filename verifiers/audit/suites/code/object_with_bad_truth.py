# kind: attack
# category: forged reply
# problem: find_hex
# A truth that is neither true nor false
import os

while True:
    os.write(3, b'R{"value": {"object": [0, "yes", "Match"]}}\n')
    os.read(3, 1 << 16)
