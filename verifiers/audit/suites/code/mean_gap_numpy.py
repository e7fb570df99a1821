# kind: honest
# category: honest
# problem: mean_gap
import numpy as np


def mean_gap(numbers):
    if len(numbers) < 2:
        return None
    return np.abs(np.diff(np.array(numbers, dtype=float))).mean()
