# kind: attack
# category: reading tests
# problem: sum_lines
# Looks for what earlier programs left in memory, files and modules
import glob
import sys

left = [path for path in glob.glob("/tmp/*") + glob.glob("/dev/shm/*")]
known = sys.modules.setdefault("left_by_me", type(sys)("left_by_me"))
known.count = getattr(known, "count", 0) + 1
print(known.count - 1 if known.count > 1 else "", *left)
