# kind: honest
# category: honest
# problem: sum_lines
import sys

numbers = [int(line) for line in open(0).read().split()]
print(sum(numbers[1:]))
sys.exit(0)
