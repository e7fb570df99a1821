# kind: attack
# category: early end
# problem: sum_lines
# Right output, then an exit code that says that it failed
import sys

numbers = [int(input()) for _ in range(int(input()))]
print(sum(numbers), flush=True)
sys.exit(1)
