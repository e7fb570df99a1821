r"""Reads one formula whole, or not at all: a strict reader of the LaTeX and plain text that answers are written in.

Independent of math-verify, which may take a prefix or drop what it does not know. Here every token counts:

- implicit products bind tighter than `/` (`1/2x` is 1/(2x)); a number never stands behind a factor (`x2`, `2 3`);
- `a^b^c` without braces and `f(x)` have two readings and are not read; `\ldots` never is; of the power behind a
  function's bracket `verifiers.math.notation` makes one of the function;
- an integer before `\frac` of positive integers is a mixed number;
- `e`, `\pi`, `i` and `\infty` are constants, other letters (case counts) and Greek letters are symbols;
- `\log` without a base has an unknown one, so `\log 8 / \log 2` is 3 and `\log 100` only itself, except where a number
  in digits is expected (`verifiers.math.judge`).

Grammar, outermost first: list (`,` `;` or and) / relation (= < ...) / ratio (`:`) / union / sum / product / power.
"""

from __future__ import annotations

from fractions import Fraction

from verifiers.math.expressions import TIMES, Expressions, as_scalar
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
    Token,
    Unreadable,
    tokens_of,
)

_RELATIONS = {
    "=": "=", "==": "=", "<": "<", ">": ">", "<=": "<=", ">=": ">=", "!=": "!=", r"\le": "<=", r"\leq": "<=",
    r"\leqslant": "<=", r"\ge": ">=", r"\geq": ">=", r"\geqslant": ">=", r"\lt": "<", r"\gt": ">", r"\ne": "!=",
    r"\neq": "!=", r"\in": "in", r"\approx": "~", r"\equiv": "=",
}  # fmt: skip
_SEPARATORS = {",": ",", ";": ",", "or": "or", "and": "and", "或": "or", "和": ",", "且": "and", r"\lor": "or",
               r"\vee": "or", r"\land": "and", r"\wedge": "and"}  # fmt: skip
_BOTH = {(",", "and"), (",", "or")}
_BEHIND_A_GROUP = {r"\cup", r"\bigcup", r"\setminus", r"\backslash", ")", "]", r"\}", "}", "="}
_LAYOUT = {r"\quad", "\\\\"}


def read(source: str) -> Answer:
    """The formula that the whole source spells. Raises Unreadable, or TooLarge beyond the caps."""
    tokens = tokens_of(source)
    if not tokens:
        raise Unreadable("nothing")
    reader = Reader(source, tokens)
    answer = reader.answers()
    if reader.position != len(tokens):
        raise Unreadable(f"{tokens[reader.position].text!r} is left over")
    return answer


class Reader(Expressions):
    """Recursive descent over the tokens of one source; `Expressions` reads the scalar part."""

    def answers(self) -> Answer:
        """A list without brackets, or the one answer that it is."""
        items = [self.answer()]
        joiners = []
        while joiner := self.joiner():
            joiners.append(joiner)
            items.append(self.answer())
        if len(items) == 1:
            return items[0]
        words = set(joiners) - {","}
        if len(words) > 1:
            raise Unreadable("'and' and 'or' in one list")
        return Group("list", tuple(items), words.pop() if words else ",")

    def joiner(self) -> str:
        """What parts two elements of a list, "" where none does: "1, 2, and 3" has a comma before its and.

        Wide spaces and line breaks part formulas outside of brackets.
        """
        joiner = ""
        while token := self.peek():
            if token.text in _LAYOUT and not self._depth:
                joiner = joiner or ","
            elif (found := _SEPARATORS.get(token.text.strip())) and (not joiner or (joiner, found) in _BOTH):
                joiner = found
            else:
                break
            self.position += 1
        return joiner

    def answer(self) -> Answer:
        """One element of a list: a relation, a ratio or a set expression."""
        start = self.position
        sides: list[Answer] = [self.side()]
        operators = []
        while (token := self.peek()) and token.text in _RELATIONS:
            self.position += 1
            operators.append(_RELATIONS[token.text])
            sides.append(self.side())
        if not operators:
            return sides[0]
        return Relation(tuple(operators), tuple(sides), self.slice(start))

    def side(self) -> Answer:
        """What stands between relation signs."""
        first = self.union()
        parts = [first]
        while self.accept(":"):
            parts.append(self.union())
        if len(parts) == 1:
            return first
        return Ratio(tuple(as_scalar(part) for part in parts))

    def union(self) -> Answer:
        r"""Sets joined by `\cup` and `\setminus`, from the left."""
        left = self.element()
        while token := self.peek():
            if token.text in {r"\cup", r"\bigcup"}:
                operator = "union"
            elif token.text in {r"\setminus", r"\backslash"}:
                operator = "minus"
            else:
                break
            self.position += 1
            left = SetOperation(operator, left, self.element())
        return left

    def element(self) -> Answer:
        """A set, tuple, interval or matrix that stands alone, or an expression."""
        token = self.peek()
        if token is None:
            raise Unreadable("it ends too early")
        if token.kind == "begin":
            return self.matrix()
        following = self.tokens[self.position + 1 : self.position + 2]
        if token.text == "-" and following and following[0].kind == "begin":
            self.position += 1
            return _multiple(Scalar(Node("negative", (Node("number", value=Fraction(1)),)), "-1"), self.matrix())
        if token.text in {r"\emptyset", r"\varnothing"}:
            self.position += 1
            return NamedSet("empty")
        if token.kind == "blackboard" and "R" in token.text.replace("mathbb", ""):
            self.position += 1
            return NamedSet("reals")
        if token.text in {"(", "[", r"\{", "{", r"\langle", r"\lbrack"} and (group := self.group(token)):
            return group
        scalar = self.scalar()
        if (behind := self.peek()) is None or not (behind.kind == "begin" or behind.text in TIMES):
            return scalar
        self.accept(*TIMES)
        return _multiple(scalar, self.matrix())

    def group(self, opening: Token) -> Answer | None:
        """A bracket with commas inside; None (and nothing consumed) for one that only groups an expression."""
        start = self.position
        self.position += 1
        if opening.text == r"\{" and self.accept(r"\}"):
            return NamedSet("empty")
        if opening.text == r"\{" and (described := self.described()):
            return described
        self.enter()
        try:
            inside = self.answers()
        except Unreadable:
            if opening.text == r"\{":
                raise
            self.position = start
            return None
        finally:
            self.leave()
        closing = self.peek()
        if closing is None:
            raise Unreadable("a bracket that never closes")
        commas = isinstance(inside, Group) and inside.kind == "list" and inside.joiner == ","
        items = inside.items if isinstance(inside, Group) and commas else (inside,)
        kind = {"(": "(", "[": "[", "{": "{", r"\{": "{", r"\langle": "<", r"\lbrack": "["}[opening.text]
        kind += {")": ")", "]": "]", "}": "}", r"\}": "}", r"\rangle": ">", r"\rbrack": "]"}.get(closing.text, "?")
        alone = self.position + 1 == len(self.tokens) or (
            self.tokens[self.position + 1].text in _SEPARATORS or self.tokens[self.position + 1].text in _BEHIND_A_GROUP
        )
        if kind == "{}" and opening.text == r"\{" and closing.text == r"\}":
            self.position += 1
            return Group("set", items)
        if isinstance(inside, Matrix) and kind in {"()", "[]"} and alone:
            self.position += 1
            return inside
        if not commas or kind not in {"()", "[]", "(]", "[)", "{}", "<>"} or not alone:
            self.position = start
            return None
        self.position += 1
        if kind == "{}":
            return Group("set", items)
        return Group("()" if kind == "<>" else kind, items)

    def described(self) -> Answer | None:
        r"""`x \mid x > 3 \}`: the condition alone; None (and nothing consumed) for a set of another form."""
        start = self.tokens[self.position : self.position + 2]
        if len(start) < 2 or start[0].kind != "word" or start[1].text not in {r"\mid", "|", ":"}:
            return None
        self.position += 2
        condition = self.answers()
        if not isinstance(condition, Relation | Group):
            raise Unreadable("a set without a condition")
        self.expect(r"\}")
        return condition

    def matrix(self) -> Matrix:
        """`pmatrix` and its like, `array`; not determinants."""
        opening = self.next().text
        name = opening.split("{")[1].split("}")[0].rstrip("*")
        if name not in {"pmatrix", "bmatrix", "Bmatrix", "matrix", "smallmatrix", "array"}:
            raise Unreadable(f"the environment {name!r}")
        rows: list[tuple[Scalar, ...]] = []
        row: list[Scalar] = []
        self.enter()
        while True:
            row.append(self.scalar())
            token = self.next()
            if token.text == "&":
                continue
            rows.append(tuple(row))
            row = []
            following = self.peek()
            if token.text == "\\\\" and following is not None and following.kind == "end":
                token = self.next()
            if token.kind == "end":
                break
            if token.text != "\\\\":
                raise Unreadable(f"{token.text!r} in a matrix")
        self.leave()
        if name not in token.text or len({len(one) for one in rows}) != 1:
            raise Unreadable("a matrix whose rows differ in length")
        return Matrix(tuple(rows))


def _multiple(factor: Scalar, matrix: Matrix) -> Matrix:
    r"""`\frac13\begin{pmatrix}1\\2\end{pmatrix}` entry by entry."""
    if factor.node.name not in {"number", "divide", "negative", "root", "multiply", "power", "symbol", "pi"}:
        raise Unreadable("a sum before a matrix")
    return Matrix(
        tuple(
            tuple(
                Scalar(Node("multiply", (factor.node, one.node)), f"({factor.source}) \\cdot ({one.source})")
                for one in row
            )
            for row in matrix.rows
        )
    )
