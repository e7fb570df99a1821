r"""What an answer means beyond its notation: plus-minus is two answers, `x = 5` is 5 with a name."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from verifiers.math import sampling
from verifiers.math.formula import (
    INFINITY,
    NEGATIVE_INFINITY,
    Answer,
    Group,
    Matrix,
    Named,
    Node,
    Ratio,
    Relation,
    Scalar,
    SetOperation,
    Unreadable,
)
from verifiers.math.limits import Work
from verifiers.math.reader import read

_FUNCTION_NAME = re.compile(r"\s*([A-Za-z]\s*(?:\^\{-1\})?\(\s*[a-z]\s*(?:,\s*[a-z]\s*)*\))\s*=(?!=)")


def interpret(text: str) -> Answer:
    """The formula that a tidied text spells, plus-minus expanded and names split off. Raises Unreadable, TooLarge."""
    if match := _FUNCTION_NAME.match(text):
        return Named(re.sub(r"\s", "", match[1]), _Interpreter().meaning(read(text[match.end() :])))
    return _Interpreter().meaning(read(text))


class _Interpreter:
    """Reads the meanings of one text, with the work that they may cost together."""

    def __init__(self) -> None:
        self._work = Work()

    def meaning(self, answer: Answer) -> Answer:
        if isinstance(answer, Scalar):
            return _expanded(answer)
        if isinstance(answer, Group):
            return self._group(answer)
        if isinstance(answer, Relation):
            return self._relation(answer)
        if isinstance(answer, SetOperation):
            return replace(answer, left=self.meaning(answer.left), right=self.meaning(answer.right))
        return answer

    def _group(self, group: Group) -> Answer:
        items: list[Answer] = []
        for item in group.items:
            meaning = self.meaning(item)
            # 1 \pm \sqrt{5}, -2 are three answers, and so are x = 1 \pm \sqrt{5}, x = -2.
            several = isinstance(meaning, Group) and meaning.kind == "list" and isinstance(item, Scalar | Relation)
            if isinstance(meaning, Group) and several and group.kind in {"list", "set"}:
                items.extend(meaning.items)
            else:
                items.append(meaning)
        first = items[0]
        # In x = 1, 2 the name belongs to both.
        if group.kind == "list" and isinstance(first, Named) and all(isinstance(item, Scalar) for item in items[1:]):
            items = [first, *(Named(first.name, item) for item in items[1:])]
        return replace(group, items=tuple(items))

    def _relation(self, relation: Relation) -> Answer:
        operators, sides = list(relation.operators), list(relation.sides)
        if operators == ["in"] and _symbol(sides[0]):
            return self.meaning(sides[1])
        if "~" in operators:
            cut = operators.index("~")
            # x = 3 \sqrt{13} \approx 10.8 says what x is; x \approx 10.8 does not.
            if set(operators[:cut]) - {"="} or set(operators[cut:]) != {"~"} or _symbol(sides[cut]):
                raise Unreadable("an approximation")
            if not all(self._is_about(sides[cut], side) for side in sides[cut + 1 :]):
                raise Unreadable("an approximation that is far off")
            operators, sides = operators[:cut], sides[: cut + 1]
            relation = Relation(tuple(operators), tuple(sides), relation.source)
            if not operators:
                return self.meaning(sides[0])
        if operators == ["="] and (named := self._named_tuple(*sides)):
            return named
        if set(operators) != {"="}:
            return relation
        # 18 = 20-2 = 18; 1 = 1 says nothing.
        sides = [side for number, side in enumerate(sides) if not _is_among(side, sides[:number])]
        if len(sides) < 2:
            raise Unreadable("an equation of a thing with itself")
        return self._equation(relation, sides)

    def _named_tuple(self, left: Answer, right: Answer) -> Group | None:
        """`(x, y) = (2, -1)` as its members with their names."""
        if not (isinstance(left, Group) and isinstance(right, Group) and {left.kind, right.kind} <= {"()", "[]"}):
            return None
        names = [_symbol(item) for item in left.items]
        if len(set(names)) < len(names) or not all(names) or len(names) != len(right.items):
            return None
        items = []
        for name, item in zip(names, map(self.meaning, right.items), strict=True):
            if isinstance(item, Named) and item.name != name:
                raise Unreadable("a thing with two names")
            items.append(item if isinstance(item, Named) else Named(name, item))
        return Group("list", tuple(items), "()")

    def _equation(self, relation: Relation, sides: list[Answer]) -> Answer:
        if len(sides) == 2 and not _symbol(sides[0]) and _symbol(sides[1]):
            sides.reverse()
        names = [_symbol(side) for side in sides]
        name = names[0]
        if not name:
            numbers = [side for side in sides if isinstance(side, Scalar) and not _symbols(side)]
            if len(numbers) == len(sides) or len(sides) > 2:
                self._agree(sides)
            return self.meaning(sides[-1]) if len(numbers) == len(sides) else relation
        if len(sides) > 2 and all(names[:-1]):
            # x = y = 5 are two equations.
            right = self.meaning(sides[-1])
            return Group("list", tuple(Named(one, right) for one in names[:-1]), "and")
        if any(name in _symbols(side) for side in _scalars(sides[1:])):
            # x = 2x does not say what x is.
            return relation
        self._agree(sides[1:])
        right = self.meaning(sides[-1])
        if isinstance(right, Group) and right.kind == "list" and isinstance(sides[-1], Scalar):
            return replace(right, items=tuple(Named(name, item) for item in right.items))
        return Named(name, right, relation)

    def _agree(self, sides: Sequence[Answer]) -> None:
        """Raises Unreadable when the sides of a chain of equations are not all the same."""
        for side in sides[:-1]:
            last = sides[-1]
            if not isinstance(side, Scalar) or not isinstance(last, Scalar):
                raise Unreadable("a chain of things that are no numbers")
            pairs = [(_signs(side.node, plus), _signs(last.node, plus)) for plus in ("plusminus", "minusplus")]
            if not all(
                self._same(one, other, side.source)
                for one, other in pairs[: 1 + (_has_two_signs(side) or _has_two_signs(last))]
            ):
                raise Unreadable("a chain of equations whose sides differ")

    def _same(self, one: Node, other: Node, seed: str) -> bool:
        if is_infinite(one) or is_infinite(other):
            return one == other
        return sampling.everywhere(one, other, f"chain\0{seed}", self._work) is not None

    def _is_about(self, side: Answer, rounded: Answer) -> bool:
        """Whether the second of two numbers is within a hundredth of the first."""
        if not isinstance(side, Scalar) or not isinstance(rounded, Scalar) or is_infinite(side.node):
            return False
        if is_infinite(rounded.node) or _symbols(side) or _symbols(rounded) or _has_two_signs(side):
            return False
        off = Node("absolute", (Node("subtract", (side.node, rounded.node)),))
        allowed = Node("divide", (Node("absolute", (side.node,)), Node("number", value=Fraction(100))))
        return not _has_two_signs(rounded) and sampling.compare(off, allowed, {}, self._work) <= 0


def _scalars(sides: Sequence[Answer]) -> list[Scalar]:
    return [side for side in sides if isinstance(side, Scalar)]


def _is_among(side: Answer, others: Sequence[Answer]) -> bool:
    """Whether a number is one of the sides before it. Raises Unreadable for a symbol that is."""
    among = isinstance(side, Scalar) and any(side.node == one.node for one in _scalars(others))
    if among and isinstance(side, Scalar) and (_has_two_signs(side) or _symbols(side)):
        raise Unreadable("an equation of a thing with itself")
    return among


def _expanded(scalar: Scalar) -> Answer:
    if not _has_two_signs(scalar):
        return scalar
    upper = Scalar(_signs(scalar.node, "plusminus"), scalar.source.replace(r"\pm", "+").replace(r"\mp", "-"))
    lower = Scalar(_signs(scalar.node, "minusplus"), scalar.source.replace(r"\pm", "-").replace(r"\mp", "+"))
    return Group("list", (upper, lower), "or")


def _has_two_signs(scalar: Scalar) -> bool:
    return any(sign in scalar.source for sign in (r"\pm", r"\mp"))


def _signs(node: Node, plus: str) -> Node:
    """The formula with `plus` read as + and its twin as -."""
    names = {plus: "add", ("minusplus" if plus == "plusminus" else "plusminus"): "subtract"}
    return replace(node, name=names.get(node.name, node.name), args=tuple(_signs(one, plus) for one in node.args))


def _symbol(side: Answer) -> str:
    """The name of a lone symbol, else ''."""
    return side.node.text if isinstance(side, Scalar) and side.node.name == "symbol" else ""


def _symbols(side: Scalar) -> set[str]:
    return set() if _has_two_signs(side) else sampling.symbols_of(side.node)


def is_infinite(node: Node) -> bool:
    """Plus or minus infinity."""
    return node in (INFINITY, NEGATIVE_INFINITY)


def scalars_of(meaning: Answer) -> list[Scalar]:
    """Every expression in an answer, outermost first."""
    if isinstance(meaning, Scalar):
        return [meaning]
    parts: Sequence[Answer] = ()
    if isinstance(meaning, Named):
        parts = (meaning.right,)
    elif isinstance(meaning, Group):
        parts = meaning.items
    elif isinstance(meaning, Relation):
        parts = meaning.sides
    elif isinstance(meaning, Ratio):
        parts = meaning.parts
    elif isinstance(meaning, Matrix):
        parts = [entry for row in meaning.rows for entry in row]
    elif isinstance(meaning, SetOperation):
        parts = (meaning.left, meaning.right)
    return [scalar for part in parts for scalar in scalars_of(part)]
