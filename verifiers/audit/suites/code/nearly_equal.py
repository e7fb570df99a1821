# kind: attack
# category: wrong answers
# problem: real_roots
# Close, but not close enough
def real_roots(a, b, c):
    return {(1, -3, 2): [1.000001, 2.0], (1, 0, 1): [], (1, 2, 1): [-1.0]}.get((a, b, c), [-1.41421, 1.41421])
