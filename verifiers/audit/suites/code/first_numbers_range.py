# kind: honest
# category: honest
# problem: first_numbers
# An array of NumPy for a list
import numpy


def first_numbers(count):
    return numpy.arange(count)
