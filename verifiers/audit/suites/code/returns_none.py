# kind: attack
# category: wrong answers
# problem: digit_sum
# Does nothing
def digit_sum(n):
    return None
