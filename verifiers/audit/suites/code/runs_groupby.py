# kind: honest
# category: honest
# problem: runs
from itertools import groupby


def encode_runs(text):
    return [(letter, len(list(same))) for letter, same in groupby(text)]
