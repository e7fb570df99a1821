"""Lean's shared library from Python: load it, read its objects, build new ones. No compiler is needed.

Objects are plain addresses. A small natural number, a `Bool` or a constructor without fields is *boxed*: the odd number
`2 n + 1`. Everything else starts with 8 bytes: reference count (i32), size (u16), number of fields (u8), tag (u8);
then the fields, then unboxed scalars. These layouts are Lean's internal ABI: they hold for `LAYOUT` only, another
version is refused (`verifiers.lean.toolchain`), and `tests/verifiers/lean/test_native.py` checks them.

Lean's functions consume their arguments. The processes that use this module live for one check, so nothing is freed on
our side: pass `kept(object)` where an object is needed again.
"""

from __future__ import annotations

import ctypes
import os
import struct
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import ClassVar

LAYOUT = "4.35.0"
# Of a name. Nothing that proves anything has one of so many parts, and each prefix of a name is kept as well.
MAX_PARTS = 256

_ARRAY, _BIG, _STRING = 246, 250, 249
_MAX_SMALL = (1 << 63) - 1
_THREAD_STACK_BYTES = 16 << 20
# `Name.anonymous`, boxed.
_ANONYMOUS = 1
_HEADER = struct.Struct("<iHBB")
_WORDS = [struct.Struct(f"<{count}Q") for count in range(16)]
_string_at = ctypes.string_at


class LeanFailure(RuntimeError):
    """An IO action of Lean ended in an error; the message is Lean's."""


class TooManyParts(ValueError):
    """A name has more than `MAX_PARTS` parts."""


class Lean:
    """A loaded and initialised `libleanshared.so`; one per process.

    Args:
        library: the shared library.

    Raises:
        OSError: it cannot be loaded, or lacks a function that is asked for.
    """

    def __init__(self, library: Path) -> None:
        # Address space: Lean's allocator would reserve 1 GiB (this is in KiB), and each thread a stack of 1 GiB.
        os.environ["MIMALLOC_ARENA_RESERVE"] = str(64 << 10)
        # Native code looks symbols up in the global scope.
        self._c = ctypes.CDLL(str(library), mode=ctypes.RTLD_GLOBAL)
        self._functions: dict[str, Callable[..., int]] = {}
        self.function("lean_internal_set_thread_stack_size", ctypes.c_size_t)(_THREAD_STACK_BYTES)
        self.function("lean_initialize")()
        self._allocate = self.function("lean_alloc_object", ctypes.c_size_t)
        self._string = self.function("lean_mk_string_from_bytes", ctypes.c_char_p, ctypes.c_size_t)
        self._name_text = self.function("lean_name_mk_string", ctypes.c_size_t, ctypes.c_size_t)
        self._name_number = self.function("lean_name_mk_numeral", ctypes.c_size_t, ctypes.c_size_t)

    def function(
        self, symbol: str, *types: type[ctypes._SimpleCData[int]] | type[ctypes.c_char_p]
    ) -> Callable[..., int]:
        """A C function that returns an object (or nothing). OSError when the library lacks it."""
        try:
            function = self._c[symbol]
        except AttributeError:
            raise OSError(f"Lean's library has no function {symbol}") from None
        function.restype, function.argtypes = ctypes.c_size_t, list(types)
        found: Callable[..., int] = function
        return found

    def call(self, symbol: str, *arguments: int) -> int:
        """Call a C function whose arguments and result are all objects."""
        function = self._functions.get(symbol)
        if function is None:
            function = self._functions[symbol] = self.function(symbol, *[ctypes.c_size_t] * len(arguments))
        return function(*arguments)

    def value(self, symbol: str) -> int:
        """The object in a global variable. OSError when there is none."""
        try:
            return ctypes.c_size_t.in_dll(self._c, symbol).value
        except ValueError:
            raise OSError(f"Lean's library has no value {symbol}") from None

    def result(self, answer: int) -> int:
        """The value of an IO result. Raises LeanFailure with the error's text."""
        if tag(answer) == 0:
            return field(answer, 0)
        raise LeanFailure(text(self.call("lean_io_error_to_string", field(answer, 0))))

    def constructor(self, which: int, fields: Sequence[int] = (), scalars: bytes = b"") -> int:
        """A new object with this tag, fields, and unboxed scalars in memory order."""
        padded = scalars + bytes(-len(scalars) % 8)
        size = 8 + 8 * len(fields) + len(padded)
        address = self._allocate(size)
        body = _HEADER.pack(1, size, len(fields), which) + struct.pack(f"<{len(fields)}Q", *fields) + padded
        ctypes.memmove(address, body, size)
        return address

    def array(self, items: Sequence[int]) -> int:
        size = 24 + 8 * len(items)
        address = self._allocate(size)
        body = _HEADER.pack(1, 0, 0, _ARRAY) + struct.pack(f"<{len(items) + 2}Q", len(items), len(items), *items)
        ctypes.memmove(address, body, size)
        return address

    def list(self, items: Sequence[int]) -> int:
        made = boxed(0)
        for item in reversed(items):
            made = self.constructor(1, (item, made))
        return made

    def string(self, value: str) -> int:
        encoded = value.encode()
        return self._string(encoded, len(encoded))

    def natural(self, value: int) -> int:
        if value <= _MAX_SMALL:
            return boxed(value)
        return self.function("lean_cstr_to_nat", ctypes.c_char_p)(str(value).encode())

    def name(self, components: Sequence[str | int]) -> int:
        """A `Name` from its components, outermost first."""
        made = boxed(0)
        for component in components:
            if isinstance(component, str):
                made = self._name_text(made, self.string(component))
            else:
                made = self._name_number(made, self.natural(component))
        return made

    def read_natural(self, value: int) -> int:
        if value & 1:
            return value >> 1
        if tag(value) != _BIG:
            raise ValueError("not a natural number")
        return int(text(self.call("l_Nat_reprFast", kept(value))))


def boxed(value: int) -> int:
    return 2 * value + 1


def kept(value: int) -> int:
    """The object, with one more reference, to hand to a function and use again."""
    if not value & 1:
        count = ctypes.c_int32.from_address(value)
        # Zero marks a persistent object; one that threads share counts downwards.
        if count.value:
            count.value += 1 if count.value > 0 else -1
    return value


def lasts(value: int) -> bool:
    """Whether an object that is not boxed is never freed: its address means the same as long as the process lives."""
    return not ctypes.c_int32.from_address(value).value


def tag(value: int) -> int:
    """Which constructor, or what kind of object; for a boxed value the value."""
    return value >> 1 if value & 1 else _string_at(value + 7, 1)[0]


def field(value: int, index: int) -> int:
    return ctypes.c_size_t.from_address(value + 8 + 8 * index).value


def fields(value: int, count: int) -> tuple[int, ...]:
    """The first `count` fields, in one read."""
    found: tuple[int, ...] = _WORDS[count].unpack(_string_at(value + 8, 8 * count))
    return found


def scalar(value: int, offset: int) -> int:
    """One byte at an offset from the object's start."""
    return _string_at(value + offset, 1)[0]


def items(array: int) -> tuple[int, ...]:
    """The elements of an `Array`."""
    if tag(array) != _ARRAY:
        raise ValueError("not an array")
    count = field(array, 0)
    return struct.unpack(f"<{count}Q", _string_at(array + 24, 8 * count))


def members(linked: int) -> Iterator[int]:
    """The elements of a `List`."""
    while not linked & 1:
        head, linked = fields(linked, 2)
        yield head


def text(string: int) -> str:
    """A `String`. ValueError when it is none."""
    if string & 1 or tag(string) != _STRING:
        raise ValueError("not a string")
    return _string_at(string + 32, field(string, 0) - 1).decode()


class Names:
    """Reads `Name`s; each object is read once, one that lasts as long as the process once for all."""

    _lasting: ClassVar[dict[int, tuple[str | int, ...]]] = {}

    def __init__(self, lean: Lean) -> None:
        self._lean = lean
        self._known: dict[int, tuple[str | int, ...]] = {}

    def read(self, name: int) -> tuple[str | int, ...]:
        """The components of a `Name`, outermost first. Raises TooManyParts."""
        known = self._lasting.get(name) or self._known.get(name)
        if known is not None:
            return known
        unread = []
        while known is None and name != _ANONYMOUS:
            unread.append(name)
            if len(unread) > MAX_PARTS:
                raise TooManyParts
            name = field(name, 0)
            known = self._lasting.get(name) or self._known.get(name)
        found = known or ()
        if len(found) + len(unread) > MAX_PARTS:
            raise TooManyParts
        for longer in reversed(unread):
            last = field(longer, 1)
            found = (*found, text(last) if tag(longer) == 1 else self._lean.read_natural(last))
            (self._lasting if lasts(longer) else self._known)[longer] = found
        return found


def dotted(name: Sequence[str | int]) -> str:
    """A name as people write it; two names are never written alike."""
    return ".".join(f"«{part}»" if isinstance(part, str) and "." in part else str(part) for part in name)
