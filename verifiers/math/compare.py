r"""Compares an expected formula with an answer, structure by structure.

What is equal to what:

- numbers and expressions: equal values at every point; decimals are exact (0.333333 is not 1/3, 3.14 is not \pi);
- `x = 5` and `5`: the same, when one of them has no name; two names must agree; `f(x) = ...` likewise;
- equations: the same up to a factor other than 0; inequalities: up to a positive factor and the direction;
- sets `\{..\}`: without order and repetition; lists without brackets (`1, 2`, `x = 1 or x = 2`, `\pm 1`): without
  order, and a list without repetition fits a set; where an expected list names its members, the names must match;
- pairs, tuples and vectors `(..)`: in order, with their brackets; `x = 2, y = -1` is (2, -1), by the alphabet, and
  `(r, s) = (2, -1)` also in that order, where the letters are not x, y and z;
- intervals, unions of them, `\mathbb{R}`, `\mathbb{R} \setminus \{..\}` and inequalities in one symbol: the same real
  numbers; an open interval and a pair are written alike and compared alike;
- matrices: the same shape and entries, and one row or column is the tuple of its entries;
- ratios `a : b : c`: proportional, `a : b` fits the fraction; several forms joined by "or" are one answer if all fit;
- a chain `x = 2 + 3 = 5` counts as its last side, when all sides agree; `1 = 1` says nothing.

Two expressions that are no plain numbers are equal only when math-verify reads them so too (`verifiers.math.symbolic`).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from verifiers.math import regions, sampling, symbolic
from verifiers.math.formula import (
    INFINITY,
    NEGATIVE_INFINITY,
    Answer,
    Group,
    Matrix,
    Named,
    NamedSet,
    Node,
    Ratio,
    Relation,
    Scalar,
    SetOperation,
    Unreadable,
)
from verifiers.math.limits import MAX_ELEMENTS, MAX_OPINION_CHARS, MAX_OPINION_DEPTH, TooLarge, Work
from verifiers.math.meaning import is_infinite


class Comparison:
    """One comparison; counts its work and what it asks the second opinion of."""

    def __init__(self) -> None:
        self._work = Work()
        self._opinion_chars = 0

    def equal(self, gold: Answer, answer: Answer) -> bool:
        """Whether the answer is the expected one. Raises Unreadable and TooLarge."""
        if isinstance(gold, Named) or isinstance(answer, Named):
            return self._named(gold, answer)
        if isinstance(gold, Scalar) and isinstance(answer, Scalar):
            return self.same(gold, answer)
        if isinstance(gold, Matrix) and isinstance(answer, Matrix):
            shapes = [[len(row) for row in matrix.rows] for matrix in (gold, answer)]
            entries = zip(sum(gold.rows, ()), sum(answer.rows, ()), strict=False)
            return shapes[0] == shapes[1] and all(self.same(one, other) for one, other in entries)
        if isinstance(gold, Matrix | Group) and isinstance(answer, Matrix | Group) and type(gold) is not type(answer):
            return self._all_same(_entries(gold), _entries(answer))
        if isinstance(gold, Ratio) or isinstance(answer, Ratio):
            return self._ratio(gold, answer)
        if isinstance(gold, Relation) and isinstance(answer, Relation) and self._relations(gold, answer):
            return True
        if isinstance(gold, Scalar) and isinstance(answer, Group) and answer.kind == "list" and answer.joiner == "or":
            # `\\frac34 \\text{ or } 0.75`: every form that is given must be the expected one.
            return all(isinstance(item, Scalar) and self.same(gold, item) for item in answer.items)
        if (
            isinstance(gold, Group)
            and isinstance(answer, Group)
            and (decided := self._groups(gold, answer)) is not None
        ):
            return decided
        return self._regions(gold, answer)

    def _all_same(self, gold: Sequence[Scalar] | None, answer: Sequence[Scalar] | None) -> bool:
        if gold is None or answer is None or len(gold) != len(answer):
            return False
        return all(self.same(one, other) for one, other in zip(gold, answer, strict=True))

    def _named(self, gold: Answer, answer: Answer) -> bool:
        if isinstance(gold, Named) and isinstance(answer, Named):
            if gold.name == answer.name:
                return self.equal(gold.right, answer.right)
            return self._whole(gold, answer)
        if isinstance(gold, Relation) or isinstance(answer, Relation):
            return self._whole(gold, answer)
        right_gold = gold.right if isinstance(gold, Named) else gold
        right_answer = answer.right if isinstance(answer, Named) else answer
        return self.equal(right_gold, right_answer)

    def _whole(self, gold: Answer, answer: Answer) -> bool:
        """As equations: `y = 2x + 1` and `2x - y + 1 = 0`."""
        first = gold.relation if isinstance(gold, Named) else gold
        second = answer.relation if isinstance(answer, Named) else answer
        return isinstance(first, Relation) and isinstance(second, Relation) and self._relations(first, second)

    def same(self, gold: Scalar, answer: Scalar) -> bool:
        """Two expressions: our evaluation first, then math-verify."""
        if is_infinite(gold.node) or is_infinite(answer.node):
            return gold.node == answer.node
        if gold.node == answer.node:
            return True
        values = literal(gold.node), literal(answer.node)
        if values[0] is not None and values[1] is not None:
            return values[0] == values[1]
        return self._agree(gold.node, answer.node, gold.source, answer.source)

    def order(self, left: Scalar, right: Scalar) -> int:
        """-1, 0 or 1 as the left real number is less than the right one, equal or greater.

        Equal are those that `same` calls so. Two that cannot be told apart and are not called equal have no order.
        Raises Unreadable for them and for what is no real number, and TooLarge.
        """
        ends = [_infinite_order(scalar.node) for scalar in (left, right)]
        for scalar, end in zip((left, right), ends, strict=True):
            if not end and (sampling.symbols_of(scalar.node) or not sampling.is_real(scalar.node, self._work)):
                raise Unreadable("an interval whose ends are no real numbers")
        if any(ends):
            return (ends[0] > ends[1]) - (ends[0] < ends[1])
        found = sampling.compare(left.node, right.node, {}, self._work)
        if found == 0 and not self.same(left, right):
            raise Unreadable("ends that cannot be told apart")
        return found

    def _agree(self, gold: Node, answer: Node, gold_source: str, answer_source: str) -> bool:
        """Equal values at points by our own reading, then the second opinion on both sources."""
        points = sampling.everywhere(gold, answer, f"{gold_source}\0{answer_source}", self._work)
        if points is None:
            return False
        for source in (gold_source, answer_source):
            check_source(source)
            self._opinion_chars += len(source)
        if self._opinion_chars > MAX_OPINION_CHARS:
            raise TooLarge(f"more than {MAX_OPINION_CHARS} characters that are no plain numbers")
        # SymPy takes another root of a negative number: where there are points without signs, these.
        positive = [point for point in points if all(value > 0 for value in point.values())]
        return symbolic.equal(gold_source, answer_source, positive if len(positive) > 1 else points)

    def _groups(self, gold: Group, answer: Group) -> bool | None:
        """None when the brackets differ in a way that only `_regions` can settle."""
        kinds = {gold.kind, answer.kind}
        if kinds <= {"list", "set"}:
            if "set" in kinds and any(group.kind == "list" and _repeats(group.items) for group in (gold, answer)):
                return False
            return self._lists(gold, answer)
        if {"()"} <= kinds <= {"()", "list"} and _is_named(gold) != _is_named(answer):
            tuples = [[one] if not _is_named(one) else _tuples(one) for one in (gold, answer)]
            return any(self._in_order(first, second) for first in tuples[0] for second in tuples[1])
        if gold.kind == answer.kind:
            return self._in_order(gold, answer)
        return False if "list" in kinds or "set" in kinds or len(gold.items) == len(answer.items) == 2 else None

    def _lists(self, gold: Group, answer: Group) -> bool | None:
        """Lists without brackets, and sets. The names of members count where the expected list has them."""
        if any(isinstance(one, Relation) for one in gold.items + answer.items):
            joiners = {gold.joiner, answer.joiner}
            if joiners == {"or"}:
                return None
            # "x < 1 and x > 3" is nothing, "x < 1 or x > 3" is much; a comma is either.
            return ("," in joiners or len(joiners) == 1) and self._unordered(gold, answer)
        expected, said = (list(dict.fromkeys(_names(group))) for group in (gold, answer))
        if len(expected) > 1 and not said:
            return gold.kind == answer.kind == "list" and self._in_order(_plain(gold), answer)
        if len(expected) > 1:
            return self._unordered(gold, answer)
        # One name in all, as in "x = 1 or x = 2", or x_1 and x_2 for them.
        same = said in ([], expected) if expected else True
        if not same and len({_base(name) for name in said} | {_base(name) for name in expected}) > 1:
            return False
        if not expected and len({_base(name) for name in said}) > 1:
            return False
        return self._unordered(_plain(gold), _plain(answer))

    def _in_order(self, gold: Group, answer: Group) -> bool:
        pairs = zip(gold.items, answer.items, strict=False)
        return len(gold.items) == len(answer.items) and all(self.equal(one, other) for one, other in pairs)

    def _unordered(self, gold: Group, answer: Group) -> bool:
        distinct = "set" in (gold.kind, answer.kind)
        numbers = [_literals(group.items) for group in (gold, answer)]
        if numbers[0] is not None and numbers[1] is not None:
            return set(numbers[0]) == set(numbers[1]) if distinct else Counter(numbers[0]) == Counter(numbers[1])
        if max(len(gold.items), len(answer.items)) > MAX_ELEMENTS:
            raise TooLarge(f"more than {MAX_ELEMENTS} elements that are no plain numbers")
        rest = list(answer.items)
        for item in gold.items:
            found = next((index for index, other in enumerate(rest) if self._matches(item, other)), None)
            if found is None:
                return False
            del rest[found]
        return not rest

    def _matches(self, gold: Answer, answer: Answer) -> bool:
        if type(gold) is not type(answer):
            return False
        return self.equal(gold, answer)

    def _ratio(self, gold: Answer, answer: Answer) -> bool:
        parts = [_parts(one) for one in (gold, answer)]
        if parts[0] is None or parts[1] is None or len(parts[0]) != len(parts[1]):
            return False
        values = [[sampling.exact(part.node, self._work) for part in one] for one in parts if one is not None]
        if any(value is None or value == 0 for one in values for value in one):
            return False
        return len({first / second for first, second in zip(*values, strict=True) if first and second}) == 1

    def _relations(self, gold: Relation, answer: Relation) -> bool:
        """One equation or inequality each, the same up to a factor."""
        first, second = _one_sided(gold), _one_sided(answer)
        if first is None or second is None or first[0] != second[0]:
            return False
        operator, left, right = first[0], first[1], second[1]
        symbols = sampling.symbols_of(left) | sampling.symbols_of(right)
        seed = f"{gold.source}\0{answer.source}"
        factor = self._factor(left, right, symbols, seed)
        if factor is None or factor == 0 or (operator in {"<", "<="} and factor < 0):
            return False
        scaled = Node("multiply", (Node("number", value=factor), right))
        return self._agree(left, scaled, gold.source, answer.source)

    def _factor(self, left: Node, right: Node, symbols: set[str], seed: str) -> Fraction | None:
        """The rational factor between two formulas at the first point where it can be told."""
        for point in sampling.points(symbols, seed):
            first, second = (sampling.rational_at(node, point, self._work) for node in (left, right))
            if first is not None and second:
                return first / second
        return None

    def _regions(self, gold: Answer, answer: Answer) -> bool:
        if not all(isinstance(one, SetOperation | NamedSet | Relation | Group) for one in (gold, answer)):
            return False
        first, second = (regions.region_of(one, self.order) for one in (gold, answer))
        if first is None or second is None or (first.symbol and second.symbol and first.symbol != second.symbol):
            return False
        if len(first.pieces) != len(second.pieces):
            return False
        return all(
            one.left_closed == other.left_closed
            and one.right_closed == other.right_closed
            and self.same(one.left, other.left)
            and self.same(one.right, other.right)
            for one, other in zip(first.pieces, second.pieces, strict=True)
        )


def _infinite_order(node: Node) -> int:
    """1 for infinity, -1 for minus infinity, 0 for what is finite."""
    return int(node == INFINITY) - int(node == NEGATIVE_INFINITY)


def check_source(source: str) -> None:
    """Raises TooLarge where math-verify's parser would take too long: its time grows with the square of the depth."""
    depth = slow = 0
    opened: list[bool] = []
    for position, character in enumerate(source):
        if character in "([{":
            opened.append(character != "{" or source[position - 1 : position] in {"^", "_"})
            depth, slow = depth + 1, slow + opened[-1]
        elif character in ")]}" and opened:
            depth, slow = depth - 1, slow - opened.pop()
        if slow > MAX_OPINION_DEPTH or depth > 2 * MAX_OPINION_DEPTH:
            raise TooLarge(f"brackets nested deeper than {MAX_OPINION_DEPTH} in a formula")


def literal(node: Node) -> Fraction | None:
    """The value of a number, a fraction of numbers, or minus one of these; None for any other formula."""
    if node.name == "negative":
        value = literal(node.args[0]) if node.args[0].name != "negative" else None
        return None if value is None else -value
    if node.name == "number":
        return node.value
    if node.name == "divide" and all(part.name == "number" for part in node.args) and node.args[1].value:
        return node.args[0].value / node.args[1].value
    return None


def _entries(vector: Matrix | Group) -> Sequence[Scalar] | None:
    """Of a row, a column or a tuple its members in order; None for any other structure."""
    if isinstance(vector, Matrix):
        row = len(vector.rows) == 1 or len(vector.rows[0]) == 1
        return [entry for entries in vector.rows for entry in entries] if row else None
    items = [item for item in vector.items if isinstance(item, Scalar)]
    return items if vector.kind == "()" and len(items) == len(vector.items) else None


def _literals(items: Sequence[Answer]) -> list[Fraction] | None:
    values = [literal(item.node) for item in items if isinstance(item, Scalar)]
    found = [value for value in values if value is not None]
    return found if len(found) == len(items) else None


def _repeats(items: Sequence[Answer]) -> bool:
    numbers = _literals(items)
    if numbers is None:
        return len({item.source for item in items if isinstance(item, Scalar | Relation)}) < len(items)
    return len(set(numbers)) < len(numbers)


def _names(group: Group) -> list[str]:
    return [item.name for item in group.items if isinstance(item, Named)]


def _is_named(group: Group) -> bool:
    """Whether all members have a name, each another one, and all of them hold."""
    names = _names(group)
    return len(set(names)) == len(group.items) and group.joiner != "or"


def _tuples(group: Group) -> list[Group]:
    """The tuples that a list of named members may be meant as."""
    written = tuple(_names(group))
    ordered = sorted(group.items, key=lambda item: _rank(item.name if isinstance(item, Named) else ""))
    orders = [tuple(ordered)]
    chosen = group.joiner == "()" or group.kind == "()" or written in _ORDERS
    if chosen and not {_base(name) for name in written} <= set("xyz") and len({_base(name) for name in written}) > 1:
        orders.append(group.items)
    return [_plain(Group("()", items)) for items in orders]


# The slope and where a line crosses the axis, which are not in the order of the alphabet; width and height.
_ORDERS = {("m", "b"), ("m", "c"), ("k", "b"), ("w", "h")}


def _rank(name: str) -> tuple[bool, str, int, str]:
    """Latin letters before Greek ones, x_2 before x_10."""
    base, _, index = name.partition("_")
    number = int(index) if index.isascii() and index.isdigit() and len(index) < 10 else 0
    return len(base.rstrip("'")) > 1, base.lower(), number, index


def _base(name: str) -> str:
    """The x of x_1, x_{12} and x'."""
    return re.sub(r"_.*|'+$", "", name)


def _plain(group: Group) -> Group:
    """The list without the names of its members."""
    return replace(group, items=tuple(item.right if isinstance(item, Named) else item for item in group.items))


def _parts(meaning: Answer) -> tuple[Scalar, ...] | None:
    if isinstance(meaning, Ratio):
        return meaning.parts
    if isinstance(meaning, Scalar) and meaning.node.name == "divide":
        return tuple(Scalar(node, "") for node in meaning.node.args)
    return None


def _one_sided(relation: Relation) -> tuple[str, Node] | None:
    """`left - right operator 0` with the operators =, !=, <, <= only."""
    if len(relation.operators) != 1:
        return None
    left, right = relation.sides
    operator = relation.operators[0]
    if (
        not isinstance(left, Scalar)
        or not isinstance(right, Scalar)
        or operator not in {"=", "!=", "<", "<=", ">", ">="}
    ):
        return None
    if operator in {">", ">="}:
        left, right, operator = right, left, operator.replace(">", "<")
    return operator, Node("subtract", (left.node, right.node))
