# ruff: noqa: SIM905 (word lists read better as text)
r"""Whether the left side of an equation is a name: a grammar of what people call what is asked.

- A symbol, a segment, an angle, a figure, a function or a set applied to something, decorated or not: `f'(2)`, `|S|`,
  `S_{\triangle ABC}`, `\overline{AB}`, `P(A \mid B)`, `\mathbb{E}[X]`. What only looks so and has a value is none:
  `\sin 30^\circ`, `\varphi(12)`.
- Two different symbols or more in a sum of products without numbers but whole factors: `100m+n`, not `2x` and not
  `x+1`, which say something about the one symbol that may be asked.
"""

from __future__ import annotations

import re

from verifiers.math.expressions import FUNCTIONS, GREEK
from verifiers.math.formula import Token, Unreadable, tokens_of
from verifiers.math.phrases import leads
from verifiers.math.words import FUNCTION_WORDS, NOT_NOUNS, VERBS

_MAX_CHARS = 80
_DECORATIONS = frozenset(
    "overline overrightarrow overleftrightarrow overleftarrow vec hat widehat bar tilde mathbf boldsymbol bm mathcal "
    "mathrm mathit mathbb underline overarc wideparen".split()
)
_FIGURES = frozenset("angle measuredangle triangle square odot bigtriangleup Box parallelogram".split())
_OPERATORS = frozenset(
    "gcd lcm max min det dim deg arg Pr Re Im Var Cov Corr rank tr trace Area area Perimeter perimeter Vol vol volume "
    "Volume ord card length".split()
)
_TRIGONOMETRIC = frozenset("sin cos tan cot sec csc".split())
_SET_SIGNS = frozenset({r"\cup", r"\cap", r"\setminus", r"\times", r"\mid"})
_CLOSING = {"(": ")", "[": "]", "{": "}", r"\{": r"\}"}
# As a function of these a letter is a factor, or a constant.
_NO_FUNCTIONS = frozenset("eix")
_SIGNS = str.maketrans({"∠": r"\angle ", "△": r"\triangle ", "⊙": r"\odot ", "∪": r"\cup ", "∩": r"\cap "})

# The letters of formulas, of units only the short ones.
_SYMBOLS = re.compile(r"\\[A-Za-z]+|(?<![A-Za-z\\])[A-Za-z]{1,3}(?![A-Za-z])")
_DERIVATIVE = re.compile(
    r"\\frac\s*\{\s*d\s*(?:\^\s*\{?[0-9]\}?\s*)?[A-Za-z]\s*\}\s*\{\s*d\s*[a-z]\s*(?:\^\s*\{?[0-9]\}?)?\s*\}"
)
_BASE = re.compile(r"_.*|'.*|\^.*", re.DOTALL)
# Up to three letters, and no symbols: "not = 7".
_WORDS = FUNCTION_WORDS | NOT_NOUNS | VERBS | frozenset(("non", "min", "all", "any", "odd", "off", "few", "two"))


def is_name(left: str, right: str) -> bool:
    """Whether the left side of an equation only says what the right side is."""
    if len(left) > _MAX_CHARS or _DERIVATIVE.fullmatch(left):
        return len(left) <= _MAX_CHARS
    try:
        name = _Name(tokens_of(left.translate(_SIGNS)))
        name.read()
    except (Unreadable, IndexError):
        return False
    said = {letter for word in _SYMBOLS.findall(right) for letter in ([word] if word[0] == "\\" else word)}
    # Of a matrix an equation says what it is, whatever is left of it: A^2, A^{-1}.
    is_whole = name.is_whole or right.startswith(r"\begin")
    return is_whole and not {_BASE.sub("", symbol) for symbol in name.symbols} & said


def is_about_things(side: str) -> bool:
    """Whether a side between a name and its value is worked out of named things alone: `1-P(B)`, `AB+2`, not `2x`."""
    if len(side) > _MAX_CHARS:
        return False
    try:
        name = _Name(tokens_of(side.translate(_SIGNS)), numbers=True)
        name.read()
    except (Unreadable, IndexError):
        return False
    return name.is_of_things


class _Name:
    """Reads the left side of an equation as a name; Unreadable or IndexError for what is none.

    With `numbers` a number may be a term of its own.
    """

    def __init__(self, tokens: list[Token], *, numbers: bool = False) -> None:
        self._tokens, self._at = tokens, 0
        self._numbers = numbers
        self.symbols: set[str] = set()
        # Of things that are no symbols; whether a factor, a power or a second thing stands beside the first.
        self._things = 0
        self._is_compound = False

    @property
    def is_whole(self) -> bool:
        """Whether it names one thing, or is about several symbols."""
        return len(self.symbols) + self._things > 1 or not self._is_compound

    @property
    def is_of_things(self) -> bool:
        """Whether it is about no symbols."""
        return self._things > 0 and not self.symbols

    def read(self) -> None:
        """Consume all tokens."""
        self._sum()
        if self._at < len(self._tokens):
            raise Unreadable("more than a name")

    def _next(self) -> Token:
        self._at += 1
        return self._tokens[self._at - 1]

    def _sees(self, *texts: str) -> bool:
        return self._at < len(self._tokens) and self._tokens[self._at].text in texts

    def _accept(self, *texts: str) -> bool:
        found = self._sees(*texts)
        self._at += found
        return found

    def _sum(self) -> None:
        self._term()
        while self._accept("+", "-"):
            self._is_compound = True
            self._term()

    def _term(self) -> None:
        if self._tokens[self._at].kind == "number":
            self._is_compound = True
            self._at += 1
            goes_on = self._accept(r"\cdot", r"\times")
            at_end = self._at == len(self._tokens) or self._sees("+", "-", ")", "}")
            if self._numbers and at_end and not goes_on:
                return
        self._factor()
        while self._at < len(self._tokens) and not self._sees("+", "-", ")", "}", "]"):
            if not self._accept(*_SET_SIGNS, r"\cdot", "*", "/", ":"):
                token = self._tokens[self._at]
                if token.kind == "number":
                    raise Unreadable("a number behind a name")
            self._factor()

    def _factor(self) -> None:
        token = self._next()
        if token.kind == "word":
            self._word(token.text)
        elif token.kind in {"text", "blackboard"}:
            self._text(token)
        elif token.kind == "command":
            self._command(token.text[1:])
        elif token.text == "|":
            self._absolute("|")
        elif token.text == "[" and self._tokens[self._at].text.isupper():
            self._at -= 1
            self._thing(self._skip())
        elif token.text == "(":
            self._bracket()
        else:
            raise Unreadable("no name")
        if self._accept("^"):
            self._power()

    def _word(self, text: str) -> None:
        if text in _OPERATORS:
            self._applied()
        elif text.isupper() and len(text) > 1:
            self._things += 1
            self._behind()
        elif len(text) <= 3 and text not in FUNCTIONS | GREEK and (len(text) == 1 or text not in _WORDS):
            for number, letter in enumerate(text, start=1):
                self._symbol(letter, last=number == len(text))
        else:
            raise Unreadable("a word")

    def _symbol(self, name: str, *, last: bool = True) -> None:
        behind = self._behind() if last else ""
        if name in {"e", "i"} and not behind:
            raise Unreadable("a constant")
        if last and self._sees("(", "[") and name not in _NO_FUNCTIONS:
            arguments = self._skip()
            if len(name) > 1 or (name in "ACP" and any(token.text == "," for token in arguments)):
                # \varphi(12) and C(5, 2) have values.
                self._thing(arguments)
            else:
                self._things += 1
        elif any(not part.isalnum() and part not in "_{}" for part in behind.replace("\\", " ")):
            self._things += 1
        else:
            self.symbols.add(name + behind)

    def _behind(self) -> str:
        """A subscript and primes, as they are written."""
        start = self._at
        while self._sees("_", "'", r"\prime"):
            if self._next().text == "_":
                self._skip()
        if self._sees("^") and self._is_prime():
            self._at += 1
            self._skip()
        return "".join(token.text for token in self._tokens[start : self._at])

    def _is_prime(self) -> bool:
        r"""Whether a power is `^\prime`, `^{-1}` before a bracket, or the c of a complement."""
        start, self._at = self._at, self._at + 1
        inside = "".join(token.text for token in self._skip()).strip("{}()")
        before_bracket = self._sees("(")
        self._at = start
        return inside in {r"\prime", r"\prime\prime", "c", "C", "T", r"\complement"} or (
            before_bracket and (inside == "-1" or inside.isdigit())
        )

    def _power(self) -> None:
        self._is_compound = True
        token = self._skip()
        if not all(part.kind in {"number", "word"} or part.text in "{}-" for part in token):
            raise Unreadable("a power that no name has")

    def _text(self, token: Token) -> None:
        words = token.text.strip()
        if words in _OPERATORS:
            self._applied()
        elif token.kind == "blackboard" or re.fullmatch("[A-Z]{1,6}|[A-Za-z]", words) or leads(f"{words} ="):
            self._things += 1
            self._behind()
            if self._sees("(", "["):
                self._thing(self._skip())
                self._things -= 1
        else:
            raise Unreadable("words that are in no list")

    def _command(self, name: str) -> None:
        if name in _DECORATIONS:
            self._thing(self._skip())
            self._behind()
            if self._sees("(", "["):
                self._skip()
        elif name in _FIGURES:
            self._skip()
            while self._at < len(self._tokens) and self._tokens[self._at].text.isupper():
                self._at += 1
            self._things += 1
        elif name in _OPERATORS or name in _TRIGONOMETRIC or name == "#":
            if name in _TRIGONOMETRIC and self._accept("^"):
                self._skip()
            self._applied()
        elif name == "frac":
            for _ in range(2):
                if not self._accept("{"):
                    raise Unreadable("a fraction without braces")
                self._sum()
                if not self._accept("}"):
                    raise Unreadable("a fraction that goes on")
            self._is_compound = True
        elif name in {"lvert", "lVert", "|"}:
            self._absolute("\\|" if name == "|" else "\\r" + name[1:])
        elif name in GREEK:
            self._symbol("\\" + name)
        else:
            raise Unreadable("a command that no name has")

    def _applied(self) -> None:
        r"""`\gcd(a,b)`, `\det A`, `\sin 2\theta`: one thing, when a symbol stands in it."""
        self._behind()
        taken = self._skip()
        while taken[-1].kind == "number" or taken[-1].text[1:] in _FIGURES or taken[-1].text in {"-", r"\cdot"}:
            taken += self._skip()
        self._thing(taken)

    def _absolute(self, closing: str) -> None:
        start = self._at
        while self._next().text != closing:
            pass
        inside = self._tokens[start : self._at - 1]
        lone = {letter for token in inside if token.kind == "word" for letter in token.text if letter not in "zw"}
        # |x| = 7 does not say what x is, |S| = 7 is a count.
        decorated = any(token.text[1:] in _DECORATIONS for token in inside)
        if closing in {"|", r"\rvert"} and len(lone) == 1 and lone.pop().islower() and not decorated:
            raise Unreadable("an absolute value of one symbol")
        self._thing(inside)

    def _bracket(self) -> None:
        r"""`(a+b)`, or the composed function in `(f \circ g)(2)`."""
        start = self._at
        self._at -= 1
        inside = self._skip()
        if any(token.text == r"\circ" for token in inside) and self._sees("("):
            self._thing(inside)
            self._skip()
            return
        self._at = start
        self._sum()
        self._is_compound = True
        if not self._accept(")"):
            raise Unreadable("a bracket that goes on")

    def _skip(self) -> list[Token]:
        """One token, or a bracket with what is in it."""
        start = self._at
        waiting = [_CLOSING.get(self._next().text, "")]
        while waiting[-1]:
            text = self._next().text
            if text == waiting[-1]:
                waiting.pop()
                if not waiting:
                    break
            elif text in _CLOSING:
                waiting.append(_CLOSING[text])
        return self._tokens[start : self._at]

    def _thing(self, tokens: list[Token]) -> None:
        """One thing more, which has a letter in it: what is made of numbers alone has a value."""
        if _are_numbers(tokens):
            raise Unreadable("a value")
        self._things += 1


def _are_numbers(tokens: list[Token]) -> bool:
    """Whether no symbol is in it."""
    return not any(
        (token.kind in {"word", "text", "blackboard", "chinese"} and token.text not in {"e", "i"})
        or (token.kind == "command" and token.text[1:] in GREEK)
        for token in tokens
    )
