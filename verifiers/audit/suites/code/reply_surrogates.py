# kind: attack
# category: forged reply
# problem: lenient
# Half a character
def third_largest(numbers):
    return "\ud800"
