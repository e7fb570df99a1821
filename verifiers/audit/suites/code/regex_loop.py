# kind: attack
# category: masking
# problem: sum_lines_quick
# A regular expression that never ends
import re

print(re.match(r"(a+)+$", "a" * 60 + "b"))
