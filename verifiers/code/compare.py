"""Is what a program gave what was expected? Runs outside the sandbox on bytes and JSON; builds nothing from them.

Standard output (`stdout_equal`), by the reference's `compare`:

* `tokens` (default): the same words, whatever white space lies between them.
* `exact`: the same bytes; line ends may be CRLF, and white space at the very end does not count.
* `float`: as `tokens`, but a word that is a number need only be close to the expected one: within 1e-6, absolutely or
  relative to it. Where a whole number without a point is expected, a whole number must be the same one and a decimal
  one within 1e-6 absolutely.

Return values (`value_equal`), an encoded value (`verifiers.code.values`) against the JSON of a data set. JSON has
fewer types than Python, so a JSON array stands for a list, a tuple of either kind, a deque or an array of NumPy; an
object for a dict of any kind, whose keys are compared in their JSON spelling; a whole number for an int or float of
just that value, any other number for one within 1e-9 of it, relatively. Sets, iterators and objects are equal to
nothing, and true is not 1.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from typing import Any

# No two parts that overlap: a search that goes back would be quadratic.
_NUMBER = re.compile(rb"[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d{1,4})?")
_WHOLE = re.compile(rb"[-+]?\d+")
_TOLERANCE = 1e-6
# The letter and name of a reply, or an exception's kinds and message.
_ANY_REPLY = 8_192
# int() takes no longer ones.
_MAX_DIGITS = 4_000
_FLOAT_BITS = 1_000
# Of a named tuple that is returned where an array is expected.
_MOST_FIELDS = 16


def stdout_equal(expected: str, got: bytes, compare: str = "tokens") -> bool:
    """Whether a program's output is the expected one. Raises KeyError for an unknown `compare`."""
    return COMPARISONS[compare](expected.encode("utf-8", "surrogatepass"), got)


def _tokens(expected: bytes, got: bytes) -> bool:
    return expected.split() == _words(got, expected)


def _words(got: bytes, expected: bytes) -> list[bytes]:
    """The words of `got`, no more than one beyond those of `expected`: the rest in one."""
    return got.split(None, len(expected.split()))


def _exact(expected: bytes, got: bytes) -> bool:
    return expected.replace(b"\r\n", b"\n").rstrip() == got.replace(b"\r\n", b"\n").rstrip()


def _float(expected: bytes, got: bytes) -> bool:
    words, answers = expected.split(), _words(got, expected)
    return len(words) == len(answers) and all(
        word == answer or _close(word, answer) for word, answer in zip(words, answers, strict=True)
    )


def _close(expected: bytes, got: bytes) -> bool:
    if max(len(expected), len(got)) > _MAX_DIGITS or not (_NUMBER.fullmatch(expected) and _NUMBER.fullmatch(got)):
        return False
    if _WHOLE.fullmatch(expected):
        if _WHOLE.fullmatch(got):
            return int(expected) == int(got)
        return _within(float(expected), float(got), 0.0)
    return _within(float(expected), float(got), _TOLERANCE)


def _within(expected: float, got: float, relative: float) -> bool:
    return (
        math.isfinite(expected)
        and math.isfinite(got)
        and abs(expected - got) <= max(_TOLERANCE, relative * abs(expected))
    )


COMPARISONS: dict[str, Callable[[bytes, bytes], bool]] = {"tokens": _tokens, "exact": _exact, "float": _float}


def longest_equal(expected: Any) -> int:
    """How many bytes a reply with a value equal to `expected` may have at most: whoever says more is wrong, unread."""
    return _ANY_REPLY + _longest(expected)


def _longest(expected: Any) -> int:
    if isinstance(expected, list):
        # `{"ndarray": ["<f8", [3], [...]]}`; of few items `{"namedtuple": ["Name", ["first", "second"], [...]]}`.
        names = 120 + 24 * len(expected) if 0 < len(expected) <= _MOST_FIELDS else 0
        return 40 + names + sum(_longest(item) + 2 for item in expected)
    if isinstance(expected, dict):
        return 40 + sum(len(json.dumps(key)) + 40 + _longest(item) for key, item in expected.items())
    if type(expected) is int and expected.bit_length() > _FLOAT_BITS:
        # Its hexadecimal digits; as a decimal one Python may refuse to spell it.
        return expected.bit_length() // 4 + 32
    spelled = len(json.dumps(expected))
    if isinstance(expected, int | float):
        # 1e300 may come as an int, whose digits are 250; a small one as a float, with 17.
        return 2 * spelled + (32 if abs(expected) < 1 << 63 else 340)
    return spelled


def value_equal(expected: Any, form: Any) -> bool:
    """Whether an encoded value is the expected JSON value. Walks only as deep and far as `expected` goes."""
    if expected is None or isinstance(expected, bool | str):
        return type(form) is type(expected) and bool(form == expected)
    if isinstance(expected, int | float):
        return _number_equal(expected, form)
    if isinstance(expected, list):
        return _list_equal(expected, form)
    assert isinstance(expected, dict)
    return _dict_equal(expected, form)


def _number_equal(expected: int | float, form: Any) -> bool:
    if isinstance(form, dict) and type(form.get("int")) is str and len(form) == 1:
        form = int(form["int"], 16) if re.fullmatch(r"-?0x[0-9a-f]+", form["int"]) else None
    if type(form) not in (int, float):
        return False
    # A whole number of that size is no float, and Python says so by an exception.
    if type(expected) is int or (type(form) is int and form.bit_length() > _FLOAT_BITS):
        return bool(expected == form)
    if math.isnan(expected):
        return math.isnan(form)
    # Near zero the error of a sum does not shrink with it.
    return math.isclose(expected, form, rel_tol=1e-9, abs_tol=1e-12)


def _list_equal(expected: list[Any], form: Any) -> bool:
    items = form
    if isinstance(form, dict) and len(form) == 1:
        [(tag, items)] = form.items()
        if tag == "ndarray":
            return _array_equal(expected, items)
        if tag == "namedtuple":
            items = items[-1] if isinstance(items, list) and len(items) == 3 else None
        elif tag not in ("tuple", "deque"):
            return False
    if not isinstance(items, list) or len(items) != len(expected):
        return False
    return all(value_equal(want, item) for want, item in zip(expected, items, strict=True))


def _array_equal(expected: list[Any], payload: Any) -> bool:
    """An encoded NumPy array: dtype, shape, flat items. The expected value is walked, not the shape that is claimed."""
    if not isinstance(payload, list) or len(payload) != 3 or not all(isinstance(part, list) for part in payload[1:]):
        return False
    shape, items = payload[1:]
    wanted: list[Any] = [expected]
    for size in shape:
        if not all(isinstance(row, list) and len(row) == size for row in wanted):
            return False
        wanted = [item for row in wanted for item in row]
        # Below this there is nothing more to compare, however long the shape goes on.
        if not wanted:
            return not items
    if not shape or len(wanted) != len(items):
        return False
    return not any(isinstance(want, list) for want in wanted) and all(map(value_equal, wanted, items))


def _dict_equal(expected: dict[str, Any], form: Any) -> bool:
    [(tag, pairs)] = form.items() if isinstance(form, dict) and len(form) == 1 else [("", None)]
    if tag == "defaultdict":
        pairs = pairs[-1] if isinstance(pairs, list) and len(pairs) == 2 else None
    elif tag not in ("dict", "counter", "ordereddict"):
        return False
    if not isinstance(pairs, list) or len(pairs) != len(expected):
        return False
    seen = set()
    for pair in pairs:
        if not isinstance(pair, list) or len(pair) != 2:
            return False
        key = _key(pair[0])
        if key is None or key in seen or key not in expected or not value_equal(expected[key], pair[1]):
            return False
        seen.add(key)
    return True


def _key(form: Any) -> str | None:
    """A dict key as JSON spells it."""
    if isinstance(form, str):
        return form
    return json.dumps(form) if form is None or isinstance(form, int | float) else None
