# kind: honest
# category: honest
# problem: lenient
def third_largest(numbers):
    if len(numbers) < 3:
        raise ValueError("too few")
    return sorted(numbers)[-3]
