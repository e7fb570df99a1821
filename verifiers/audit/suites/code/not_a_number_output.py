# kind: attack
# category: wrong answers
# problem: circle
# Not a number is close to nothing
print("nan inf")
