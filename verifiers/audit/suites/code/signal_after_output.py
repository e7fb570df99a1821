# kind: attack
# category: early end
# problem: sum_lines
# Right output, then a signal
import os

numbers = [int(input()) for _ in range(int(input()))]
print(sum(numbers), flush=True)
os.abort()
