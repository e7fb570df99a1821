# kind: attack
# category: no program
# problem: digit_sum
# Defines something else
def digitsum(n):
    return sum(map(int, str(abs(n))))
