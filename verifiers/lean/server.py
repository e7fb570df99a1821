"""Lean as the judge asks it: state a theorem, elaborate a proof of it, have the kernel check the proof again.

Each header (what a problem puts before its theorem) has a fork server of the sandbox, `verifiers.sandbox.launcher`,
with Lean loaded and everything imported once (`verifiers.lean.warm`). Confined children of it answer requests:

    statement   our text alone                      -> what exactly is to be proved, as plain data; kept for all proofs
    proof       our text and the policy's           -> refused, or messages, or the proof term as plain data
    recheck     both pieces of plain data, no text  -> the kernel's word

A child has limits, deterministic ones first: heartbeats of Lean, CPU time, memory, wall clock.
"""

from __future__ import annotations

import atexit
import json
import logging
import os
from collections import OrderedDict
from dataclasses import dataclass, replace

from verifiers.lean import discovery, toolchain
from verifiers.lean.export import Data
from verifiers.lean.header import Header
from verifiers.lean.messages import HEARTBEATS as GAVE_UP
from verifiers.lean.messages import MEMORY
from verifiers.lean.session import Session
from verifiers.sandbox.launcher import ForkServer
from verifiers.sandbox.types import Limits, Outcome, SandboxFailed

HEARTBEATS = 4_000
"""Lean's own measure of work for one declaration, in thousands of small allocations (its default is 200,000)."""
LIMITS = Limits(cpu_seconds=10, wall_seconds=30, memory_bytes=1536 << 20, output_bytes=48 << 20)
# A proof over Mathlib takes what Lean gives it by default.
FULL_HEARTBEATS = 200_000
FULL_LIMITS = Limits(cpu_seconds=30, wall_seconds=90, memory_bytes=6 << 30, output_bytes=48 << 20)
_PROGRAM = "from verifiers.lean.warm import main\nmain()\n"
# What a proof costs depends a little on what its process did before. So a session stops at half of every limit, and
# what it does not get through has one run alone, where the same text always costs the same.
_CAUTION = 2
# What every sound process gets through.
_CONTROL: Data = {
    "statement": "theorem «the judge's own» : True",
    "readings": [("\n  := ", "by trivial")],
    "name": ["the judge's own"],
}
_MAX_SERVERS = 4
_MAX_STATEMENTS = 20_000


log = logging.getLogger(__name__)


class Broke(Exception):
    """A text broke the process that read it, otherwise than at a limit; a text of the judge's own does not break it."""


class Limited(Exception):
    """A child ran into a limit; `outcome` says which."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.status)
        self.outcome = outcome


@dataclass(frozen=True, slots=True)
class Stated:
    """A theorem without its proof.

    Attributes:
        messages: Lean's, where it has errors.
        name: its components.
        blob: the theorem as plain data (`verifiers.lean.export`); b"" when the statement is no sound one.
    """

    messages: list[Data]
    name: tuple[str | int, ...]
    blob: bytes
    unfit: str


class Server:
    """Lean below one header. Only the thread that made it uses it.

    Attributes:
        scope: the header's scope commands, which stand before every statement.
        version: the name of the Lean that decides.
        limits: of one request.

    Raises LeanUnavailable from everything when there is no Lean, SandboxUnavailable where nothing can be confined,
    SandboxFailed when a child died by nobody's limit.
    """

    def __init__(self, header: Header) -> None:
        tools = discovery.current()
        path = list(tools.path) if tools.is_full else [toolchain.prelude(tools)]
        modules = header.modules(tools)
        compiled = header.compiled(tools, path)
        if compiled is not None:
            path.append(compiled)
            modules.append(header.module)
        self.scope = header.scope
        self.version = tools.name
        self.limits = FULL_LIMITS if tools.is_full else LIMITS
        self._heartbeats = FULL_HEARTBEATS if tools.is_full else HEARTBEATS
        # The kernel knows what a string literal is where `String` is Lean's own.
        self._strings = tools.is_full
        self._forks = ForkServer(
            preload=("verifiers.lean.warm:load",),
            environment={
                toolchain.LIBRARY_SETTING: str(tools.library),
                toolchain.PATH_SETTING: os.pathsep.join(map(str, path)),
                toolchain.MODULES_SETTING: " ".join(modules),
                toolchain.SORRY_SETTING: "" if tools.is_full else toolchain.SORRY_MODULE,
            },
            paths=[*tools.folders(), *map(str, path)],
        )
        # Apart: what reads our own text never reads the policy's, and what has the last word reads none.
        half = replace(
            self.limits,
            cpu_seconds=self.limits.cpu_seconds / _CAUTION,
            wall_seconds=self.limits.wall_seconds / _CAUTION,
        )
        self._sessions = {what: Session(self._forks, half) for what in ("statement", "proof", "recheck")}
        self._stated: OrderedDict[str, Stated] = OrderedDict()
        # Axioms of imported constants, found by earlier checks.
        self._known: dict[str, list[str]] = {}

    def state(self, statement: str) -> Stated:
        """Elaborate a statement (it ends before its `:=`), or remember it. Raises Limited, Broke."""
        known = self._stated.get(statement)
        if known is None:
            report, blob = self._ask("statement", {"prefix": self.scope, "statement": statement})
            errors = [message for message in report["messages"] if message["severity"] == "error"]
            known = Stated(errors, tuple(report.get("name", ())), blob, report.get("unfit", ""))
            if blob and known.name and not errors:
                known = self._grounded(known)
            self._stated[statement] = known
            if len(self._stated) > _MAX_STATEMENTS:
                self._stated.popitem(last=False)
        self._stated.move_to_end(statement)
        return known

    def _grounded(self, stated: Stated) -> Stated:
        """With what `verifiers.lean.recheck.ground` says: a statement on an axiom of its header has no proof."""
        word, _ = self._ask("ground", {"name": stated.name, "known": self._known}, stated.blob)
        return stated if word["accepted"] else replace(stated, blob=b"", unfit=word["why"])

    def prove(self, statement: str, name: tuple[str | int, ...], readings: list[tuple[str, str]]) -> tuple[Data, bytes]:
        """Elaborate a proof.

        Args:
            readings: (what joins it to the statement, the proof), the first that parses is taken.

        Returns the report of `verifiers.lean.elaborate.proof` and the proof as plain data. Raises Limited,
        Broke.
        """
        request = {"prefix": self.scope, "statement": statement, "readings": readings, "name": name}
        return self._ask("proof", request)

    def check(self, stated: Stated, proof: bytes) -> Data:
        """The kernel's word, see `verifiers.lean.recheck.recheck`. Raises Limited, Broke."""
        request = {"name": stated.name, "known": self._known}
        word, _ = self._ask("recheck", request, stated.blob, proof)
        self._known.update(word.get("found", {}))
        return word

    def close(self) -> None:
        """End its processes."""
        for session in self._sessions.values():
            session.close()
        self._forks.close()

    def _ask(self, what: str, request: Data, *blobs: bytes) -> tuple[Data, bytes]:
        request = {"strings": self._strings, **request}
        session = self._sessions["recheck" if what == "ground" else what]
        answer = session.ask(_packed(what, self._heartbeats // _CAUTION, request, blobs))
        if answer is not None:
            report, blob = _unpacked(answer)
            if "broke" not in report and not _gave_up(report):
                return report, blob
            if "broke" in report:
                session.close()
        return self._ask_alone(what, request, blobs)

    def _ask_alone(self, what: str, request: Data, blobs: tuple[bytes, ...]) -> tuple[Data, bytes]:
        """In a child of its own, with all of the limits. Raises Limited, Broke, SandboxFailed."""
        outcome = self._run(what, request, blobs)
        if outcome.status != "exited":
            raise Limited(outcome)
        # Without memory Lean ends its process, and says nothing.
        report, blob = _unpacked(outcome.stdout) if outcome.stdout else ({"broke": "no answer"}, b"")
        if "broke" not in report:
            return report, blob
        # Without the scope, which may be the policy's own.
        control = self._run("proof", {"strings": self._strings, "prefix": "", **_CONTROL}, ())
        if control.status != "exited" or b'"messages": []' not in control.stdout:
            log.error("Lean's process breaks on any text: %s", outcome.stderr.decode(errors="replace"))
            raise SandboxFailed(f"Lean's process breaks on any text ({report['broke']}): the log says where")
        raise Broke(report["broke"])

    def _run(self, what: str, request: Data, blobs: tuple[bytes, ...]) -> Outcome:
        body = _packed(what, self._heartbeats, request, blobs)
        return self._forks.run(_PROGRAM, stdin=body, limits=self.limits)


def _gave_up(report: Data) -> bool:
    """Whether it might end otherwise with all of the limits, in a process of its own."""
    limits = {message["limit"] for message in report.get("messages", ())}
    return report.get("kind") == "limit" or not limits.isdisjoint((GAVE_UP, MEMORY))


def _packed(what: str, heartbeats: int, request: Data, blobs: tuple[bytes, ...]) -> bytes:
    return b"\n".join((json.dumps({"do": what, "heartbeats": heartbeats, **request}).encode(), *blobs))


def _unpacked(answer: bytes) -> tuple[Data, bytes]:
    line, _, blob = answer.partition(b"\n")
    report: Data = json.loads(line)
    return report, blob


_servers: OrderedDict[tuple[int, str], Server] = OrderedDict()


def shared(header: str) -> Server:
    """This process's server for a header. The few that were used last stay; all end at exit.

    Raises ValueError for a header that Lean does not accept, and what `Server` raises.
    """
    key = (os.getpid(), header)
    if key not in _servers:
        server = Server(Header.read(header, may_import=discovery.current().is_full))
        while len(_servers) >= _MAX_SERVERS:
            _servers.popitem(last=False)[1].close()
        _servers[key] = server
        atexit.register(server.close)
    _servers.move_to_end(key)
    return _servers[key]
