# kind: honest
# category: honest
# problem: echo_words
print(*reversed(input().split()))
