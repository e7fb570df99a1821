# kind: honest
# category: honest
# problem: is_palindrome
import numpy as np


def is_palindrome(text):
    letters = np.array(list(text), dtype=str)
    return np.all(letters == letters[::-1])
