# kind: attack
# category: wrong answers
# problem: triangle
# More than was asked for
print("*\n**\n***")
print("****")
