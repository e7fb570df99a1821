# kind: attack
# category: heavy answers
# problem: lenient
# A number whose digits fill the memory
from decimal import Decimal


def third_largest(numbers):
    return Decimal("1e999999999")
