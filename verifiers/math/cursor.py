"""A place in the tokens of one source, and how deep the reading is."""

from __future__ import annotations

from verifiers.math.formula import Token, Unreadable
from verifiers.math.limits import MAX_DEPTH, TooLarge


class Cursor:
    """What the readers of a formula share; every method but `peek` and `slice` consumes what it reads."""

    def __init__(self, source: str, tokens: list[Token]) -> None:
        self.source = source
        self.tokens = tokens
        self.position = 0
        self._depth = 0

    def peek(self) -> Token | None:
        """The next token, None at the end."""
        return self.tokens[self.position] if self.position < len(self.tokens) else None

    def next(self) -> Token:
        """Consume a token."""
        token = self.peek()
        if token is None:
            raise Unreadable("it ends too early")
        self.position += 1
        return token

    def accept(self, *texts: str) -> bool:
        """Consume the next token when it is one of these."""
        token = self.peek()
        if token is not None and token.text in texts:
            self.position += 1
            return True
        return False

    def expect(self, text: str) -> None:
        """Consume exactly this token."""
        if not self.accept(text):
            raise Unreadable(f"{text!r} is missing")

    def slice(self, start: int) -> str:
        """The source of the tokens from `start` up to here."""
        return self.source[self.tokens[start].start : self.tokens[self.position - 1].end]

    def enter(self) -> None:
        """One level deeper. Raises TooLarge."""
        self._depth += 1
        if self._depth > 2 * MAX_DEPTH:
            raise TooLarge("nested too deep")

    def leave(self) -> None:
        """One level up."""
        self._depth -= 1
