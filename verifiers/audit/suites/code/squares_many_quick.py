# kind: honest
# category: honest
# problem: squares_many
# Many cases, none of them slow
print(int(input()) ** 2)
