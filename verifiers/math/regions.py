r"""Sets of real numbers as sorted intervals: `(0, 1) \cup \{2\}`, `\mathbb{R} \setminus \{1\}`, `1 \le x < 2`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from verifiers.math import sampling
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

_PLUS = Scalar(INFINITY, r"\infty")
_MINUS = Scalar(NEGATIVE_INFINITY, r"-\infty")
_INTERVALS = {"()", "[]", "(]", "[)"}


@dataclass(frozen=True, slots=True)
class Piece:
    """One interval; a single number is closed on both sides. The positions are for sorting only."""

    left: Scalar
    right: Scalar
    left_closed: bool
    right_closed: bool
    low: Any
    high: Any


@dataclass(frozen=True, slots=True)
class Region:
    """Sorted intervals that do not touch, and the symbol that an inequality was about ("" for a set)."""

    pieces: tuple[Piece, ...]
    symbol: str = ""


def region_of(answer: object) -> Region | None:
    """The set of real numbers that an answer describes, None when it describes none. Raises Unreadable, TooLarge."""
    found = _pieces(answer)
    if found is None:
        return None
    pieces, symbol = found
    if len(pieces) > MAX_ELEMENTS:
        raise TooLarge(f"more than {MAX_ELEMENTS} intervals")
    return Region(tuple(_merged(pieces)), symbol)


def _pieces(answer: object) -> tuple[list[Piece], str] | None:
    if isinstance(answer, NamedSet):
        return ([] if answer.name == "empty" else [_piece(_MINUS, False, _PLUS, False)]), ""
    if isinstance(answer, Relation):
        return _of_relation(answer)
    if isinstance(answer, Group):
        return _of_group(answer)
    if isinstance(answer, SetOperation):
        left, right = _pieces(answer.left), _pieces(answer.right)
        if left is None or right is None:
            return None
        if answer.operator == "union":
            return left[0] + right[0], ""
        return _without(_merged(left[0]), right[0]), ""
    return None


def _of_group(group: Group) -> tuple[list[Piece], str] | None:
    if group.kind == "set":
        if not all(isinstance(item, Scalar) for item in group.items):
            return None
        return [_piece(item, True, item, True) for item in group.items if isinstance(item, Scalar)], ""
    if group.kind == "list" and group.joiner == "or":
        parts = [_pieces(item) for item in group.items]
        symbols = {part[1] for part in parts if part is not None}
        if None in parts or len(symbols) != 1:
            return None
        return [piece for part in parts if part is not None for piece in part[0]], symbols.pop()
    if group.kind not in _INTERVALS or len(group.items) != 2:
        return None
    left, right = group.items
    if not isinstance(left, Scalar) or not isinstance(right, Scalar):
        return None
    return [_piece(left, group.kind[0] == "[", right, group.kind[1] == "]")], ""


def _of_relation(relation: Relation) -> tuple[list[Piece], str] | None:
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
        pieces = _without([_piece(_MINUS, False, _PLUS, False)], [_piece(point, True, point, True)])
        return pieces, symbols[0]
    if not all(operator in {"<", "<="} for operator in operators):
        return None
    at = next(index for index, side in enumerate(sides) if side.node.name == "symbol")
    if len(sides) == 2:
        closed = operators[0] == "<="
        piece = _piece(sides[0], closed, _PLUS, False) if at else _piece(_MINUS, False, sides[1], closed)
        return [piece], symbols[0]
    if len(sides) == 3 and at == 1:
        return [_piece(sides[0], operators[0] == "<=", sides[2], operators[1] == "<=")], symbols[0]
    return None


def _piece(left: Scalar, left_closed: bool, right: Scalar, right_closed: bool) -> Piece:
    return Piece(left, right, left_closed, right_closed, _position(left), _position(right))


def _position(scalar: Scalar) -> Any:
    if scalar.node == INFINITY:
        return float("inf")
    if scalar.node == NEGATIVE_INFINITY:
        return float("-inf")
    position = sampling.number_at(scalar.node, {}, exact=False)
    if position is None:
        raise Unreadable("an interval whose ends are no real numbers")
    return position


def _merged(pieces: Iterable[Piece]) -> list[Piece]:
    merged: list[Piece] = []
    for piece in sorted(pieces, key=lambda piece: (piece.low, not piece.left_closed)):
        if piece.low > piece.high or (piece.low == piece.high and not (piece.left_closed and piece.right_closed)):
            raise Unreadable("an empty interval")
        last = merged[-1] if merged else None
        touches = last is not None and (
            piece.low < last.high or (piece.low == last.high and (piece.left_closed or last.right_closed))
        )
        if last is None or not touches:
            merged.append(piece)
        elif piece.high > last.high or (piece.high == last.high and piece.right_closed):
            merged[-1] = replace(last, right=piece.right, high=piece.high, right_closed=piece.right_closed)
    return merged


def _without(pieces: list[Piece], removed: Iterable[Piece]) -> list[Piece]:
    """Only single numbers are taken away."""
    for hole in removed:
        if hole.low != hole.high:
            raise Unreadable("a difference of intervals")
        left_over = []
        for piece in pieces:
            if not piece.low <= hole.low <= piece.high:
                left_over.append(piece)
                continue
            if piece.low < hole.low:
                left_over.append(replace(piece, right=hole.left, high=hole.low, right_closed=False))
            if piece.high > hole.low:
                left_over.append(replace(piece, left=hole.right, low=hole.low, left_closed=False))
        pieces = left_over
    return pieces
