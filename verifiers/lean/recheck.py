"""The second opinion: the kernel checks a proof again, from plain data, in a process that never saw the proof's text.

The proof's term is added under the type of *our* statement, which was elaborated without any text of the policy, so a
process that was fooled while it elaborated the proof can at most hand over a term that the kernel refuses here. The
constants a proof brings along get meaningless names first: the kernel computes some constants (`Nat.gcd` ...) by name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from verifiers.lean.export import AXIOM, DEFINITION, THEOREM, Data, Name, Unfit, used_constants
from verifiers.lean.native import Lean, Names, dotted, field, kept, tag
from verifiers.lean.rebuild import Builder, KernelRefused, add, axiom, definition, names_of, theorem

ALLOWED_AXIOMS = frozenset({"propext", "Classical.choice", "Quot.sound"})

# Imported constants whose whole closure this process has walked, and axioms that it rests on at most: below a large
# library most of a walk is the same for all proofs.
_walked: dict[Name, frozenset[str]] = {}


@dataclass(frozen=True, slots=True)
class _Constant:
    kind: int
    name: Name
    parameters: tuple[Name, ...]
    type: int
    value: int
    hint: int


def recheck(lean: Lean, kernel: int, request: Data) -> Data:
    """Check a proof's constants.

    Args:
        kernel: a kernel environment that holds what was imported, and nothing of the proof.
        request: `statement` and `proof` as `export` wrote them, `name` of the theorem (components), `heartbeats`
            of each declaration (thousands of small allocations, 0 is no limit), `strings`, `known` (dotted name of an
            imported constant: the axioms it rests on, found before).

    Returns:
        `{"accepted": true, "axioms": [...], "found": {...}}`, or `{"accepted": false, "why", "kind"}` with kind
        `statement`, `kernel`, `limit`, `axiom` or `malformed`. `found` are axioms of imported constants, to be `known`.
    """
    try:
        return _recheck(lean, kernel, request)
    except Unfit as error:
        return {"accepted": False, "kind": "malformed", "why": str(error)}
    except KernelRefused as error:
        return {"accepted": False, "kind": "limit" if error.limit else "kernel", "why": f"the kernel: {error}"}


def ground(lean: Lean, kernel: int, request: Data) -> Data:
    """Whether a statement can be proved at all: the kernel takes it, and it rests on no axiom that no proof may use.

    Args:
        request: `statement`, `name`, `heartbeats`, `strings`, `known` as for `recheck`.

    Returns:
        `{"accepted": true}`, or what `recheck` says.
    """
    try:
        wanted: Name = tuple(request["name"])
        heartbeats = request["heartbeats"] * 1000
        ours, stated = _read(lean, request["statement"], {}, strings=request["strings"])
        for constant in stated:
            declared = _declaration(lean, ours, constant, {}) if constant.name != wanted else 0
            declared = declared or axiom(lean, wanted, constant.parameters, ours.expr(constant.type))
            kernel = add(lean, kernel, declared, heartbeats)
        own = {constant.name for constant in stated}
        axioms, _, _ = _axioms(lean, kernel, wanted, own, request["known"])
    except Unfit as error:
        return {"accepted": False, "kind": "malformed", "why": str(error)}
    except KernelRefused as error:
        return {"accepted": False, "kind": "limit" if error.limit else "kernel", "why": f"the kernel: {error}"}
    if bad := sorted(axioms - ALLOWED_AXIOMS - {dotted(wanted)}):
        return {"accepted": False, "kind": "axiom", "why": f"it rests on {', '.join(bad)}, which no proof may use"}
    return {"accepted": True}


def _recheck(lean: Lean, kernel: int, request: Data) -> Data:
    wanted: Name = tuple(request["name"])
    heartbeats = request["heartbeats"] * 1000
    ours, stated = _read(lean, request["statement"], {}, strings=request["strings"])
    given = [constant.name for constant in stated]
    renamed = _fresh_names(request["proof"], given)
    theirs, proved = _read(lean, request["proof"], renamed, strings=request["strings"])
    goal = next((constant for constant in stated if constant.name == wanted), None)
    proof = next((constant for constant in proved if constant.name == wanted), None)
    if goal is None or goal.kind != THEOREM:
        raise Unfit("the statement is no theorem")
    if proof is None or proof.kind != THEOREM:
        raise Unfit("the proof is no theorem")
    same = lean.call("lean_expr_eqv", ours.expr(goal.type), theirs.expr(proof.type)) & 0xFF
    if not same or proof.parameters != goal.parameters:
        return {"accepted": False, "kind": "statement", "why": "the theorem that was proved is not the one asked for"}
    for builder, constants, names in ((ours, stated, {}), (theirs, proved, renamed)):
        for constant in constants:
            if constant.name != wanted and (builder is ours or constant.name not in given):
                kernel = add(lean, kernel, _declaration(lean, builder, constant, names), heartbeats)
    value = theirs.expr(proof.value)
    kernel = add(lean, kernel, theorem(lean, wanted, goal.parameters, ours.expr(goal.type), value), heartbeats)
    own = {wanted, *renamed.values(), *given}
    axioms, found, seen = _axioms(lean, kernel, wanted, own, request["known"])
    if bad := sorted(axioms - ALLOWED_AXIOMS):
        return {"accepted": False, "kind": "axiom", "why": f"the proof rests on {', '.join(bad)}"}
    _walked.update(dict.fromkeys(seen - own, frozenset(axioms)))
    return {"accepted": True, "axioms": sorted(axioms), "found": dict.fromkeys(found, sorted(axioms))}


def _read(lean: Lean, data: Data, rename: Mapping[Name, Name], *, strings: bool) -> tuple[Builder, Sequence[_Constant]]:
    builder = Builder(lean, data, rename, strings=strings)
    names = builder.names
    try:
        constants = [
            _Constant(kind, names[name], tuple(names[each] for each in parameters), type_, value, hint)
            for kind, name, parameters, type_, value, hint in data["constants"]
        ]
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise Unfit(f"the proof's declarations are malformed ({type(error).__name__})") from None
    return builder, constants


def _fresh_names(proof: Data, given: Sequence[Name]) -> dict[Name, Name]:
    """A name that means nothing for each constant of the proof's own, but the theorem and what the statement has."""
    try:
        names = [entry[1] for entry in proof["constants"]]
        table = names_of(proof)
        own = [table[at] for at in names]
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise Unfit(f"the proof's declarations are malformed ({type(error).__name__})") from None
    return {name: ("proof's own", at) for at, name in enumerate(own) if name not in given}


def _declaration(lean: Lean, builder: Builder, constant: _Constant, rename: Mapping[Name, Name]) -> int:
    name = rename.get(constant.name, constant.name)
    type_ = builder.expr(constant.type)
    if constant.kind == THEOREM:
        return theorem(lean, name, constant.parameters, type_, builder.expr(constant.value))
    if constant.kind == DEFINITION and type(constant.hint) is int and 0 <= constant.hint < 1 << 32:
        return definition(lean, name, constant.parameters, type_, builder.expr(constant.value), constant.hint)
    raise Unfit(f"the proof brings along a constant that is no theorem or definition: {dotted(constant.name)}")


def _axioms(
    lean: Lean, kernel: int, wanted: Name, own: set[Name], known: Mapping[str, Sequence[str]]
) -> tuple[set[str], list[str], set[Name]]:
    """The axioms of the whole closure of a constant, the imported constants that it uses itself, and all of them."""
    names = Names(lean)
    axioms: set[str] = set()
    direct: list[str] = []
    seen: set[Name] = {wanted}
    stack: list[tuple[Name, bool]] = [(wanted, True)]
    while stack:
        name, is_own = stack.pop()
        info = _find(lean, kernel, name)
        if tag(info) == AXIOM:
            axioms.add(dotted(name))
        for used in used_constants(lean, names, info) - seen:
            seen.add(used)
            if is_own and used not in own:
                direct.append(dotted(used))
            if dotted(used) in known:
                axioms.update(known[dotted(used)])
            elif used not in own and used in _walked:
                axioms |= _walked[used]
            else:
                stack.append((used, used in own))
    return axioms, direct, seen


def _find(lean: Lean, kernel: int, name: Name) -> int:
    option = lean.call("lean_environment_find", kept(kernel), lean.name(name))
    if option & 1:
        raise Unfit(f"unknown constant {dotted(name)}")
    return field(option, 0)
