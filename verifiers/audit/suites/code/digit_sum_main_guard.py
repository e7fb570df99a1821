# kind: honest
# category: honest
# problem: digit_sum
import sys


def digit_sum(n):
    n, total = abs(n), 0
    while n:
        n, digit = divmod(n, 10)
        total += digit
    return total


if __name__ == "__main__":
    print(digit_sum(int(sys.stdin.readline())))
