# kind: attack
# category: wrong answers
# problem: sum_lines
# A whole number that is only close
print("1000000000000.9")
