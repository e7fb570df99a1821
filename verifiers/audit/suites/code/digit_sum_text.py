# kind: honest
# category: honest
# problem: digit_sum
def digit_sum(n):
    return sum(map(int, str(abs(n))))
