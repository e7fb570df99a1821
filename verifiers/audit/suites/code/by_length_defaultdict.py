# kind: honest
# category: honest
# problem: by_length
from collections import defaultdict


def by_length(words):
    groups = defaultdict(list)
    for word in words:
        groups[len(word)].append(word)
    return groups
