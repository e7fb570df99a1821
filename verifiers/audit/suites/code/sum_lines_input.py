# kind: honest
# category: honest
# problem: sum_lines
n = int(input())
print(sum(int(input()) for _ in range(n)))
