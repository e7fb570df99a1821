# kind: attack
# category: wrong answers
# problem: triangle
# Spaces where exact output is asked for
print("\n".join(" " * (3 - n) + "*" * n for n in range(1, int(input()) + 1)))
