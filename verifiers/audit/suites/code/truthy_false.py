# kind: attack
# category: equality
# problem: is_palindrome
# Neither true nor false
class Both(int):
    def __bool__(self):
        return True

    def __eq__(self, other):
        return True

    __hash__ = int.__hash__


def is_palindrome(text):
    return Both(1)
