"""What a formula is made of once it is read (`verifiers.math.reader`), and the tokens it is read from."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

from verifiers.math.limits import MAX_NODES, TooLarge


class Unreadable(ValueError):
    """The text is no formula that this package reads whole; the message says where it stopped."""


@dataclass(frozen=True, slots=True)
class Node:
    """A number (`name` "number", `value` set), a symbol ("symbol", `text`), a constant, or an operation on `args`."""

    name: str
    args: tuple[Node, ...] = ()
    value: Fraction = Fraction(0)
    text: str = ""


@dataclass(frozen=True, slots=True)
class Scalar:
    """One expression and the source that it was read from, for the second opinion."""

    node: Node
    source: str


@dataclass(frozen=True, slots=True)
class Group:
    """Several answers: `kind` is "list" (no brackets), "set" or the two brackets, such as "()" or "[)"."""

    kind: str
    items: tuple[Answer, ...]
    # How a list without brackets was joined: ",", "or", "and"; "()" for the names of a tuple, (x, y) = (2, -1).
    joiner: str = ","


@dataclass(frozen=True, slots=True)
class Relation:
    """A chain `sides[0] operators[0] sides[1] ...`; operators are =, !=, <, <=, >, >=, in, ~ (about)."""

    operators: tuple[str, ...]
    sides: tuple[Answer, ...]
    source: str


@dataclass(frozen=True, slots=True)
class Named:
    """`x = ...`, as `verifiers.math.meaning` makes it of a relation; `relation` is the whole of it."""

    name: str
    right: Answer
    relation: Relation | None = None


@dataclass(frozen=True, slots=True)
class Ratio:
    """`a : b : c`."""

    parts: tuple[Scalar, ...]


@dataclass(frozen=True, slots=True)
class Matrix:
    """Rows of one length."""

    rows: tuple[tuple[Scalar, ...], ...]


@dataclass(frozen=True, slots=True)
class SetOperation:
    r"""`left \cup right` or `left \setminus right` ("union", "minus")."""

    operator: str
    left: Answer
    right: Answer


@dataclass(frozen=True, slots=True)
class NamedSet:
    """The real numbers ("reals") or the empty set ("empty")."""

    name: str


Answer = Scalar | Group | Relation | Named | Ratio | Matrix | SetOperation | NamedSet

INFINITY = Node("infinity")
NEGATIVE_INFINITY = Node("negative", (INFINITY,))


@dataclass(frozen=True, slots=True)
class Token:
    """`kind`: number, letter, word, command, mark; `start` and `end` are positions in the source."""

    kind: str
    text: str
    start: int
    end: int


_TOKEN = re.compile(
    r"(?P<space>\s+)"
    r"|(?P<number>(?:[0-9]{1,3}(?:,[0-9]{3})+(?![0-9,])|[0-9]+)(?:\.[0-9]+)?|\.[0-9]+)"
    r"|\\(?:text|mathrm|textbf|textrm|operatorname|mbox|rm)\s*\{(?P<text>[^{}\\$]*)\}"
    r"|(?P<begin>\\begin\s*\{[a-zA-Z]*\*?\}(?:\s*\{[clr| ]*\})?)|(?P<end>\\end\s*\{[a-zA-Z]*\*?\})"
    r"|(?P<blackboard>\\(?:mathbb|mathbf|Bbb)\s*\{?\s*[RNZQC]\s*\}?)"
    r"|(?P<command>\\[A-Za-z]+|\\[^A-Za-z\s])"
    r"|(?P<word>[A-Za-z]+)"
    r"|(?P<mark><=|>=|!=|==|\*\*|[-+*/^_!|()\[\]{},;:=<>&'%])"
    r"|(?P<chinese>[\u4e00-\u9fff]+)"
)


def tokens_of(source: str) -> list[Token]:
    """Every character of the source belongs to a token or is white space. Raises Unreadable or TooLarge."""
    tokens: list[Token] = []
    position = 0
    inside = 0
    while position < len(source):
        match = _TOKEN.match(source, position)
        if match is None or match.lastgroup is None:
            raise Unreadable(f"a character that no formula has ({source[position]!r})")
        kind, text = match.lastgroup, match.group(match.lastgroup)
        position = match.end()
        if kind == "number" and "," in text and inside:
            # Inside brackets a comma parts elements: (1,234) is a pair.
            position = match.start() + text.index(",")
            text = text[: text.index(",")]
        if kind == "space":
            continue
        if text in {"(", "[", r"\{", r"\langle"}:
            inside += 1
        elif text in {")", "]", r"\}", r"\rangle"}:
            inside -= 1
        tokens.append(Token(kind, text, match.start(), position))
        if len(tokens) > MAX_NODES:
            raise TooLarge(f"more than {MAX_NODES} symbols")
    return tokens
