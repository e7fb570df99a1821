# kind: attack
# category: wrong answers
# problem: sum_lines
# Replaces its output by a file of answers
import os

os.dup2(os.open("/dev/null", os.O_WRONLY), 1)
print(6)
