# kind: attack
# category: arguments
# problem: transpose
# The tests ask for the same list, changed
def transpose_square(grid):
    return [list(row) for row in zip(*grid)]
