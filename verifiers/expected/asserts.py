"""Test programs of public data sets as references of the code judge: which names the solution has to define."""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Iterator

from verifiers.code.test_side import AT_HAND
from verifiers.types import Json

MAX_CHARS = 1 << 18
"""Longer programs are not parsed; longer tests must say which function they call."""
_IMPORTED = re.compile(r"^import solution$", re.MULTILINE)
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def asserts_reference(tests: str, *, entry_point: str = "", setup: str = "", solution: str = "") -> Json:
    """A reference of the kind `asserts`.

    Args:
        tests: the test program.
        entry_point: the function under test; "": found in the tests.
        setup: statements that come before the tests.
        solution: the data set's own; of the names that the tests use those count that it defines.

    Raises ValueError for tests that are no Python or call nothing of the solution.
    """
    tests = f"{setup.rstrip()}\n{tests}" if setup.strip() else tests
    if entry_point:
        return {"kind": "asserts", "entry_point": entry_point, "tests": tests}
    names = called_names(tests)
    defined = set(definitions(solution))
    names = tuple(name for name in names if name in defined) or names
    return {"kind": "asserts", "entry_point": names[0] if len(names) == 1 else list(names), "tests": tests}


def called_names(tests: str) -> tuple[str, ...]:
    """Names that the tests call, or else use, and do not bring along: what the program has to define. In the order of
    the text; where something is taken from a module `solution` that is all of it.

    Raises ValueError.
    """
    if len(tests) > MAX_CHARS:
        raise ValueError(f"the tests are longer than {MAX_CHARS} characters, and do not say what they call")
    tree = _parsed(tests)
    own = {*dir(builtins), *AT_HAND}
    called: list[ast.Name] = []
    used: list[ast.Name] = []
    imported: list[str] = []
    modules = {"solution"} if _IMPORTED.search(tests) else set[str]()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == "solution":
            imported += [alias.name for alias in node.names if alias.name != "*"]
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in modules:
            imported.append(node.attr)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            own.add(node.id)
        elif isinstance(node, _FUNCTIONS):
            own.add(node.name)
        elif isinstance(node, ast.arg):
            own.add(node.arg)
        elif isinstance(node, ast.alias):
            own.add((node.asname or node.name).partition(".")[0])
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            called.append(node.func)
        elif isinstance(node, ast.Name):
            used.append(node)
    names = imported or _in_order(called, own) or _in_order(used, own)
    if not names:
        raise ValueError("the tests call no function of the program: they say nothing about it")
    return tuple(dict.fromkeys(names))


def definitions(program: str) -> tuple[str, ...]:
    """The functions and classes of a program's outermost level; () where it is no Python."""
    return tuple(node.name for node in _outer(program) if isinstance(node, _FUNCTIONS))


def header(program: str, name: str) -> str:
    """`def name(a, b):` as the program writes it, on one line; "" where it defines no such function."""
    for node in _outer(program):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == name:
            returned = f" -> {ast.unparse(node.returns)}" if node.returns else ""
            return f"def {name}({ast.unparse(node.args)}){returned}:"
    return ""


def _outer(program: str) -> Iterator[ast.stmt]:
    try:
        yield from _parsed(program).body if len(program) <= MAX_CHARS else ()
    except ValueError:
        return


def _parsed(text: str) -> ast.Module:
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise ValueError("the tests are no Python: give assert statements, or functions with them") from None


def _in_order(names: list[ast.Name], own: set[str]) -> list[str]:
    ordered = sorted(names, key=lambda node: (node.lineno, node.col_offset))
    return [node.id for node in ordered if node.id not in own]
