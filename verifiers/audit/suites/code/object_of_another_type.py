# kind: attack
# category: forged reply
# problem: digit_sum
# Claims an object where a number belongs, with any truth
import os

while True:
    os.write(3, b'R{"value": {"object": [0, true, "int"]}}\n')
    os.read(3, 1 << 16)
