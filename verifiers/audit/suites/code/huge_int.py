# kind: attack
# category: heavy answers
# problem: lenient
# Megabytes of digits
def third_largest(numbers):
    return 1 << 20_000_000
