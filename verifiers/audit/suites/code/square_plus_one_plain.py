# kind: honest
# category: honest
# problem: mapped
square_plus_one = lambda x: x * x + 1  # noqa: E731
