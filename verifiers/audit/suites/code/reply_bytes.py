# kind: attack
# category: forged reply
# problem: digit_sum
# Bytes that might be decoded twice
def digit_sum(n):
    return b"\x80\x04K\x0b."
