# kind: attack
# category: no program
# problem: digit_sum
# A class in place of the function, that is called without end
class digit_sum:
    def __new__(cls, n):
        return cls

    def __class_getitem__(cls, item):
        return cls
