# kind: honest
# category: honest
# problem: sum_lines
# Ends as many scripts do
numbers = [int(input()) for _ in range(int(input()))]
print(sum(numbers), flush=True)
exit()
