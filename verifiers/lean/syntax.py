"""Lean's syntax trees as plain Python, with positions in bytes of the text that was parsed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from dataclasses import field as default

from verifiers.lean.native import Lean, Names, TooManyParts, dotted, field, fields, items, lasts, tag, text

IDENTIFIER, ATOM, MISSING = "ident", "atom", "missing"
_ORIGINAL = 0
# Of an identifier: longer ones cost Lean seconds before it counts a heartbeat.
MAX_PARTS = 64
# Stands for the text of one that has more.
ENDLESS = "\0"
# By the address of a name that lasts: most are those of the library's own parsers.
_kinds: dict[int, str] = {}


@dataclass(slots=True)
class Node:
    """One node.

    Attributes:
        kind: the parser's name, or IDENTIFIER, ATOM (a keyword or literal's token), MISSING (not parsed).
        start, end: where its first token begins and its last one ends; -1 when it has no token.
        value: the text of an identifier (ENDLESS where it has more than MAX_PARTS parts) or of an atom.
    """

    kind: str
    start: int = -1
    end: int = -1
    value: str = ""
    children: list[Node] = default(default_factory=list)

    def walk(self) -> Iterator[Node]:
        """This node and all below it, in the order of the text."""
        stack = [self]
        while stack:
            node = stack.pop()
            yield node
            stack += reversed(node.children)


def read(lean: Lean, syntax: int) -> Node:
    """The tree of a `Syntax` object."""
    names = Names(lean)
    root = Node(MISSING)
    stack = [(syntax, root)]
    order = []
    while stack:
        address, node = stack.pop()
        kind = tag(address)
        if kind == 1 and not address & 1:
            _, name, children = fields(address, 3)
            node.kind = _kinds.get(name) or _kind(names, name)
            for child in items(children):
                below = Node(MISSING)
                node.children.append(below)
                stack.append((child, below))
            order.append(node)
        elif kind == 2:
            node.kind, node.value = ATOM, text(field(address, 1))
            node.start, node.end = _span(field(address, 0))
        elif kind == 3:
            node.kind, node.value = IDENTIFIER, _identifier(names, field(address, 2))
            node.start, node.end = _span(field(address, 0))
    # Children stand after their parents in `order`.
    for node in reversed(order):
        spans = [(child.start, child.end) for child in node.children if child.start >= 0]
        if spans:
            node.start, node.end = spans[0][0], spans[-1][1]
    return root


def _kind(names: Names, name: int) -> str:
    kind = dotted(names.read(name))
    if not name & 1 and lasts(name):
        _kinds[name] = kind
    return kind


def _identifier(names: Names, name: int) -> str:
    try:
        parts = names.read(name)
    except TooManyParts:
        return ENDLESS
    return dotted(parts) if len(parts) <= MAX_PARTS else ENDLESS


def _span(info: int) -> tuple[int, int]:
    """Start and end of a token's SourceInfo."""
    if info & 1:
        return -1, -1
    if tag(info) == _ORIGINAL:
        _, start, _, end = fields(info, 4)
        return start >> 1, end >> 1
    start, end = fields(info, 2)
    return start >> 1, end >> 1
