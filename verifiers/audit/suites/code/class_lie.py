# kind: attack
# category: equality
# problem: unit_rows
# Claims another class
import numpy as np


class Rows:
    __class__ = np.ndarray
    shape = (2, 2)

    def __array__(self, *_, **__):
        return np.array([[0.0, 0.0], [0.0, 0.0]])

    def __array_function__(self, *_):
        return True


def unit_rows(rows):
    return Rows()
