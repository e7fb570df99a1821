"""Declarations from plain data (`verifiers.lean.export`) into the kernel, in a process that saw no proof text."""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Mapping, Sequence
from typing import Any

from verifiers.lean.export import (
    APP,
    AXIOM,
    BVAR,
    CONST,
    DEFINITION,
    FORALL,
    LAMBDA,
    LET,
    NUMBER,
    PROJECTION,
    SORT,
    STRING,
    THEOREM,
    Data,
    Name,
    Unfit,
)
from verifiers.lean.native import MAX_PARTS, Lean, boxed, field, kept, tag

_KERNEL_ERRORS = (
    "unknown constant",
    "already declared",
    "the value has not the declared type",
    "metavariables are left",
    "free variables are left",
    "a function was expected",
    "a type was expected",
    "a let value has not its type",
    "a type mismatch",
    "an application has not the expected type",
    "an invalid projection",
    "the type of the theorem is no proposition",
    "another error",
    "deterministic timeout",
    "excessive memory",
    "deep recursion",
    "interrupted",
)
_LIMITS = {13, 14, 15, 16}
# ReducibilityHints and DefinitionSafety: unsafe 0, safe 1, partial 2.
_SAFE = 1
_SMALL = ctypes.c_size_t
_BYTE = ctypes.c_uint8
MAX_RECURSION = 100_000
# Lean keeps the range of loose variables in 20 bits and forgets it beyond.
MAX_INDEX = 1 << 19
MAX_DIGITS = 20_000


class KernelRefused(Exception):
    """The kernel does not accept a declaration; `limit` when it gave up, rather than said no."""

    def __init__(self, reason: str, *, limit: bool) -> None:
        super().__init__(reason)
        self.limit = limit


class Builder:
    """Lean objects out of one set of tables.

    Args:
        data: the tables.
        rename: constants of these names are called by the others (a proof's own constants get names that mean nothing).
        strings: whether string literals may occur (the kernel knows what they mean only where `String` is Lean's own).

    Raises:
        Unfit: the tables are not what `export` writes.
    """

    def __init__(self, lean: Lean, data: Data, rename: Mapping[Name, Name], *, strings: bool) -> None:
        self._lean = lean
        self._strings = strings
        self._big = lean.function("lean_cstr_to_nat", ctypes.c_char_p)
        self._rename = rename
        self._zero = lean.function("lean_level_mk_zero", _SMALL)
        binder = (_SMALL, _SMALL, _SMALL, _BYTE)
        self._binders = {
            LAMBDA: lean.function("lean_expr_mk_lambda", *binder),
            FORALL: lean.function("lean_expr_mk_forall", *binder),
        }
        self._let = lean.function("lean_expr_mk_let", _SMALL, _SMALL, _SMALL, _SMALL, _BYTE)
        try:
            self.names = names_of(data)
            self._levels: list[int] = []
            for entry in data["levels"]:
                self._levels.append(self._level(entry))
            self._exprs: list[int] = []
            for entry in data["exprs"]:
                self._exprs.append(self._expr(*entry))
        except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
            raise Unfit(f"the proof's declarations are malformed ({type(error).__name__})") from None

    def expr(self, at: int) -> int:
        """The expression of an index. Raises Unfit."""
        try:
            return self._part(at)
        except (IndexError, ValueError):
            raise Unfit("the proof's declarations are malformed (index)") from None

    def _part(self, at: Any) -> int:
        return kept(self._exprs[_index(at)])

    def _level(self, entry: list[Any]) -> int:
        kind, *rest = entry
        if kind == 0:
            return self._zero(boxed(0))
        if kind == 4:
            return self._lean.call("lean_level_mk_param", self._lean.name(self.names[_index(rest[0])]))
        maker = {1: "lean_level_mk_succ", 2: "lean_level_mk_max", 3: "lean_level_mk_imax"}[kind]
        parts = [kept(self._levels[_index(at)]) for at in rest]
        if len(parts) != (1 if kind == 1 else 2):
            raise ValueError("a level with too many parts")
        return self._lean.call(maker, *parts)

    def _expr(self, kind: int, *rest: Any) -> int:
        lean = self._lean
        if kind == APP:
            function, argument = rest
            return lean.call("lean_expr_mk_app", self._part(function), self._part(argument))
        if kind == CONST:
            name = self.names[_index(rest[0])]
            levels = lean.list([kept(self._levels[_index(at)]) for at in rest[1]])
            return lean.call("lean_expr_mk_const", lean.name(self._rename.get(name, name)), levels)
        if kind == BVAR:
            return lean.call("lean_expr_mk_bvar", lean.natural(_index(rest[0])))
        if kind in self._binders:
            name_at, type_, body, info = rest
            name = self.names[_index(name_at)]
            return self._binders[kind](lean.name(name), self._part(type_), self._part(body), _flag(info, 3))
        if kind == SORT:
            return lean.call("lean_expr_mk_sort", kept(self._levels[_index(rest[0])]))
        if kind == LET:
            name_at, type_, value, body, flag = rest
            parts = self._part(type_), self._part(value), self._part(body)
            return self._let(lean.name(self.names[_index(name_at)]), *parts, _flag(flag, 1))
        if kind == PROJECTION:
            name_at, at, body = rest
            structure = lean.name(self.names[_index(name_at)])
            return lean.call("lean_expr_mk_proj", structure, lean.natural(_index(at)), self._part(body))
        if kind == NUMBER:
            return lean.call("lean_expr_mk_lit", lean.constructor(0, (self._number(rest[0]),)))
        if kind == STRING and self._strings:
            return lean.call("lean_expr_mk_lit", lean.constructor(1, (lean.string(rest[0]),)))
        raise ValueError("an unknown kind of expression")

    def _number(self, digits: str) -> int:
        if not (digits.isascii() and digits.isdigit()) or len(digits) > MAX_DIGITS:
            raise ValueError("not a number")
        return self._lean.natural(int(digits)) if len(digits) < 19 else self._big(digits.encode())


def add(lean: Lean, environment: int, declaration: int, heartbeats: int) -> int:
    """The kernel environment with a declaration that the kernel has checked. Raises KernelRefused."""
    adding = lean.function("lean_add_decl", *[_SMALL] * 5)
    answer = adding(kept(environment), heartbeats, MAX_RECURSION, declaration, boxed(0))
    if tag(answer) == 1:
        return field(answer, 0)
    which = tag(field(answer, 0))
    reason = _KERNEL_ERRORS[which] if which < len(_KERNEL_ERRORS) else f"error {which}"
    raise KernelRefused(reason, limit=which in _LIMITS)


def theorem(lean: Lean, name: Name, parameters: Sequence[Name], type_: int, value: int) -> int:
    """A theorem as a Declaration."""
    own = lean.name(name)
    constant = lean.constructor(0, (own, lean.list([lean.name(each) for each in parameters]), type_))
    return lean.constructor(THEOREM, (lean.constructor(0, (constant, value, lean.list([kept(own)]))),))


def axiom(lean: Lean, name: Name, parameters: Sequence[Name], type_: int) -> int:
    """A safe axiom as a Declaration."""
    constant = lean.constructor(0, (lean.name(name), lean.list([lean.name(each) for each in parameters]), type_))
    return lean.constructor(AXIOM, (lean.constructor(0, (constant,), bytes([0])),))


def definition(lean: Lean, name: Name, parameters: Sequence[Name], type_: int, value: int, hint: int) -> int:
    """A safe definition as a Declaration; `hint` as `export` writes it."""
    own = lean.name(name)
    constant = lean.constructor(0, (own, lean.list([lean.name(each) for each in parameters]), type_))
    hints = boxed(hint) if hint < 2 else lean.constructor(2, (), struct.pack("<I", hint - 2))
    body = lean.constructor(0, (constant, value, hints, lean.list([kept(own)])), bytes([_SAFE]))
    return lean.constructor(DEFINITION, (body,))


def names_of(data: Data) -> list[Name]:
    """The table of names. Raises what a malformed table makes Python raise."""
    names: list[Name] = []
    for prefix, component in data["names"]:
        if not isinstance(component, str | int) or isinstance(component, bool):
            raise ValueError("a name's component is a text or a number")
        if isinstance(component, int) and not 0 <= component < 1 << 62:
            raise ValueError("a name's number is too large")
        names.append((*(() if prefix == -1 else names[_index(prefix)]), component))
        if len(names[-1]) > MAX_PARTS:
            raise ValueError("a name with too many parts")
    return names


def _index(at: Any) -> int:
    if type(at) is not int or not 0 <= at < MAX_INDEX:
        raise ValueError("not an index")
    return at


def _flag(value: Any, largest: int) -> int:
    if type(value) is not int or not 0 <= value <= largest:
        raise ValueError("not a flag")
    return value
