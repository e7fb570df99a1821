# kind: attack
# category: wrong answers
# problem: circle
# Numbers as only Python writes them
print("3.14_1592653589793 6.283_185307179586")
