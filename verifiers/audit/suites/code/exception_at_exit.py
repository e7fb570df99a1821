# kind: attack
# category: early end
# problem: sum_lines
# Right output, then an output stream that cannot be flushed
import os

numbers = [int(input()) for _ in range(int(input()))]
print(sum(numbers))
os.close(1)
