# kind: honest
# category: honest
# problem: evens
print(*range(0, int(input()), 2))
