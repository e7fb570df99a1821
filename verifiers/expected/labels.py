"""Which judge a data set's expected answer is for, by what it is."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from verifiers.expected.tests import code_reference, unpacked
from verifiers.types import Json

# Floats below hold every whole number.
_EXACT = 1 << 53


class Expected(NamedTuple):
    """A reference, and the judge that it is for."""

    verifier: str
    reference: Json


def expected(given: Any, *, said: str = "") -> Expected | None:
    """What a text, number, list or object stands for; None where it is nothing of the kind.

    | given | judge |
    |---|---|
    | tests in a form of `verifiers.expected.tests` | code |
    | an object with `statement` | lean |
    | an object with `answer` | math |
    | an object with `family` and `entry` | gym |
    | another text or number; a list of just one text | math |

    Args:
        said: what else tells what a function returns, as of `code_reference`.

    Raises ValueError for tests that are broken.
    """
    if (tests := code_reference(given, said=said)) is not None:
        return Expected("code", tests)
    found = unpacked(given)
    if isinstance(found, dict):
        for key, verifier in (("statement", "lean"), ("answer", "math")):
            if key in found:
                return Expected(verifier, found)
        return Expected("gym", found) if {"family", "entry"} <= found.keys() else None
    answer = plain_answer(given)
    return None if answer is None else Expected("math", {"answer": answer})


def plain_answer(given: Any) -> str | None:
    """A final answer as text: of a text, a number, a list of just one text; None where there is none."""
    found = unpacked(given)
    if isinstance(found, list) and len(found) == 1 and isinstance(found[0], str):
        given = found[0]
    if isinstance(given, bool) or not isinstance(given, str | int | float):
        return None
    if isinstance(given, float):
        # NaN is how a table without a value is written down, 5.0 how one with such a value writes 5.
        if not math.isfinite(given):
            return None
        given = int(given) if given.is_integer() and abs(given) < _EXACT else given
    return str(given).strip() or None
