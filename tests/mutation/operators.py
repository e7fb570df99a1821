"""The small changes a test must notice: every mutant of a module, one change each, as source text.

What is left alone can hold no number: annotations and type aliases, docstrings, imports, the words of an error or of a
log line, and decorators that only shape a class or remember a result (`UNTOUCHED_DECORATORS`).
"""

from __future__ import annotations

import ast
import copy
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
}
ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.Pow: ast.Mult,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
}
# Functions and methods by what they are easily mistaken for.
MISTAKEN = {
    "all": "any",
    "any": "all",
    "cos": "sin",
    "endswith": "startswith",
    "max": "min",
    "maximum": "minimum",
    "mean": "sum",
    "min": "max",
    "minimum": "maximum",
    "ones": "zeros",
    "ones_like": "zeros_like",
    "removeprefix": "removesuffix",
    "rpartition": "partition",
    "startswith": "endswith",
    "sum": "max",
    "zeros": "ones",
    "zeros_like": "ones_like",
}
COMMUTATIVE = {"max", "maximum", "min", "minimum", "promote_types"}
# Without them the call is a type error and no question to a test.
NEEDED_CALLS = {"dict", "divmod", "enumerate", "filter", "frozenset", "iter", "len", "list", "range", "tuple", "zip"}
UNTOUCHED_DECORATORS = {"cache", "dataclass", "lru_cache", "property"}
LOGGERS = {"log", "logger", "logging"}


@dataclass(frozen=True)
class Mutant:
    """One change of one module.

    Attributes:
        line: of the original source. function: qualified name, `<module>` outside of all.
        before, after: the statement with the change, without what stands indented under it.
        source: the whole changed module.
    """

    line: int
    function: str
    before: str
    after: str
    source: str

    @property
    def key(self) -> tuple[str, str, str]:
        """What it is known by when lines have moved."""
        return (self.function, self.before, self.after)

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.source.encode()).hexdigest()[:16]


def mutants(source: str) -> list[Mutant]:
    """Every mutant of a module, in the order of its lines; none equals the original or another one."""
    tree = ast.parse(source)
    seen = {ast.unparse(tree)}
    found = []
    for place in _places(tree, "", None):
        for replacement in _variants(place):
            before = _header(place.statement)
            place.put(replacement)
            changed = ast.unparse(tree)
            after = "pass" if isinstance(replacement, ast.Pass) else _header(place.statement_now)
            place.put(place.node)
            if changed not in seen:
                seen.add(changed)
                line = getattr(place.node, "lineno", place.statement.lineno)
                found.append(Mutant(line, place.function or "<module>", before, after, changed))
    assert ast.unparse(tree) == ast.unparse(ast.parse(source)), "a change was not taken back"
    return found


@dataclass
class _Place:
    """A node and where it hangs: `parent.field`, or `parent.field[index]`."""

    parent: ast.AST
    field: str
    index: int | None
    node: ast.AST
    statement: ast.stmt
    function: str
    rebinds: bool = False

    def put(self, node: ast.AST) -> None:
        if self.index is None:
            setattr(self.parent, self.field, node)
        else:
            getattr(self.parent, self.field)[self.index] = node

    @property
    def statement_now(self) -> ast.stmt:
        """The statement after a change, which may have replaced it as a whole."""
        if self.node is self.statement and self.index is not None:
            now: ast.stmt = getattr(self.parent, self.field)[self.index]
            return now
        return self.statement


def _places(node: ast.AST, function: str, statement: ast.stmt | None) -> Iterator[_Place]:
    bound: set[str] = {argument.arg for argument in ast.walk(node) if isinstance(argument, ast.arg)}
    for field, value in ast.iter_fields(node):
        several = isinstance(value, list)
        for index, child in enumerate(list(value) if several else [value]):
            if not isinstance(child, ast.AST) or _untouched(node, field, child):
                continue
            inner = child if isinstance(child, ast.stmt) else statement
            if inner is None:
                continue
            place = _Place(node, field, index if several else None, child, inner, function)
            if isinstance(child, ast.stmt):
                names = _targets(child)
                place.rebinds = bool(names & bound) or not names
                bound |= names
            yield place
            if isinstance(child, ast.FunctionDef | ast.ClassDef):
                yield from _places(child, f"{function}.{child.name}".lstrip("."), inner)
            elif not isinstance(child, ast.Raise):
                yield from _places(child, function, inner)


def _targets(statement: ast.stmt) -> set[str]:
    """Plain names that a statement binds, where that is all it does."""
    targets: list[ast.expr] = []
    if isinstance(statement, ast.Assign):
        targets = statement.targets
    elif isinstance(statement, ast.AnnAssign) and statement.value:
        targets = [statement.target]
    names = [name for target in targets for name in ([*target.elts] if isinstance(target, ast.Tuple) else [target])]
    return {name.id for name in names if isinstance(name, ast.Name)}


def _untouched(parent: ast.AST, field: str, child: ast.AST) -> bool:
    match child:
        case ast.If(test=ast.Name(id="TYPE_CHECKING")):
            return True
        case ast.Import() | ast.ImportFrom() | ast.JoinedStr() | ast.expr_context() | ast.alias():
            return True
        case ast.Expr(value=ast.Constant()):
            return True  # a docstring, or `...`
        case ast.Call(func=ast.Attribute(value=ast.Name(id=name))) if name in LOGGERS:
            return True
        case ast.Assign(value=ast.Subscript()) if isinstance(parent, ast.Module):
            return True  # a type alias
        case ast.operator() | ast.cmpop() | ast.boolop() | ast.unaryop():
            return True  # changed with the expression they stand in
    if field == "decorator_list":
        called = child.func if isinstance(child, ast.Call) else child
        return (called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")) in UNTOUCHED_DECORATORS
    return field in {"annotation", "returns", "msg", "type_params"}


def _variants(place: _Place) -> Iterator[ast.AST]:
    node = place.node
    if isinstance(node, ast.stmt):
        yield from _statement(place)
    elif isinstance(getattr(node, "ctx", None), ast.Store | ast.Del):
        return
    elif place.field == "decorator_list":
        yield ast.parse("lambda undecorated: undecorated", mode="eval").body
    elif place.field == "test" or (place.field == "ifs" and isinstance(place.parent, ast.comprehension)):
        yield from _condition(place)
    if isinstance(node, ast.expr) and place.field != "decorator_list":
        yield from _expression(node)
    if isinstance(node, ast.Slice):
        for bound in ("lower", "upper", "step"):
            if getattr(node, bound) is not None:
                yield _with(node, **{bound: None})


def _statement(place: _Place) -> Iterator[ast.AST]:
    node = place.node
    match node:
        case ast.FunctionDef() | ast.ClassDef() | ast.Pass() | ast.If() | ast.For() | ast.While() | ast.With():
            return
        case ast.AnnAssign(value=None):
            return
        case ast.Assign() | ast.AnnAssign() if not place.rebinds:
            return
    yield ast.copy_location(ast.Pass(), node)
    match node:
        case ast.AugAssign(op=op) if type(op) in ARITHMETIC:
            yield _with(node, op=ARITHMETIC[type(op)]())
            yield ast.copy_location(ast.Assign([node.target], node.value), node)
        case ast.Break():
            yield ast.copy_location(ast.Continue(), node)
        case ast.Continue():
            yield ast.copy_location(ast.Break(), node)


def _condition(place: _Place) -> Iterator[ast.AST]:
    assert isinstance(place.node, ast.expr)
    if not isinstance(place.parent, ast.While):
        yield ast.Constant(True)
    yield ast.Constant(False)
    if not isinstance(place.node, ast.Compare):
        yield _negated(place.node)


def _negated(node: ast.expr) -> ast.expr:
    return (
        node.operand if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not) else ast.UnaryOp(ast.Not(), node)
    )


def _expression(node: ast.expr) -> Iterator[ast.AST]:
    match node:
        case ast.Compare():
            for index, op in enumerate(node.ops):
                for other in COMPARISONS[type(op)]:
                    yield _with(node, ops=[*node.ops[:index], other(), *node.ops[index + 1 :]])
        case ast.BinOp(op=op) if type(op) in ARITHMETIC:
            yield _with(node, op=ARITHMETIC[type(op)]())
            if isinstance(op, ast.BitAnd | ast.BitOr):
                yield from (node.left, node.right)
        case ast.BoolOp(op=op, values=values):
            yield _with(node, op=ast.Or() if isinstance(op, ast.And) else ast.And())
            for index in range(len(values)):
                rest = values[:index] + values[index + 1 :]
                yield rest[0] if len(rest) == 1 else _with(node, values=rest)
        case ast.UnaryOp(operand=operand):
            yield operand
        case ast.Constant(value=value):
            yield from map(ast.Constant, _constants(value))
        case ast.IfExp():
            yield node.body
            yield node.orelse
        case ast.Tuple(elts=[first, second]) if isinstance(node.ctx, ast.Load):
            yield _with(node, elts=[second, first])
        case ast.Call():
            yield from _call(node)


def _constants(value: object) -> Iterator[object]:
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, int):
        yield from (value + 1, value - 1)
    elif isinstance(value, float):
        yield from (value * 2, 0.0) if value else (1.0,)
    elif isinstance(value, str):
        yield f"{value}!"


def _call(node: ast.Call) -> Iterator[ast.AST]:
    function, arguments = node.func, node.args
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    if name in MISTAKEN:
        other = _with(function, **{"attr" if isinstance(function, ast.Attribute) else "id": MISTAKEN[name]})
        yield _with(node, func=other)
    if name == "fsum":
        yield _with(node, func=ast.Name("max", ast.Load()))
    if name == "where" and len(arguments) == 3:
        yield from arguments[1:]
    elif isinstance(function, ast.Attribute) and getattr(function.value, "id", "") not in {"math", "torch"}:
        yield function.value
    elif len(arguments) == 1 and name not in NEEDED_CALLS and not isinstance(arguments[0], ast.Starred):
        yield arguments[0]
    for index in range(len(arguments) - 1 if name not in COMMUTATIVE else 0):
        swapped = [*arguments[:index], arguments[index + 1], arguments[index], *arguments[index + 2 :]]
        yield _with(node, args=swapped)
    for index, keyword in enumerate(node.keywords):
        if keyword.arg is not None:
            yield _with(node, keywords=node.keywords[:index] + node.keywords[index + 1 :])


def _with(node: ast.AST, **fields: Any) -> ast.AST:
    changed = copy.copy(node)
    for name, value in fields.items():
        setattr(changed, name, value)
    return changed


def _header(statement: ast.stmt) -> str:
    """A statement on one line, without its body."""
    bare = copy.copy(statement)
    for field in ("body", "orelse"):
        if getattr(bare, field, None):
            setattr(bare, field, [] if field == "orelse" else [ast.Expr(ast.Constant(...))])
    text = " ".join(ast.unparse(ast.fix_missing_locations(bare)).split())
    return text.removesuffix(" ...").removesuffix(":")
