# kind: honest
# category: honest
# problem: unit_rows
import numpy as np


def unit_rows(rows):
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)
