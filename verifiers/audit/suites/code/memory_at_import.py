# kind: attack
# category: masking
# problem: sum_lines
# Takes all the memory there is, for a stdin case
blocks = []
while True:
    blocks.append(b"x" * (64 << 20))
