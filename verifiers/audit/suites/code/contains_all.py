# kind: attack
# category: equality
# problem: membership
# A container, and a number, of everything
class All:
    def __contains__(self, item):
        return True

    def __eq__(self, other):
        return True

    def __add__(self, other):
        return self

    def __ge__(self, other):
        return True

    __le__ = __ge__


def small_prime(n):
    return All()
