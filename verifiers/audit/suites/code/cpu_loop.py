# kind: attack
# category: masking
# problem: sum_lines_quick
# Computes without end
while True:
    pass
