# kind: attack
# category: wrong answers
# problem: is_palindrome
# Always the same
def is_palindrome(text):
    return True
