# kind: attack
# category: heavy answers
# problem: lenient
# A set that takes quadratic time to build
def third_largest(numbers):
    return [i * (2**61 - 1) for i in range(1, 50000)]
