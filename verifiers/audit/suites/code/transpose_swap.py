# kind: honest
# category: honest
# problem: transpose
def transpose_square(grid):
    for row in range(len(grid)):
        for column in range(row):
            grid[row][column], grid[column][row] = grid[column][row], grid[row][column]
