"""Plain Python values as JSON, type for type, between processes that do not trust each other.

`encode` runs where the value is, `decode` where it is needed; what `decode` builds is made of exact built-in types
only, so no method of the sender comes along. None, bool, float, str and small ints are themselves, a list is a JSON
array, and everything else is an object of one key, its tag:

| tag | payload |
|---|---|
| `int` | hexadecimal text (beyond 63 bits) |
| `tuple`, `set`, `frozenset`, `deque`, `iterator` | array of items |
| `dict`, `counter`, `ordereddict` | array of `[key, value]` pairs |
| `defaultdict` | the name of its factory, a built-in type; pairs |
| `namedtuple` | its name, names of its fields, items |
| `bytes`, `bytearray` | hexadecimal text |
| `complex`, `range` | two or three numbers |
| `decimal`, `fraction`, `date`, `time`, `datetime` | text |
| `timedelta` | days, seconds, microseconds |
| `ndarray` | NumPy dtype, shape, flat items |
| any other | handed to the `foreign` callback of either side |

Instances of subclasses travel as their base in this table, NumPy scalars as numbers; a named tuple whose fields hide
what a tuple has travels as a tuple. An iterator is consumed, at most `MAX_ITEMS` items; asking for more than was sent
raises in the receiver.

Standard library only: both sides of the sandbox import this. No secret is ever in it.
"""

from __future__ import annotations

import datetime
import decimal
import fractions
import functools
import sys
from collections import Counter, OrderedDict, defaultdict, deque, namedtuple
from collections.abc import Callable, Iterator
from typing import Any

MAX_DEPTH = 100
MAX_ITEMS = 10_000

Foreign = Callable[[Any], Any]

_SMALL = 1 << 63
_ATOMS = frozenset({type(None), bool, float, str})
_ARRAY_KINDS = frozenset("biufc")


class Unencodable(ValueError):
    """A value that has no plain form here."""


class Malformed(ValueError):
    """A text that is no encoded value."""


def encode(value: Any, foreign: Foreign | None = None, depth: int = MAX_DEPTH) -> Any:
    """The JSON form of a value; `foreign` answers for what has none (an object of one key).

    Raises Unencodable beyond `MAX_DEPTH`, or without `foreign`.
    """
    kind = type(value)
    if kind in _ATOMS:
        return value
    if kind is int:
        return value if -_SMALL < value < _SMALL else {"int": hex(value)}
    if depth <= 0:
        raise Unencodable(f"nested deeper than {MAX_DEPTH}")
    if kind is list:
        return [encode(item, foreign, depth - 1) for item in value]
    if kind in _MAPPINGS:
        pairs = [[encode(key, foreign, depth - 1), encode(item, foreign, depth - 1)] for key, item in value.items()]
        return {_MAPPINGS[kind]: pairs}
    if kind in _SEQUENCES:
        return {_SEQUENCES[kind]: [encode(item, foreign, depth - 1) for item in value]}
    if kind in _TEXTS:
        return _TEXTS[kind](value)
    if kind is defaultdict and value.default_factory in _FACTORIES.values():
        pairs = encode(dict(value), foreign, depth)["dict"]
        return {"defaultdict": [value.default_factory.__name__, pairs]}
    if isinstance(value, tuple) and (names := _field_names(value)):
        items = [encode(item, foreign, depth - 1) for item in tuple(value)]
        return {"namedtuple": [kind.__name__, names, items]}
    for base in _BASES:
        if isinstance(value, base):
            return encode(_as_base(value, base), foreign, depth)
    return _encode_other(value, foreign, depth)


def _encode_other(value: Any, foreign: Foreign | None, depth: int) -> Any:
    numpy = sys.modules.get("numpy")
    if numpy is not None and isinstance(value, numpy.generic) and value.dtype.kind in "biufcSU":
        return encode(value.item(), foreign, depth)
    if numpy is not None and isinstance(value, numpy.ndarray) and value.dtype.kind in _ARRAY_KINDS:
        flat = [encode(item, None, 1) for item in value.ravel().tolist()]
        return {"ndarray": [value.dtype.str, list(value.shape), flat]}
    if isinstance(value, Iterator):
        return {"iterator": [encode(item, foreign, depth - 1) for item in _first(value)]}
    if foreign is None:
        raise Unencodable(f"no plain form for {type(value).__name__}")
    return foreign(value)


def _first(items: Iterator[Any]) -> Iterator[Any]:
    for _, item in zip(range(MAX_ITEMS), items, strict=False):
        yield item


def _field_names(value: tuple[Any, ...]) -> list[str]:
    """Of a named tuple; none where it is no usual one."""
    names = getattr(type(value), "_fields", None)
    usual = type(names) is tuple and len(names) == len(value) and all(type(name) is str for name in names)
    return [*names] if names and usual and not any(map(_is_hidden, names)) else []


def _is_hidden(name: str) -> bool:
    """Whether a field of this name would stand for something that every tuple has."""
    return name.startswith("_") or hasattr(tuple, name)


def _as_base(value: Any, base: type) -> Any:
    """The same value as an exact instance of its built-in base."""
    if base is str:
        return str.__str__(value)
    if base is int:
        return int.__pos__(value)
    if base is float:
        return float.__pos__(value)
    return base(value)


_FACTORIES: dict[str, type] = {kind.__name__: kind for kind in (int, float, str, bool, list, tuple, dict, set)}
_MAPPINGS: dict[type, str] = {dict: "dict", Counter: "counter", OrderedDict: "ordereddict"}
_SEQUENCES: dict[type, str] = {tuple: "tuple", set: "set", frozenset: "frozenset", deque: "deque"}
_TEXTS: dict[type, Callable[[Any], dict[str, Any]]] = {
    complex: lambda value: {"complex": [value.real, value.imag]},
    bytes: lambda value: {"bytes": value.hex()},
    bytearray: lambda value: {"bytearray": value.hex()},
    range: lambda value: {"range": [encode(part) for part in (value.start, value.stop, value.step)]},
    decimal.Decimal: lambda value: {"decimal": str(value)},
    fractions.Fraction: lambda value: {"fraction": [encode(value.numerator), encode(value.denominator)]},
    datetime.datetime: lambda value: {"datetime": value.isoformat()},
    datetime.date: lambda value: {"date": value.isoformat()},
    datetime.time: lambda value: {"time": value.isoformat()},
    datetime.timedelta: lambda value: {"timedelta": [value.days, value.seconds, value.microseconds]},
}
_BASES: tuple[type, ...] = (
    str,
    int,
    float,
    tuple,
    list,
    Counter,
    OrderedDict,
    dict,
    set,
    frozenset,
    deque,
    bytes,
    bytearray,
)


def decode(form: Any, foreign: Callable[[str, Any], Any] | None = None, depth: int = MAX_DEPTH) -> Any:
    """The value of a JSON form; `foreign(tag, payload)` answers for tags that are not in the table.

    Raises Malformed for anything that `encode` would not have written.
    """
    kind = type(form)
    if kind in _ATOMS or kind is int:
        return form
    if depth <= 0:
        raise Malformed(f"nested deeper than {MAX_DEPTH}")
    if kind is list:
        return [decode(item, foreign, depth - 1) for item in form]
    if kind is not dict or len(form) != 1:
        raise Malformed("not an encoded value")
    [(tag, payload)] = form.items()
    if tag not in _READERS:
        if foreign is None:
            raise Malformed("a tag that stands for nothing here")
        return foreign(tag, payload)
    try:
        return _READERS[tag](payload, lambda item: decode(item, foreign, depth - 1))
    # The payload is untrusted: whatever its reader trips over is its fault.
    except (TypeError, ValueError, KeyError, IndexError, ArithmeticError, AttributeError) as error:
        raise Malformed(f"a bad payload of {tag}") from error


def _read_items(payload: Any, read: Callable[[Any], Any]) -> list[Any]:
    if type(payload) is not list:
        raise Malformed("not an array")
    return [read(item) for item in payload]


def _read_dict(payload: Any, read: Callable[[Any], Any]) -> dict[Any, Any]:
    pairs: list[tuple[Any, Any]] = [(read(key), read(item)) for key, item in payload]
    return dict(pairs)


def _read_defaultdict(payload: Any, read: Callable[[Any], Any]) -> defaultdict[Any, Any]:
    factory, pairs = payload
    return defaultdict(_FACTORIES[factory], _read_dict(pairs, read))


def _read_namedtuple(payload: Any, read: Callable[[Any], Any]) -> tuple[Any, ...]:
    name, fields, items = payload
    values = _read_items(items, read)
    if type(fields) is not list or not all(type(field) is str for field in fields) or len(fields) != len(values):
        raise Malformed("not a name for each item")
    if any(map(_is_hidden, fields)):
        raise Malformed("a field that hides what a tuple has")
    made: tuple[Any, ...] = tuple.__new__(_named(name, tuple(fields)), values)
    return made


@functools.lru_cache(maxsize=64)
def _named(name: str, fields: tuple[str, ...]) -> type:
    # It refuses what is no identifier.
    return namedtuple(name, fields)


def _read_iterator(payload: Any, read: Callable[[Any], Any]) -> Iterator[Any]:
    items = _read_items(payload, read)
    if len(items) > MAX_ITEMS:
        raise Malformed("an iterator that is too long")

    def iterate() -> Iterator[Any]:
        yield from items
        if len(items) == MAX_ITEMS:
            raise RuntimeError(f"only the first {MAX_ITEMS} items of an iterator are handed over")

    return iterate()


def _read_array(payload: Any, read: Callable[[Any], Any]) -> Any:
    import numpy

    dtype, shape, items = payload
    if numpy.dtype(dtype).kind not in _ARRAY_KINDS:
        raise Malformed("an array of other things than numbers")
    return numpy.array(_read_items(items, read), dtype=dtype).reshape([int(size) for size in shape])


def _read_int(payload: Any, read: Callable[[Any], Any]) -> int:
    return int(payload, 16)


def _read_fraction(payload: Any, read: Callable[[Any], Any]) -> fractions.Fraction:
    numerator, denominator = (read(part) for part in payload)
    if type(numerator) is not int or type(denominator) is not int:
        raise Malformed("a fraction of other things than whole numbers")
    return fractions.Fraction(numerator, denominator)


_READERS: dict[str, Callable[[Any, Callable[[Any], Any]], Any]] = {
    "int": _read_int,
    "tuple": lambda payload, read: tuple(_read_items(payload, read)),
    "set": lambda payload, read: set(_read_items(payload, read)),
    "frozenset": lambda payload, read: frozenset(_read_items(payload, read)),
    "deque": lambda payload, read: deque(_read_items(payload, read)),
    "dict": _read_dict,
    "counter": lambda payload, read: Counter(_read_dict(payload, read)),
    "ordereddict": lambda payload, read: OrderedDict(_read_dict(payload, read)),
    "defaultdict": _read_defaultdict,
    "namedtuple": _read_namedtuple,
    "iterator": _read_iterator,
    "complex": lambda payload, read: complex(float(payload[0]), float(payload[1])),
    "bytes": lambda payload, read: bytes.fromhex(payload),
    "bytearray": lambda payload, read: bytearray.fromhex(payload),
    "range": lambda payload, read: range(*(read(part) for part in payload)),
    "decimal": lambda payload, read: decimal.Decimal(payload),
    "fraction": _read_fraction,
    "date": lambda payload, read: datetime.date.fromisoformat(payload),
    "time": lambda payload, read: datetime.time.fromisoformat(payload),
    "datetime": lambda payload, read: datetime.datetime.fromisoformat(payload),
    "timedelta": lambda payload, read: datetime.timedelta(*payload),
    "ndarray": _read_array,
}
