# kind: honest
# category: honest
# problem: partial_sum
def halve(n):
    return n // 2
