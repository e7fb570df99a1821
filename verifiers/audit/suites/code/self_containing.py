# kind: attack
# category: heavy answers
# problem: nesting
# Contains itself
def nesting(value):
    value = []
    value.append(value)
    return value
