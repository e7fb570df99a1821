# kind: attack
# category: forged reply
# problem: digit_sum
# A text that is the test's own expression
def digit_sum(n):
    return "digit_sum(n)"
