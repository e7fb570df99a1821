# ruff: noqa: SIM905 (word lists read better as text)
"""The scalar part of `verifiers.math.reader`: sums, products, powers, functions."""

from __future__ import annotations

from fractions import Fraction

from verifiers.math.cursor import Cursor
from verifiers.math.formula import INFINITY, Answer, Node, Scalar, Token, Unreadable
from verifiers.math.limits import MAX_DIGITS, MAX_TREE_DEPTH, TooLarge

FUNCTIONS = frozenset(
    "sin cos tan cot sec csc arcsin arccos arctan sinh cosh tanh coth arsinh arcosh artanh arcsinh arccosh arctanh "
    "asin acos atan ln log lg exp".split()
)
# Of a list in brackets.
LIST_FUNCTIONS = frozenset("max min gcd lcm".split())
GREEK = frozenset(
    "alpha beta gamma delta epsilon varepsilon zeta eta theta vartheta iota kappa lambda mu nu xi rho sigma tau "
    "upsilon phi varphi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega ell".split()
)
_CLOSING = {r"\lfloor": r"\rfloor", r"\lceil": r"\rceil", "(": ")", "[": "]", "{": "}", r"\lvert": r"\rvert"}
TIMES = {"*", r"\cdot", r"\times", r"\ast"}
_OVER = {"/", r"\div"}
# A letter before a bracket that reads as a function more often than as a factor.
_FUNCTION_LETTERS = frozenset("fgh")


def as_scalar(answer: Answer) -> Scalar:
    """The expression that an answer is. Raises Unreadable for structures."""
    if not isinstance(answer, Scalar):
        raise Unreadable("a structure where a number belongs")
    return answer


class Expressions(Cursor):
    """Recursive descent over tokens; every method consumes what it reads."""

    # Open absolute bars around the place.
    _bars = 0

    def scalar(self) -> Scalar:
        """A sum with its source. Raises TooLarge for one that is too deep to walk through."""
        start = self.position
        node = self.sum()
        level, depth = [node], 0
        while level:
            depth += 1
            if depth > MAX_TREE_DEPTH:
                raise TooLarge(f"more than {MAX_TREE_DEPTH} operations inside one another")
            level = [argument for one in level for argument in one.args]
        return Scalar(node, self.slice(start))

    def sum(self) -> Node:
        """Terms joined by +, - and plus-minus."""
        self.enter()
        node = self.term()
        while token := self.peek():
            name = {"+": "add", "-": "subtract", r"\pm": "plusminus", r"\mp": "minusplus"}.get(token.text)
            if name is None:
                break
            self.position += 1
            node = Node(name, (node, self.term()))
        self.leave()
        return node

    def term(self) -> Node:
        """Products and quotients, from the left."""
        node = self.signed()
        while token := self.peek():
            following = self.tokens[self.position + 1 : self.position + 2]
            if token.text in TIMES and following and following[0].kind == "begin":
                # A multiple of a matrix, which the reader above reads.
                break
            if token.text in TIMES:
                self.position += 1
                node = Node("multiply", (node, self.signed()))
            elif token.text in _OVER:
                self.position += 1
                node = Node("divide", (node, self.signed()))
            else:
                break
        return node

    def signed(self) -> Node:
        """A sign before a product without signs."""
        if self.accept("-"):
            self.enter()
            node = Node("negative", (self.signed(),))
            self.leave()
            return node
        if self.accept("+"):
            self.enter()
            node = self.signed()
            self.leave()
            return node
        for sign, name in ((r"\pm", "plusminus"), (r"\mp", "minusplus")):
            if self.accept(sign):
                self.enter()
                node = Node(name, (Node("number"), self.signed()))
                self.leave()
                return node
        return self.product()

    def product(self, *, of_function: bool = False) -> Node:
        """Factors side by side. In a function's argument without brackets another function ends it."""
        node = self.power()
        mixed = node.name == "number" and node.value.denominator == 1
        while (token := self.peek()) and self._begins_factor(token):
            if of_function and token.text.lstrip("\\") in FUNCTIONS:
                break
            if token.kind == "number":
                raise Unreadable("a number behind a factor")
            fraction = token.text == r"\frac"
            factor = self.power()
            if mixed and fraction and _is_plain_fraction(factor):
                node = Node("add", (node, factor))
            else:
                node = Node("multiply", (node, factor))
            mixed = False
        return node

    def _begins_factor(self, token: Token) -> bool:
        if token.kind in {"number", "word"}:
            return token.text not in {"or", "and"}
        if token.kind == "text":
            return len(token.text.strip()) == 1 or token.text.strip() in FUNCTIONS | LIST_FUNCTIONS
        if token.kind == "command":
            name = token.text[1:]
            return name in FUNCTIONS | LIST_FUNCTIONS or name in GREEK or name in {
                "frac", "sqrt", "binom", "dbinom", "tbinom", "pi", "lfloor", "lceil", "lvert", "infty"
            }  # fmt: skip
        return token.text in {"(", "{", "["} or (token.text == "|" and not self._bars)

    def power(self) -> Node:
        """A factor with its exponent, factorial and percent signs."""
        node = self.postfix(self.atom())
        if self.accept("^", "**"):
            node = self.postfix(Node("power", (node, self.exponent())))
            if (token := self.peek()) and token.text in {"^", "**"}:
                raise Unreadable("a power of a power without braces")
        return node

    def postfix(self, node: Node) -> Node:
        """Factorial and percent."""
        if self.accept("!"):
            if self.accept("!"):
                raise Unreadable("a double factorial")
            node = Node("factorial", (node,))
        if self.accept("%"):
            node = Node("divide", (node, Node("number", value=Fraction(100))))
        return node

    def exponent(self) -> Node:
        """`{...}`, a bracket, a number, a symbol, or one of these behind a sign."""
        if self.accept("-"):
            self.enter()
            node = Node("negative", (self.exponent(),))
            self.leave()
            return node
        token = self.peek()
        if token is not None and token.text in {r"\circ", "*", "'", r"\prime", "T"}:
            raise Unreadable(f"the exponent {token.text!r}")
        if token is not None and token.kind == "word" and len(token.text) > 1:
            raise Unreadable("a word as an exponent")
        return self.atom()

    def atom(self) -> Node:
        """One factor."""
        token = self.next()
        if token.kind == "number":
            return self._number(token)
        if token.kind in {"word", "text"}:
            return self._word(token)
        if token.kind == "command":
            return self._command(token)
        if token.text in {"(", "[", "{"}:
            return self._bracket(token.text)
        if token.text == "|":
            self._bars += 1
            node = Node("absolute", (self.sum(),))
            self._bars -= 1
            self.expect("|")
            return node
        raise Unreadable(f"{token.text!r} in a place where a number or a symbol belongs")

    def _bracket(self, opening: str) -> Node:
        bars, self._bars = self._bars, 0
        node = self.sum()
        self._bars = bars
        self.expect(_CLOSING[opening])
        return node

    def _number(self, token: Token) -> Node:
        digits = token.text.replace(",", "")
        if len(digits) > MAX_DIGITS:
            raise TooLarge(f"a number of more than {MAX_DIGITS} digits")
        if self.accept("_"):
            # A number in another base is only that same number.
            return Node("symbol", text=f"{digits}_{self._subscript()}")
        return Node("number", value=Fraction(digits))

    def _word(self, token: Token) -> Node:
        """A function, a constant, or symbols side by side ("xy")."""
        text = token.text.strip()
        if text in FUNCTIONS:
            return self._function(text)
        if text in LIST_FUNCTIONS:
            return self._of_list(text)
        if text == "sqrt":
            return self._root()
        if text in {"pi", "infinity", "inf", "oo"}:
            return Node("pi") if text == "pi" else INFINITY
        for name in ("sin", "cos", "tan", "ln", "log"):
            # "sinx", "lnx"
            if text.startswith(name) and len(text) == len(name) + 1:
                return Node(name, (self._symbol(text[len(name)]),))
        if text in GREEK:
            return self._symbol(text)
        if not text.isascii() or not text.isalpha() or len(text) > 3 or (token.kind == "text" and len(text) > 1):
            raise Unreadable(f"the word {text[:20]!r}")
        following = self.peek()
        if len(text) == 1 and text in _FUNCTION_LETTERS and following is not None and following.text == "(":
            raise Unreadable("a function that nobody defined")
        node = self._symbol(text[0], last=len(text) == 1)
        for number, letter in enumerate(text[1:], start=2):
            node = Node("multiply", (node, self._power_of_last(letter, last=number == len(text))))
        return node

    def _power_of_last(self, letter: str, *, last: bool) -> Node:
        """In "xy^2" the power belongs to the y."""
        node = self._symbol(letter, last=last)
        if last and self.accept("^", "**"):
            node = Node("power", (node, self.exponent()))
        return node

    def _symbol(self, name: str, *, last: bool = True) -> Node:
        if last and self.accept("_"):
            name += f"_{self._subscript()}"
        primes = 0
        while last and self.accept("'", r"\prime"):
            primes += 1
        if name in {"e", "i"} and not primes:
            return Node(name)
        return Node("symbol", text=name + "'" * primes)

    def _subscript(self) -> str:
        if not self.accept("{"):
            token = self.next()
            if token.kind not in {"number", "word", "text"}:
                raise Unreadable("a subscript that is no name")
            return token.text.strip()
        parts = []
        while not self.accept("}"):
            token = self.next()
            if token.kind not in {"number", "word", "text"} and token.text not in {"+", "-", ","}:
                raise Unreadable("a subscript that is no name")
            parts.append(token.text.strip())
        return "".join(parts)

    def _command(self, token: Token) -> Node:
        name = token.text[1:]
        if name == "frac":
            return Node("divide", (self._argument(), self._argument()))
        if name in {"binom", "dbinom", "tbinom"}:
            return Node("binomial", (self._argument(), self._argument()))
        if name == "sqrt":
            return self._root()
        if name in FUNCTIONS:
            return self._function(name)
        if name in LIST_FUNCTIONS:
            return self._of_list(name)
        if name == "pi":
            return Node("pi")
        if name == "infty":
            return INFINITY
        if name in GREEK:
            return self._symbol(name)
        if token.text in _CLOSING:
            node = self._bracket(token.text)
            return Node({"lfloor": "floor", "lceil": "ceiling", "lvert": "absolute"}[name], (node,))
        raise Unreadable(f"the command {token.text[:20]!r}")

    def _argument(self) -> Node:
        r"""`{...}`, or the one digit, letter or command that TeX takes."""
        token = self.peek()
        if token is None or (token.kind == "number" and len(token.text) > 1) or token.text in {"(", "["}:
            raise Unreadable("an argument without braces")
        return self.atom()

    def _root(self) -> Node:
        degree = Node("number", value=Fraction(2))
        if self.accept("["):
            degree = self._bracket("[")
        token = self.peek()
        if token is None or (token.kind == "number" and len(token.text) > 1 and "\\" in self.source):
            raise Unreadable("a root of nothing, or of digits without braces")
        return Node("root", (self.atom(), degree))

    def _of_list(self, name: str) -> Node:
        r"""`\max(1, 2)`."""
        self.enter()
        self.expect("(")
        bars, self._bars = self._bars, 0
        arguments = [self.sum()]
        while self.accept(","):
            arguments.append(self.sum())
        self._bars = bars
        self.expect(")")
        self.leave()
        if (token := self.peek()) and token.text in {"^", "**"}:
            raise Unreadable("a power of a function's bracket")
        return Node(name, tuple(arguments))

    def _function(self, name: str) -> Node:
        self.enter()
        node = self._applied(name)
        self.leave()
        return node

    def _applied(self, name: str) -> Node:
        power: Node | None = None
        base: Node | None = None
        for _ in range(2):
            if power is None and self.accept("^", "**"):
                power = self.exponent()
            elif base is None and name == "log" and self.accept("_"):
                base = self.atom()
        token = self.peek()
        if token is None:
            raise Unreadable(f"{name} of nothing")
        if token.text in {"(", "{", "[", "|"}:
            argument = self.atom()
            if (token := self.peek()) and token.text in {"^", "**"}:
                raise Unreadable("a power of a function's bracket")
        else:
            argument = self.product(of_function=True)
        if power is not None and power == Node("negative", (Node("number", value=Fraction(1)),)):
            if base is not None:
                raise Unreadable("the inverse of a logarithm")
            name, power = f"arc{name}", None
        node = Node(name, (argument, base) if base is not None else (argument,))
        return node if power is None else Node("power", (node, power))


def _is_plain_fraction(node: Node) -> bool:
    return node.name == "divide" and all(
        part.name == "number" and part.value > 0 and part.value.denominator == 1 for part in node.args
    )
