# kind: attack
# category: early end
# problem: sum_lines
# Right output, then an exception that nobody catches
numbers = [int(input()) for _ in range(int(input()))]
print(sum(numbers), flush=True)
numbers[len(numbers)]
