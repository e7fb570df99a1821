# kind: honest
# category: honest
# problem: digit_sum
def digit_sum(n):
    print("adding the digits of", n)
    return sum(int(digit) for digit in str(n) if digit != "-")


print(digit_sum(12))
