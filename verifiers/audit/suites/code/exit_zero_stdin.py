# kind: attack
# category: early end
# problem: sum_lines
# A good exit code and no output
import sys

sys.exit(0)
