# kind: attack
# category: wrong answers
# problem: digit_sum
# The right digits, as text
def digit_sum(n):
    return str(sum(map(int, str(abs(n)))))
