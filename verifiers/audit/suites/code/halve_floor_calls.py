# kind: honest
# category: honest
# problem: halves
def halve(n):
    return n // 2
