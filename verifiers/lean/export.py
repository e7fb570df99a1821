"""Declarations as plain data: out of the process that elaborated a proof. `verifiers.lean.rebuild` reads them.

JSON tables of names, levels and expressions; an entry refers only to earlier ones, so nothing can be a pointer or a
cycle. Metadata nodes are left out: they mean nothing to the kernel.

    names      [prefix, component]; prefix is an index, or -1
    levels     [0] zero, [1, l] successor, [2, l, m] maximum, [3, l, m] impredicative maximum, [4, name] parameter
    exprs      [0, i] bound variable, [3, level] sort, [4, name, [levels]] constant, [5, f, a] application,
               [6, name, type, body, info] lambda, [7, name, type, body, info] forall,
               [8, name, type, value, body, nondep] let, [9, "digits"] number, [10, "text"] string,
               [11, name, i, e] projection
    constants  [kind, name, [level parameters], type, value, hint]; in the order of their dependence
"""

from __future__ import annotations

import ctypes
import json
from collections.abc import Mapping
from typing import Any

from verifiers.lean.native import Lean, Names, field, fields, items, kept, members, scalar, tag, text

# As many as `verifiers.lean.rebuild` reads.
MAX_NODES = 1 << 19
Name = tuple[str | int, ...]
Data = dict[str, Any]

AXIOM, DEFINITION, THEOREM, OPAQUE, _, INDUCTIVE = range(6)
BVAR, FVAR, MVAR, SORT, CONST, APP, LAMBDA, FORALL, LET, LITERAL, METADATA, PROJECTION = range(12)
NUMBER, STRING = 9, 10
# Bytes of a binder's info and a let's flag: after the header, the fields and 8 bytes of cached data.
_BINDER_INFO, _LET_FLAG = 40, 48
# Which field of an InductiveVal.
_CONSTRUCTORS = 4


class Unfit(ValueError):
    """What was elaborated, or handed over, is nothing that can be checked again; the message says why."""


def used_constants(lean: Lean, names: Names, info: int) -> set[Name]:
    """Names of the constants in the type, value and constructors of a ConstantInfo."""
    found: set[Name] = set()
    for part in _parts(info):
        found.update(names.read(name) for name in items(lean.call("l_Lean_Expr_getUsedConstants", kept(part))))
    if tag(info) == INDUCTIVE:
        found.update(names.read(name) for name in members(field(field(info, 0), _CONSTRUCTORS)))
    return found


def _parts(info: int) -> tuple[int, ...]:
    """The type, and the value where there is one, of a ConstantInfo."""
    value = field(info, 0)
    constant = field(value, 0)
    return (
        (field(constant, 2), field(value, 1)) if tag(info) in (DEFINITION, THEOREM, OPAQUE) else (field(constant, 2),)
    )


def export(lean: Lean, new: Mapping[Name, int], wanted: Name, *, strings: bool, proved: bool = True) -> bytes:
    """The constant `wanted` and all new constants that it needs, as JSON.

    Args:
        new: the ConstantInfo of every constant that the environment has beyond what was imported.
        strings: whether string literals may occur (the kernel knows what they mean only where `String` is Lean's own).
        proved: whether the value of `wanted` counts; a statement's is a `sorry`, which holds strings.

    Raises:
        Unfit: it holds free or metavariables or such a string, or is too large.
    """
    exporter = _Exporter(lean, strings=strings)
    for name in _in_order(lean, exporter.reader, new, wanted):
        exporter.constant(new[name], with_value=proved or name != wanted)
    return json.dumps(exporter.data, separators=(",", ":")).encode()


def _in_order(lean: Lean, names: Names, new: Mapping[Name, int], wanted: Name) -> list[Name]:
    order: dict[Name, None] = {}
    needs: dict[Name, list[Name]] = {}
    stack = [wanted]
    while stack:
        name = stack[-1]
        if name not in needs:
            needs[name] = [used for used in used_constants(lean, names, new[name]) if used in new and used not in needs]
            stack += needs[name]
            continue
        stack.pop()
        order[name] = None
    return list(order)


class _Exporter:
    def __init__(self, lean: Lean, *, strings: bool) -> None:
        self._strings = strings
        self.reader = Names(lean)
        self._lean = lean
        self._names: list[Any] = []
        self._levels: list[Any] = []
        self._exprs: list[Any] = []
        self._constants: list[Any] = []
        self.data: Data = {
            "names": self._names,
            "levels": self._levels,
            "exprs": self._exprs,
            "constants": self._constants,
        }
        self._name_at: dict[Name, int] = {(): -1}
        self._level_at: dict[int, int] = {}
        self._expr_at: dict[int, int] = {}

    def constant(self, info: int, *, with_value: bool) -> None:
        kind = tag(info)
        has_value = with_value and kind in (DEFINITION, THEOREM, OPAQUE)
        value = field(info, 0)
        name, parameters, type_ = fields(field(value, 0), 3)
        self._constants.append(
            [
                kind,
                self._name(name),
                [self._name(parameter) for parameter in members(parameters)],
                self._expr(type_),
                self._expr(field(value, 1)) if has_value else -1,
                _hint(field(value, 2)) if kind == DEFINITION else 0,
            ]
        )

    def _name(self, name: int) -> int:
        return self._name_of(self.reader.read(name))

    def _name_of(self, name: Name) -> int:
        at = self._name_at.get(name)
        if at is not None:
            return at
        at = -1
        for end in range(1, len(name) + 1):
            known = self._name_at.get(name[:end])
            if known is None:
                self._names.append([at, name[end - 1]])
                known = self._name_at[name[:end]] = len(self._names) - 1
            at = known
        return at

    def _level(self, root: int) -> int:
        at = self._level_at
        stack = [root]
        while stack:
            level = stack[-1]
            if level in at:
                stack.pop()
                continue
            kind = tag(level)
            parts = fields(level, {1: 1, 2: 2, 3: 2}.get(kind, 0))
            if missing := [part for part in parts if part not in at]:
                stack += missing
                continue
            stack.pop()
            if kind > 4:
                raise Unfit("a universe metavariable is left in the proof")
            self._levels.append([kind, self._name(field(level, 0))] if kind == 4 else [kind, *(at[p] for p in parts)])
            at[level] = len(self._levels) - 1
            if len(self._levels) > MAX_NODES:
                raise Unfit(f"the proof has more than {MAX_NODES} universe levels")
        return at[root]

    def _expr(self, root: int) -> int:
        at = self._expr_at
        stack = [root]
        while stack:
            expr = stack[-1]
            if expr in at:
                stack.pop()
                continue
            kind = tag(expr)
            head, children = _split(kind, expr)
            if missing := [child for child in children if child not in at]:
                stack += missing
                continue
            stack.pop()
            if kind == METADATA:
                at[expr] = at[children[0]]
                continue
            self._exprs.append(self._entry(kind, expr, head, [at[child] for child in children]))
            at[expr] = len(self._exprs) - 1
            if len(self._exprs) > MAX_NODES:
                raise Unfit(f"the proof term has more than {MAX_NODES} nodes")
        return at[root]

    def _entry(self, kind: int, expr: int, head: tuple[int, ...], children: list[int]) -> list[Any]:
        if kind == APP:
            return [APP, *children]
        if kind == CONST:
            return [CONST, self._name(head[0]), [self._level(level) for level in members(head[1])]]
        if kind == BVAR:
            return [BVAR, self._lean.read_natural(head[0])]
        if kind in (LAMBDA, FORALL):
            return [kind, self._name(head[0]), *children, scalar(expr, _BINDER_INFO)]
        if kind == SORT:
            return [SORT, self._level(head[0])]
        if kind == LET:
            return [LET, self._name(head[0]), *children, scalar(expr, _LET_FLAG)]
        if kind == PROJECTION:
            return [PROJECTION, self._name(head[0]), self._lean.read_natural(head[1]), *children]
        if kind == LITERAL and tag(head[0]) == 0:
            return [NUMBER, text(self._lean.call("l_Nat_reprFast", kept(field(head[0], 0))))]
        if kind == LITERAL:
            if not self._strings:
                raise Unfit("a string, which the kernel of this Lean does not know")
            return [STRING, text(field(head[0], 0))]
        raise Unfit("a free variable or metavariable is left in the proof")


def _split(kind: int, expr: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """An expression's own fields, and the expressions below it."""
    if kind == APP:
        return (), fields(expr, 2)
    if kind in (CONST, PROJECTION, METADATA):
        found = fields(expr, {CONST: 2, PROJECTION: 3, METADATA: 2}[kind])
        return (found, ()) if kind == CONST else (found[:-1], found[-1:])
    if kind in (LAMBDA, FORALL, LET):
        found = fields(expr, 4 if kind == LET else 3)
        return found[:1], found[1:]
    return fields(expr, 1), ()


def _hint(hints: int) -> int:
    """0 opaque, 1 abbreviation, 2 + height."""
    return tag(hints) if hints & 1 else 2 + ctypes.c_uint32.from_address(hints + 8).value
