# kind: attack
# category: equality
# problem: is_palindrome
# 1 is not true
def is_palindrome(text):
    return int(text == text[::-1])
