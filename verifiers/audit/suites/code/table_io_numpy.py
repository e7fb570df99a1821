# kind: honest
# category: honest
# problem: table_io
import numpy as np

size = int(input())
one = np.arange(1, size + 1)
for row in np.outer(one, one):
    print(*row)
