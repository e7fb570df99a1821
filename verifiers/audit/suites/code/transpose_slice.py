# kind: honest
# category: honest
# problem: transpose
def transpose_square(grid):
    grid[:] = [list(row) for row in zip(*grid)]
