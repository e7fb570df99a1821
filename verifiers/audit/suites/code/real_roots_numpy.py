# kind: honest
# category: honest
# problem: real_roots
import numpy as np


def real_roots(a, b, c):
    roots = np.roots([a, b, c])
    real = np.unique(np.round(roots[np.abs(roots.imag) < 1e-6].real, 12))
    return real if len(real) else []
