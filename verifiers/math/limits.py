"""What an answer may cost: size caps that are checked before anything is read, and the caps of the evaluation.

They are deterministic (counts, not clocks), so a busy machine changes no verdict. What breaks one is `rejected`.
"""

from __future__ import annotations

import re
import unicodedata

MAX_TEXT_CHARS = 400_000
MAX_ANSWER_CHARS = 2_000
MAX_DIGITS = 1_000
MAX_EXPONENT = 1_000
MAX_DEPTH = 30
MAX_COMMAS = 200
MAX_POWERS = 40
# Symbols of one formula.
MAX_NODES = 600
MAX_TREE_DEPTH = 150
# What math-verify's parser is given for one answer: characters (one costs it up to a millisecond), and brackets inside
# one another, of the kinds that it tries to read in several ways.
MAX_OPINION_CHARS = 1_000
MAX_OPINION_DEPTH = 6
# Elements of a set that are no plain numbers.
MAX_ELEMENTS = 24
# Of an exact integer while a formula is evaluated (about 12,000 decimal digits).
MAX_BITS = 40_000
# Binary orders of magnitude of any value of a formula that is not a plain ratio of integers.
MAX_MAGNITUDE = 2_000
# Of what a factorial or binomial of numbers that are not whole is taken, and to how many bits: mpmath prepares a table
# for each precision, in 0.08 s for 1,024 bits and in 0.7 s for 2,048.
MAX_GAMMA = 1_000
MAX_GAMMA_BITS = 1_024
# Units of work (`Work`) of one reading or comparison; one is about a microsecond of this package's own arithmetic.
MAX_WORK = 150_000

_DEEP = re.compile(r"[(\[{]|[)\]}]")
_LONG_NUMBER = re.compile(rf"[0-9]{{{MAX_DIGITS + 1}}}")


class TooLarge(ValueError):
    """The answer is beyond a cap; the message says which."""


class ValueTooLarge(TooLarge):
    """A value on the way is beyond a cap; at another point the same formula may have one that is not."""


class Work:
    """Counts what evaluating the formulas of one answer costs."""

    def __init__(self, units: int = MAX_WORK) -> None:
        self._left = units

    def spend(self, units: int) -> None:
        """Raises TooLarge when no work is left."""
        self._left -= units
        if self._left < 0:
            raise TooLarge("more arithmetic than one answer may cost")


def excess(answer: str) -> str | None:
    """Which size cap an answer breaks, None when none."""
    if len(answer) < 20 and answer.isascii() and answer.isprintable():
        return None
    if len(answer) > MAX_ANSWER_CHARS:
        return f"more than {MAX_ANSWER_CHARS} characters"
    if len(answer) > MAX_DIGITS and _LONG_NUMBER.search(answer.replace(",", "")):
        return f"a number of more than {MAX_DIGITS} digits"
    if answer.count(",") + answer.count(";") > MAX_COMMAS:
        return f"more than {MAX_COMMAS} commas"
    if answer.count("^") + answer.count("**") > MAX_POWERS:
        return f"more than {MAX_POWERS} powers"
    depth = 0
    for bracket in _DEEP.finditer(answer):
        depth += 1 if bracket.group() in "([{" else -1
        if depth > MAX_DEPTH:
            return f"brackets nested deeper than {MAX_DEPTH}"
    if not answer.isprintable() and any(_is_hidden(character) for character in answer):
        return "an invisible or control character"
    return None


def _is_hidden(character: str) -> bool:
    """Format characters (zero width, direction marks), controls other than white space, surrogates, private use."""
    return unicodedata.category(character) in {"Cf", "Cc", "Cs", "Co", "Cn"} and character not in "\t\n\r\f\v"
