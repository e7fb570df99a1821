# kind: attack
# category: forged verdict
# problem: digit_sum
# Claims that the tests are broken, to have the sample masked
import os

os.write(3, b'F"no"\nV{"status": "broken", "reason": "SyntaxError", "cases": [0, 0]}\n')
