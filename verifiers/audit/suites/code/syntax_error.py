# kind: attack
# category: no program
# problem: digit_sum
# Does not compile
def digit_sum(n)
    return 0
