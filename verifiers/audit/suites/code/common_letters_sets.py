# kind: honest
# category: honest
# problem: common_letters
def common_letters(a, b):
    return set(a) & set(b)
