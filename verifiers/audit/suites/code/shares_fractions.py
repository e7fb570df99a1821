# kind: honest
# category: honest
# problem: shares
from fractions import Fraction


def shares(parts):
    return [Fraction(part, sum(parts)) for part in parts]
