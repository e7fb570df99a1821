# kind: attack
# category: arguments
# problem: transpose
# Changes the argument into nothing
def transpose_square(grid):
    grid.clear()
