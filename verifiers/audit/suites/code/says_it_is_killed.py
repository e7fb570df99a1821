# kind: attack
# category: masking
# problem: sum_lines
# Ends as if somebody had killed it
import os

os._exit(137)
