# kind: attack
# category: masking
# problem: digit_sum_quick
# Computes without end before the first call
while True:
    pass
