# kind: honest
# category: honest
# problem: word_count
from collections import Counter


def word_count(text):
    return Counter(text.split())
