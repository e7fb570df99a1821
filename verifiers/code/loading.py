"""Loads the program under test as a module, after what the prompt gave. Standard library only; runs in its sandbox.

A program that defines what the tests call, or a class Solution, stands alone: it runs after the given code, whose last
function gets an empty body if it has none. Else it continues the given code: as it stands, or as the body of the last
function, whether its lines are indented or not. What compiles first is run.

As in this module annotations are not evaluated: many data sets' solutions name types that they do not import.

A program with a class Solution finds what LeetCode gives: the names of `typing`, `collections`, `math` and the like,
ListNode and TreeNode. What the given code or the program defines itself counts before that.
"""

from __future__ import annotations

import ast
import sys
import textwrap
import types
from collections.abc import Iterator, Sequence
from typing import Any

from verifiers.sandbox.program import seed

MODULE = "solution"
FILE = f"{MODULE}.py"
_PREFIX_FILE = "prefix.py"
# Not all of `math`: its pow is another one.
LEETCODE = """
import bisect, collections, copy, functools, heapq, itertools, math, operator, random, re, string, sys
from bisect import *
from collections import *
from functools import *
from heapq import *
from itertools import *
from math import ceil, comb, factorial, floor, gcd, inf, isqrt, lcm, log, log2, prod, sqrt
from typing import *

class ListNode:
    def __init__(self, val=0, next=None):
        self.val = val
        self.next = next

class TreeNode:
    def __init__(self, val=0, left=None, right=None):
        self.val = val
        self.left = left
        self.right = right
"""


def load(program: str, prefix: str, names: Sequence[str]) -> dict[str, Any]:
    """Run the program as module `solution` and give back its names. Raises what it raises, SyntaxError too.

    Args:
        prefix: code that the prompt gave.
        names: what the tests call.
    """
    module = types.ModuleType(MODULE)
    sys.modules[MODULE] = module
    seed(program.encode(errors="surrogatepass"))
    if "class Solution" in program or "class Solution" in prefix:
        exec(LEETCODE, vars(module))
    for code in _compiled(program, prefix, names):
        exec(code, vars(module))
    return vars(module)


def closed(prefix: str) -> types.CodeType | None:
    """The given code by itself, where the last header waits for a body with an empty one; None if it is no code."""
    for source in (prefix, f"{prefix}\n{_body(prefix)}pass\n"):
        try:
            return compile(source, _PREFIX_FILE, "exec")
        except SyntaxError:
            continue
    return None


def _compiled(program: str, prefix: str, names: Sequence[str]) -> list[types.CodeType]:
    problems = []
    for source, alone in _readings(program, prefix, names):
        try:
            code = compile(source, FILE, "exec")
        except SyntaxError as error:
            problems.append(error)
            continue
        given = closed(prefix) if alone and prefix else None
        return [given, code] if given else [code]
    raise problems[0]


def _readings(program: str, prefix: str, names: Sequence[str]) -> Iterator[tuple[str, bool]]:
    """What the program may mean, and whether that stands alone, behind the given code."""
    flat = textwrap.dedent(program)
    if not prefix:
        yield from ((program, True), (flat, True))
        return
    if _defines(flat, names):
        yield flat, True
    body = _body(prefix)
    yield prefix + program, False
    yield prefix + textwrap.indent(flat, body), False
    # Of a text without its leading white space only the first line is out of place.
    yield f"{prefix}{body}{program.lstrip()}", False
    yield flat, True


def _defines(program: str, names: Sequence[str]) -> bool:
    """Whether one of the names, or a class Solution, is bound at the program's top level."""
    try:
        tree = ast.parse(program)
    except (SyntaxError, RecursionError, MemoryError, ValueError):
        return False
    wanted = {*names, "Solution"}
    return any(name in wanted for node in tree.body for name in _bound(node))


def _bound(node: ast.AST) -> Iterator[str]:
    """The names that a statement binds in its own scope."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield node.name
    elif isinstance(node, ast.Import | ast.ImportFrom):
        yield from (alias.asname or alias.name for alias in node.names)
    elif isinstance(node, ast.Assign | ast.AnnAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        yield from (target.id for target in targets if isinstance(target, ast.Name))
    else:
        inner = (part for part in ast.iter_child_nodes(node) if isinstance(part, ast.stmt | ast.ExceptHandler))
        yield from (name for part in inner for name in _bound(part))


def _body(prefix: str) -> str:
    """The white space before the body of the last function of the given code."""
    last = next((line for line in reversed(prefix.splitlines()) if line.strip()), "")
    indent = last[: len(last) - len(last.lstrip())]
    if last.partition("  #")[0].rstrip().endswith(":"):
        return indent + ("\t" if indent.startswith("\t") else "    ")
    return indent or "    "
