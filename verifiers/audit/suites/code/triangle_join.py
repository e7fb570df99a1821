# kind: honest
# category: honest
# problem: triangle
print("\n".join("*" * size for size in range(1, int(input()) + 1)))
