# kind: attack
# category: equality
# problem: bag
# A mock that answers to every method
from unittest.mock import MagicMock


class Bag(MagicMock):
    def __eq__(self, other):
        return True
