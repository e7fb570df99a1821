# kind: attack
# category: wrong answers
# problem: word_count
# Pairs in place of a dict
def word_count(text):
    return [["a", 2], ["b", 1]] if text else []
