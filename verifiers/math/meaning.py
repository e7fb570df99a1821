r"""What an answer means beyond its notation: plus-minus is two answers, `x = 5` is 5 with a name."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from verifiers.math import sampling
from verifiers.math.formula import (
    INFINITY,
    NEGATIVE_INFINITY,
    Answer,
    Group,
    Matrix,
    Node,
    Ratio,
    Relation,
    Scalar,
    SetOperation,
    Unreadable,
)
from verifiers.math.reader import read

_FUNCTION_NAME = re.compile(r"\s*([A-Za-z]\s*(?:\^\{-1\})?\(\s*[a-z]\s*(?:,\s*[a-z]\s*)*\))\s*=(?!=)")


@dataclass(frozen=True, slots=True)
class Named:
    """`x = ...`; `relation` is the whole of it, where it was written as one."""

    name: str
    right: Meaning
    relation: Relation | None = None


Meaning = Answer | Named


def interpret(text: str) -> Meaning:
    """The formula that a tidied text spells, plus-minus expanded and names split off. Raises Unreadable, TooLarge."""
    if match := _FUNCTION_NAME.match(text):
        return Named(re.sub(r"\s", "", match[1]), _meaning(read(text[match.end() :])))
    return _meaning(read(text))


def _meaning(answer: Answer) -> Meaning:
    if isinstance(answer, Scalar):
        return _expanded(answer)
    if isinstance(answer, Group):
        return _group(answer)
    if isinstance(answer, Relation):
        return _relation(answer)
    return answer


def _expanded(scalar: Scalar) -> Answer:
    if not any(sign in scalar.source for sign in (r"\pm", r"\mp")):
        return scalar
    upper = Scalar(_signs(scalar.node, "plusminus"), scalar.source.replace(r"\pm", "+").replace(r"\mp", "-"))
    lower = Scalar(_signs(scalar.node, "minusplus"), scalar.source.replace(r"\pm", "-").replace(r"\mp", "+"))
    return Group("list", (upper, lower), "or")


def _signs(node: Node, plus: str) -> Node:
    """The formula with `plus` read as + and its twin as -."""
    names = {plus: "add", ("minusplus" if plus == "plusminus" else "plusminus"): "subtract"}
    return replace(node, name=names.get(node.name, node.name), args=tuple(_signs(one, plus) for one in node.args))


def _group(group: Group) -> Meaning:
    items: list[Meaning] = []
    for item in group.items:
        meaning = _meaning(item)
        # 1 \pm \sqrt{5}, -2 are three answers.
        if isinstance(meaning, Group) and meaning.kind == "list" and isinstance(item, Scalar):
            items.extend(meaning.items)
        else:
            items.append(meaning)
    if group.kind == "list" and isinstance(items[0], Named):
        names = {re.sub(r"_.*|'+$", "", item.name) for item in items if isinstance(item, Named)}
        plain = [not isinstance(item, Named | Relation) for item in items[1:]]
        if len(names) == 1 and (all(plain) or not any(plain)):
            items = [item.right if isinstance(item, Named) else item for item in items]
    return replace(group, items=tuple(items))  # type: ignore[arg-type]


def _relation(relation: Relation) -> Meaning:
    operators, sides = list(relation.operators), list(relation.sides)
    if "~" in operators[1:]:
        cut = operators.index("~", 1)
        operators, sides = operators[:cut], sides[: cut + 1]
        relation = Relation(tuple(operators), tuple(sides), relation.source)
    if operators == ["in"] and _symbol(sides[0]):
        return _meaning(sides[1])
    if set(operators) - {"=", "~"} or (len(operators) > 1 and "~" in operators):
        return relation
    if len(sides) == 2 and not _symbol(sides[0]) and _symbol(sides[1]):
        sides.reverse()
    name = _symbol(sides[0])
    _agree(sides[1:] if name else sides)
    if name:
        return Named(name, _meaning(sides[-1]), relation)
    numbers = [side for side in sides if isinstance(side, Scalar) and not sampling.symbols_of(side.node)]
    return _meaning(sides[-1]) if len(numbers) == len(sides) else relation


def _symbol(side: Meaning) -> str:
    """The name of a lone symbol, else ''."""
    return side.node.text if isinstance(side, Scalar) and side.node.name == "symbol" else ""


def _agree(sides: Sequence[Answer]) -> None:
    """The sides of a chain that are numbers must be the same number."""
    numbers = [one.node for one in sides if isinstance(one, Scalar) and "pm" not in one.source]
    numbers = [node for node in numbers if not sampling.symbols_of(node) and not is_infinite(node)]
    for node in numbers[:-1]:
        if not sampling.close(node, numbers[-1], {}):
            raise Unreadable("a chain of numbers that differ")


def is_infinite(node: Node) -> bool:
    """Plus or minus infinity."""
    return node in (INFINITY, NEGATIVE_INFINITY)


def scalars_of(meaning: Meaning) -> list[Scalar]:
    """Every expression in an answer, outermost first."""
    if isinstance(meaning, Scalar):
        return [meaning]
    parts: Sequence[Meaning] = ()
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
