# kind: honest
# category: honest
# problem: bag
from collections import Counter


class Bag:
    def __init__(self):
        self._counts = Counter()

    def add(self, kind, count=1):
        self._counts[kind] += count

    def remove(self, kind):
        if not self._counts[kind]:
            raise KeyError(kind)
        self._counts[kind] -= 1

    def count(self, kind):
        return self._counts[kind]

    def kinds(self):
        return self._counts.keys()

    def __len__(self):
        return sum(self._counts.values())

    def __str__(self):
        inside = ", ".join(f"{kind}: {count}" for kind, count in sorted(self._counts.items()))
        return f"Bag({inside})"
