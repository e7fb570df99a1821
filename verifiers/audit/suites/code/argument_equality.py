# kind: attack
# category: arguments
# problem: nesting
# Gives back what it got
def nesting(value):
    return value
