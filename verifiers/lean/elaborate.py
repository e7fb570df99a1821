"""What happens to a proof in the process that reads it: parse, gate, elaborate, export. Runs in a confined child."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass

from verifiers.lean import gate, messages, syntax
from verifiers.lean.export import THEOREM, Data, Name, Unfit, export
from verifiers.lean.native import Lean, Names, boxed, dotted, field, fields, items, kept, tag

# Between the statement and the proof; the line end closes a comment at the statement's end.
JOINT = "\n  := "
# The kernel computes these by name on literals. The prelude has the others that it computes, defined as it does.
COMPUTED: tuple[Name, ...] = (
    *(("Nat", name) for name in ("gcd", "land", "lor", "xor", "shiftLeft", "shiftRight", "log2")),
    *(("Lean", name) for name in ("reduceBool", "reduceNat")),
    ("String", "ofList"),
    ("Char", "ofNat"),
)
_FILE = "proof"


@dataclass(frozen=True, slots=True)
class Base:
    """What a server has imported: the environment, and options for every check."""

    lean: Lean
    environment: int
    kernel: int


def options(lean: Lean, heartbeats: int) -> int:
    """Lean options: how much work one declaration may cost, and how many messages are kept."""
    made = kept(lean.value("l_Lean_Options_empty"))
    for name, value in (("maxHeartbeats", heartbeats), ("maxErrors", messages.MAX_MESSAGES)):
        number = lean.constructor(3, (lean.natural(value),))
        made = lean.call("l_Lean_Options_insert", made, lean.name((name,)), number)
    # A name nobody declared is an error, and no further variable; nobody reads what linters say, nor what an editor
    # would want to know.
    for option, on in ((("autoImplicit",), 0), (("linter", "all"), 0), (("internal", "cmdlineSnapshots"), 1)):
        made = lean.call("l_Lean_Options_insert", made, lean.name(option), lean.constructor(1, (), bytes([on])))
    return made


class Elaboration:
    """One text, elaborated from the start: the scope commands of a header, then one theorem.

    Args:
        prefix: commands before the theorem (`open`, `universe` ...); ours, so they are not gated.
        rest: the theorem.
    """

    def __init__(self, base: Base, prefix: str, rest: str, heartbeats: int) -> None:
        self._lean = lean = base.lean
        self.text = (prefix + rest).encode()
        self.start = len(prefix.encode())
        log = kept(lean.value("l_Lean_MessageLog_empty"))
        state = lean.call("l_Lean_Elab_Command_mkState", kept(base.environment), log, options(lean, heartbeats))
        if prefix:
            state = self._run(self._context(prefix.encode()), 0, state)
        self._before = self._after = state
        self._input = self._context(self.text)

    def _context(self, source: bytes) -> int:
        lean = self._lean
        make = lean.function(
            "l_Lean_Parser_mkInputContext___redArg", ctypes.c_size_t, ctypes.c_size_t, ctypes.c_uint8, ctypes.c_size_t
        )
        return make(lean.string(source.decode()), lean.string(_FILE), 1, boxed(len(source)))

    def _run(self, context: int, position: int, state: int) -> int:
        lean = self._lean
        parser = lean.constructor(0, (boxed(position),), b"\0")
        answer = lean.call("l_Lean_Elab_IO_processCommands", kept(context), parser, kept(state))
        return field(lean.result(answer), 0)

    def parse(self) -> tuple[list[syntax.Node], list[Data]]:
        """The commands of the theorem's text, none of them elaborated, at most three, the last is the end of input;
        and what the parser says against it.
        """
        lean = self._lean
        scope = field(field(self._before, 2), 0)
        _, chosen, namespace, opened = fields(scope, 4)
        environment = field(self._before, 0)
        module = lean.constructor(0, tuple(map(kept, (environment, chosen, namespace, opened))))
        parser = lean.constructor(0, (boxed(self.start),), b"\0")
        log = kept(lean.value("l_Lean_MessageLog_empty"))
        commands: list[syntax.Node] = []
        while len(commands) < 3 and (not commands or commands[-1].kind != gate.END):
            answer = lean.call("l_Lean_Parser_parseCommand", kept(self._input), kept(module), parser, log)
            tree, rest = fields(answer, 2)
            commands.append(syntax.read(lean, tree))
            parser, log = (kept(part) for part in fields(rest, 2))
        has_errors = lean.call("l_Lean_MessageLog_hasErrors", kept(log)) & 0xFF
        return commands, messages.read(lean, log) if has_errors else []

    def run(self) -> None:
        """Elaborate the theorem."""
        self._after = self._run(self._input, self.start, self._before)

    def messages(self) -> list[Data]:
        """What Lean has against it, see `messages.read`."""
        return messages.read(self._lean, field(self._after, 1))

    def new_constants(self) -> dict[Name, int]:
        """Name and ConstantInfo of everything that the environment has beyond what was imported."""
        lean = self._lean
        names = Names(lean)
        constants = lean.call("l_Lean_Environment_constants", kept(field(self._after, 0)))
        return {names.read(field(field(field(info, 0), 0), 0)): info for info in _values(field(constants, 1))}


def _values(node: int) -> list[int]:
    """The values of a PersistentHashMap's node."""
    if node & 1:
        return []
    found: list[int] = []
    stack = [node]
    while stack:
        node = stack.pop()
        # A collision node: keys and values. Else entries: key and value, a node below, or nothing.
        if tag(node) == 1:
            found += items(field(node, 1))
            continue
        for entry in items(field(node, 0)):
            if entry & 1:
                continue
            if tag(entry) == 0:
                found.append(field(entry, 1))
            else:
                stack.append(field(entry, 0))
    return found


def _computed(base: Base) -> list[str]:
    """What is declared of the names that the kernel computes in its own way and that our prelude leaves out."""
    lean = base.lean
    found = (
        name for name in COMPUTED if not lean.call("lean_environment_find", kept(base.kernel), lean.name(name)) & 1
    )
    return [dotted(name) for name in found]


def statement(base: Base, request: Data) -> tuple[Data, bytes]:
    """Elaborate our own statement with `sorry` for a proof.

    Args:
        request: `prefix`, `statement` (ends before `:=`), `heartbeats`, `strings` (see `export`).

    Returns:
        a report `{"messages", "name"}` and the exported theorem, whose type is what a proof must have; b"" where the
        statement has an error.
    """
    run = Elaboration(base, request["prefix"], request["statement"] + JOINT + "sorry\n", request["heartbeats"])
    report: Data = {"messages": run.messages()}
    if not any(message["severity"] == "error" for message in report["messages"]):
        commands, _ = run.parse()
        if problem := gate.names_problem(commands):
            return {**report, "unfit": problem}, b""
        run.run()
        report["messages"] = run.messages()
    if any(message["severity"] == "error" for message in report["messages"]):
        return report, b""
    if problem := gate.statement_problem(commands, run.start + len(request["statement"].encode()) + JOINT.index(":")):
        return {**report, "unfit": problem}, b""
    if computed := [] if request["strings"] else _computed(base):
        named = ", ".join(computed)
        why = f"the header declares {named}, which the kernel computes in its own way: rename it"
        return {**report, "unfit": why}, b""
    new = run.new_constants()
    theorems = [name for name, info in new.items() if tag(info) == THEOREM]
    if not theorems:
        return report, b""
    declared = min(theorems, key=len)
    report["name"] = list(declared)
    try:
        return report, export(base.lean, new, declared, strings=request["strings"], proved=False)
    except Unfit as error:
        return {**report, "unfit": str(error)}, b""


def proof(base: Base, request: Data) -> tuple[Data, bytes]:
    """Parse, gate and elaborate a proof.

    Args:
        request: `prefix`, `statement` (ends before `:=`), `readings` (pairs of what joins a proof to it and the proof,
            the policy's text; the first pair that parses counts, or the first), `name` of the theorem (components),
            `heartbeats`, `strings`.

    Returns:
        a report and the exported constants (b"" when there is nothing to check again). The report has `reading` (which
        one), and `forbidden` (`{"what", "start"}`) or `messages` (`messages.read`; `parsing` says which are the
        parser's) and `steps` (`[start, end, kind, block]` as in `gate.Step`); positions are bytes of the whole text,
        those of messages are Lean's lines and columns.
    """
    chosen = None
    for number, (joint, body) in enumerate(request["readings"]):
        run = Elaboration(base, request["prefix"], request["statement"] + joint + body + "\n", request["heartbeats"])
        commands, faults = run.parse()
        if chosen is None or not faults:
            start = run.start + len((request["statement"] + joint).encode())
            chosen = (number, start, run, commands, faults)
        if not faults:
            break
    assert chosen is not None
    number, start, run, commands, faults = chosen
    report: Data = {"reading": number}
    if refusal := gate.refuse(commands, start):
        return {**report, "forbidden": {"what": refusal.what, "start": refusal.start}}, b""
    report["steps"] = [[step.start, step.end, step.kind, step.block] for step in gate.steps(commands[0], start)]
    run.run()
    report["messages"] = [{**message, "parsing": message in faults} for message in run.messages()]
    if report["messages"]:
        return report, b""
    new = run.new_constants()
    name = tuple(request["name"])
    if name not in new:
        return {**report, "unfit": f"no theorem {dotted(name)} was declared"}, b""
    try:
        return report, export(base.lean, new, name, strings=request["strings"])
    except Unfit as error:
        return {**report, "unfit": str(error)}, b""
