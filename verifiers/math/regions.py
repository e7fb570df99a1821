r"""Sets of real numbers as sorted intervals: `(0, 1) \cup \{2\}`, `\mathbb{R} \setminus \{1\}`, `1 \le x < 2`.

The ends are formulas, and stay formulas: which of two comes first is what `verifiers.math.compare` says of them, exact
for rational numbers and at a precision that follows them for others. Nothing here compares numbers of two types.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cmp_to_key

from verifiers.math.formula import (
    INFINITY,
    NEGATIVE_INFINITY,
    Group,
    NamedSet,
    Relation,
    Scalar,
    SetOperation,
    Unreadable,
)
from verifiers.math.limits import MAX_ELEMENTS, TooLarge

# -1, 0 or 1 as the first real number is less than the second, equal or greater.
Order = Callable[[Scalar, Scalar], int]

_PLUS = Scalar(INFINITY, r"\infty")
_MINUS = Scalar(NEGATIVE_INFINITY, r"-\infty")
_INTERVALS = {"()", "[]", "(]", "[)"}


@dataclass(frozen=True, slots=True)
class Piece:
    """One interval; a single number is closed on both sides."""

    left: Scalar
    right: Scalar
    left_closed: bool
    right_closed: bool


@dataclass(frozen=True, slots=True)
class Region:
    """Sorted intervals that do not touch, and the symbol that an inequality was about ("" for a set)."""

    pieces: tuple[Piece, ...]
    symbol: str = ""


_REALS = Piece(_MINUS, _PLUS, False, False)


def region_of(answer: object, order: Order) -> Region | None:
    """The set of real numbers that an answer describes, None when it describes none. Raises Unreadable, TooLarge."""
    found = _pieces(answer, order)
    if found is None:
        return None
    pieces, symbol = found
    if len(pieces) > MAX_ELEMENTS:
        raise TooLarge(f"more than {MAX_ELEMENTS} intervals")
    return Region(tuple(_merged(pieces, order)), symbol)


def _pieces(answer: object, order: Order) -> tuple[list[Piece], str] | None:
    if isinstance(answer, NamedSet):
        return ([] if answer.name == "empty" else [_REALS]), ""
    if isinstance(answer, Relation):
        return _of_relation(answer, order)
    if isinstance(answer, Group):
        return _of_group(answer, order)
    if isinstance(answer, SetOperation):
        left, right = _pieces(answer.left, order), _pieces(answer.right, order)
        if left is None or right is None:
            return None
        if answer.operator == "union":
            return left[0] + right[0], ""
        return _without(_merged(left[0], order), right[0], order), ""
    return None


def _of_group(group: Group, order: Order) -> tuple[list[Piece], str] | None:
    if group.kind == "set":
        points = [item for item in group.items if isinstance(item, Scalar)]
        return ([_point(item) for item in points], "") if len(points) == len(group.items) else None
    if group.kind == "list" and group.joiner == "or":
        parts = [_pieces(item, order) for item in group.items]
        symbols = {part[1] for part in parts if part is not None}
        if None in parts or len(symbols) != 1:
            return None
        return [piece for part in parts if part is not None for piece in part[0]], symbols.pop()
    if group.kind not in _INTERVALS or len(group.items) != 2:
        return None
    left, right = group.items
    if not isinstance(left, Scalar) or not isinstance(right, Scalar):
        return None
    return [Piece(left, right, group.kind[0] == "[", group.kind[1] == "]")], ""


def _of_relation(relation: Relation, order: Order) -> tuple[list[Piece], str] | None:
    sides = [side for side in relation.sides if isinstance(side, Scalar)]
    if len(sides) != len(relation.sides):
        return None
    operators = list(relation.operators)
    if all(operator in {">", ">="} for operator in operators):
        sides.reverse()
        operators = [operator.replace(">", "<") for operator in reversed(operators)]
    symbols = [side.node.text for side in sides if side.node.name == "symbol"]
    if len(symbols) != 1:
        return None
    if operators == ["!="]:
        point = sides[1] if sides[0].node.name == "symbol" else sides[0]
        return _without([_REALS], [_point(point)], order), symbols[0]
    if not all(operator in {"<", "<="} for operator in operators):
        return None
    at = next(index for index, side in enumerate(sides) if side.node.name == "symbol")
    if len(sides) == 2:
        closed = operators[0] == "<="
        piece = Piece(sides[0], _PLUS, closed, False) if at else Piece(_MINUS, sides[1], False, closed)
        return [piece], symbols[0]
    if len(sides) == 3 and at == 1:
        return [Piece(sides[0], sides[2], operators[0] == "<=", operators[1] == "<=")], symbols[0]
    return None


def _point(number: Scalar) -> Piece:
    return Piece(number, number, True, True)


def _merged(pieces: Iterable[Piece], order: Order) -> list[Piece]:
    merged: list[Piece] = []

    def starts(one: Piece, other: Piece) -> int:
        """Which begins first; a closed end comes before an open one."""
        return order(one.left, other.left) or int(other.left_closed) - int(one.left_closed)

    for piece in sorted(pieces, key=cmp_to_key(starts)):
        width = order(piece.right, piece.left)
        if width < 0 or (width == 0 and not (piece.left_closed and piece.right_closed)):
            raise Unreadable("an empty interval")
        last = merged[-1] if merged else None
        gap = order(piece.left, last.right) if last is not None else 1
        if last is None or gap > 0 or (gap == 0 and not (piece.left_closed or last.right_closed)):
            merged.append(piece)
            continue
        further = order(piece.right, last.right)
        if further > 0 or (further == 0 and piece.right_closed):
            merged[-1] = replace(last, right=piece.right, right_closed=piece.right_closed)
    return merged


def _without(pieces: list[Piece], removed: Iterable[Piece], order: Order) -> list[Piece]:
    """Only single numbers are taken away."""
    for hole in removed:
        number = hole.left
        if order(number, hole.right) != 0:
            raise Unreadable("a difference of intervals")
        left_over = []
        for piece in pieces:
            from_left, to_right = order(number, piece.left), order(piece.right, number)
            if from_left < 0 or to_right < 0:
                left_over.append(piece)
                continue
            if from_left > 0:
                left_over.append(replace(piece, right=number, right_closed=False))
            if to_right > 0:
                left_over.append(replace(piece, left=number, left_closed=False))
        pieces = left_over
    return pieces
