# kind: attack
# category: equality
# problem: sum_lines
# Prints all numbers it might be
print(*range(-10, 11), 1000000000001)
