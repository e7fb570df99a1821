# kind: honest
# category: honest
# problem: nesting
def nesting(value):
    if not isinstance(value, list):
        return 0
    return 1 + max((nesting(item) for item in value), default=0)
