# kind: honest
# category: honest
# problem: common_letters
def common_letters(a, b):
    return frozenset(letter for letter in a if letter in b)
