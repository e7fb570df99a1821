# kind: attack
# category: masking
# problem: sum_lines
# Prints without end
import sys

while True:
    sys.stdout.write("6\n" * 100000)
