r"""Compares an expected formula with an answer, structure by structure.

What is equal to what:

- numbers and expressions: equal values at every point; decimals are exact (0.333333 is not 1/3, 3.14 is not \pi);
- `x = 5` and `5`: the same, when one of them has no name; two names must agree; `f(x) = ...` likewise;
- equations: the same up to a factor other than 0; inequalities: up to a positive factor and the direction;
- sets `\{..\}`: without order and repetition; lists without brackets (`1, 2`, `x = 1 or x = 2`, `\pm 1`): without
  order, and a list without repetition fits a set; pairs, tuples and vectors `(..)`: in order, with their brackets;
- intervals, unions of them, `\mathbb{R}`, `\mathbb{R} \setminus \{..\}` and inequalities in one symbol: the same real
  numbers; an open interval and a pair are written alike and compared alike;
- matrices: the same shape and entries; ratios `a : b : c`: proportional, `a : b` fits the fraction;
- a chain `x = 2 + 3 = 5` counts as its last side, when the sides that are numbers agree.

Two expressions that are no plain numbers are equal only when math-verify says so too (`verifiers.math.symbolic`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from fractions import Fraction

from verifiers.math import regions, sampling, symbolic
from verifiers.math.formula import (
    Answer,
    Group,
    Matrix,
    NamedSet,
    Node,
    Ratio,
    Relation,
    Scalar,
    SetOperation,
)
from verifiers.math.limits import MAX_ELEMENTS, MAX_OPINION_DEPTH, MAX_OPINIONS, TooLarge
from verifiers.math.meaning import Meaning, Named, is_infinite, scalars_of

_MIN_POINTS = 3


class Comparison:
    """One comparison; counts the second opinions that it asks for."""

    def __init__(self) -> None:
        self._opinions = 0

    def equal(self, gold: Meaning, answer: Meaning) -> bool:
        """Whether the answer is the expected one. Raises Unreadable and TooLarge."""
        if isinstance(gold, Named) or isinstance(answer, Named):
            return self._named(gold, answer)
        if isinstance(gold, Scalar) and isinstance(answer, Scalar):
            return self.same(gold, answer)
        if isinstance(gold, Matrix) and isinstance(answer, Matrix):
            shapes = [[len(row) for row in matrix.rows] for matrix in (gold, answer)]
            entries = zip(sum(gold.rows, ()), sum(answer.rows, ()), strict=False)
            return shapes[0] == shapes[1] and all(self.same(one, other) for one, other in entries)
        if isinstance(gold, Ratio) or isinstance(answer, Ratio):
            return self._ratio(gold, answer)
        if isinstance(gold, Relation) and isinstance(answer, Relation) and self._relations(gold, answer):
            return True
        if (
            isinstance(gold, Group)
            and isinstance(answer, Group)
            and (decided := self._groups(gold, answer)) is not None
        ):
            return decided
        return self._regions(gold, answer)

    def _named(self, gold: Meaning, answer: Meaning) -> bool:
        if isinstance(gold, Named) and isinstance(answer, Named):
            if gold.name == answer.name:
                return self.equal(gold.right, answer.right)
            return self._whole(gold, answer)
        if isinstance(gold, Relation) or isinstance(answer, Relation):
            return self._whole(gold, answer)
        right_gold = gold.right if isinstance(gold, Named) else gold
        right_answer = answer.right if isinstance(answer, Named) else answer
        return self.equal(right_gold, right_answer)

    def _whole(self, gold: Meaning, answer: Meaning) -> bool:
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
        if _is_literal(gold.node) and _is_literal(answer.node):
            return sampling.exact(gold.node) == sampling.exact(answer.node)
        return self._everywhere(gold.node, answer.node, f"{gold.source}\0{answer.source}") and self._second_opinion(
            gold.source, answer.source
        )

    def _everywhere(self, gold: Node, answer: Node, seed: str) -> bool:
        symbols = sampling.symbols_of(gold) | sampling.symbols_of(answer)
        defined = 0
        for point in sampling.points(symbols, seed):
            close = sampling.close(gold, answer, point)
            if close is False:
                return False
            defined += close is True
        return defined >= (_MIN_POINTS if symbols else 1)

    def _second_opinion(self, gold: str, answer: str) -> bool:
        _check_depth(gold)
        _check_depth(answer)
        self._opinions += 1
        if self._opinions > MAX_OPINIONS:
            raise TooLarge(f"more than {MAX_OPINIONS} parts that are no plain numbers")
        return symbolic.equal(gold, answer)

    def _groups(self, gold: Group, answer: Group) -> bool | None:
        """None when the brackets differ in a way that only `_regions` can settle."""
        kinds = {gold.kind, answer.kind}
        if kinds <= {"list", "set"}:
            if "set" in kinds and any(group.kind == "list" and _repeats(group.items) for group in (gold, answer)):
                return False
            if kinds == {"list"} and any(isinstance(one, Relation) for one in gold.items + answer.items):
                return None if gold.joiner == answer.joiner == "or" else self._unordered(gold, answer)
            return self._unordered(gold, answer)
        if gold.kind == answer.kind:
            pairs = zip(gold.items, answer.items, strict=False)
            return len(gold.items) == len(answer.items) and all(self.equal(one, other) for one, other in pairs)
        return False if "list" in kinds or "set" in kinds or len(gold.items) == len(answer.items) == 2 else None

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

    def _ratio(self, gold: Meaning, answer: Meaning) -> bool:
        parts = [_parts(one) for one in (gold, answer)]
        if parts[0] is None or parts[1] is None or len(parts[0]) != len(parts[1]):
            return False
        values = [[sampling.exact(part.node) for part in one] for one in parts if one is not None]
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
        factor = _factor(left, right, symbols, seed)
        if factor is None or factor == 0 or (operator in {"<", "<="} and factor < 0):
            return False
        scaled = Node("multiply", (Node("number", value=factor), right))
        return self._everywhere(left, scaled, seed) and self._second_opinion(gold.source, answer.source)

    def _regions(self, gold: Meaning, answer: Meaning) -> bool:
        if not any(isinstance(one, SetOperation | NamedSet | Relation | Group) for one in (gold, answer)):
            return False
        first, second = regions.region_of(gold), regions.region_of(answer)
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


def _check_depth(source: str) -> None:
    """Raises TooLarge where math-verify would take too long."""
    depth = 0
    for character in source:
        depth += {"(": 1, ")": -1}.get(character, 0)
        if depth > MAX_OPINION_DEPTH:
            raise TooLarge(f"round brackets nested deeper than {MAX_OPINION_DEPTH}")


def problem_of(gold: Meaning) -> str:
    """Why an expected formula is no sound one, "" when it is: every part has a value and math-verify can read it.

    Raises Unreadable and TooLarge.
    """
    for scalar in scalars_of(gold):
        if is_infinite(scalar.node):
            continue
        symbols = sampling.symbols_of(scalar.node)
        found = [sampling.close(scalar.node, scalar.node, point) for point in sampling.points(symbols, scalar.source)]
        if found.count(True) < (_MIN_POINTS if symbols else 1):
            return "it has no value"
        if not _is_literal(scalar.node):
            _check_depth(scalar.source)
            if not symbolic.parse(scalar.source):
                return "math-verify does not parse it"
    return "" if Comparison().equal(gold, gold) else "it is not equal to itself"


def _is_literal(node: Node) -> bool:
    """A number, a fraction of numbers, or minus one of these."""
    if node.name == "negative":
        node = node.args[0]
    return node.name == "number" or (
        node.name == "divide" and all(part.name == "number" for part in node.args) and node.args[1].value != 0
    )


def _literals(items: Sequence[Answer]) -> list[Fraction | None] | None:
    nodes = [item.node for item in items if isinstance(item, Scalar) and _is_literal(item.node)]
    return [sampling.exact(node) for node in nodes] if len(nodes) == len(items) else None


def _repeats(items: Sequence[Answer]) -> bool:
    numbers = _literals(items)
    if numbers is None:
        return len({item.source for item in items if isinstance(item, Scalar | Relation)}) < len(items)
    return len(set(numbers)) < len(numbers)


def _parts(meaning: Meaning) -> tuple[Scalar, ...] | None:
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


def _factor(left: Node, right: Node, symbols: set[str], seed: str) -> Fraction | None:
    """The rational factor between two formulas at the first point where it can be told."""
    for point in sampling.points(symbols, seed):
        values = [sampling.number_at(node, point) for node in (left, right)]
        if values[0] is not None and values[1]:
            return Fraction(values[0] / values[1])
    return None
