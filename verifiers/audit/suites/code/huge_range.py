# kind: attack
# category: heavy answers
# problem: lenient
# Small to send, endless to read
def third_largest(numbers):
    return range(10**30)
