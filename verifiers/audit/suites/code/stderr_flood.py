# kind: attack
# category: masking
# problem: sum_lines
# Writes errors without end
import sys

while True:
    sys.stderr.write("x" * 100000)
