"""The trusted end of one sandboxed side's channel."""

from __future__ import annotations

from verifiers.code.tally import Problem, ending
from verifiers.code.wire import MAX_LINE_BYTES
from verifiers.sandbox.launcher import ForkServer
from verifiers.sandbox.types import Limits, Outcome, SandboxFailed
from verifiers.types import Status

# The sandbox ends a side at its wall clock; one that is silent for longer than that has lost its sandbox.
_GRACE_SECONDS = 15
_CHUNK_BYTES = 1 << 16


class Peer:
    """A side that runs: lines to it, lines from it, and why it ended. Raises SandboxFailed from everything it does."""

    def __init__(self, server: ForkServer, program: str, limits: Limits) -> None:
        self._limits = limits
        self._child = server.start(program, limits=limits, channels=1, stdin=b"")
        self._socket = self._child.channels[0]
        self._socket.settimeout(limits.wall_seconds + _GRACE_SECONDS)
        self._too_long = False
        self._chunk = memoryview(bytearray(_CHUNK_BYTES))

    def send(self, line: bytes) -> None:
        """To a side that has ended it goes nowhere; `receive` will tell."""
        try:
            self._socket.sendall(line + b"\n")
        except TimeoutError:
            raise SandboxFailed("a sandboxed process outlived its wall clock") from None
        except OSError:
            return

    def receive(self, longest: int = MAX_LINE_BYTES) -> bytes | None:
        """The next line, without its end; None when the side has ended, broken the protocol, or says more than
        `longest` bytes.
        """
        line = bytearray()
        end = -1
        while end < 0 and len(line) <= longest:
            try:
                size = self._socket.recv_into(self._chunk)
            except TimeoutError:
                raise SandboxFailed("a sandboxed process outlived its wall clock") from None
            except OSError:
                return None
            if not size:
                return None
            line += self._chunk[:size]
            end = line.find(b"\n", len(line) - size)
        # The sides take turns: what comes after a line is out of turn.
        if end == len(line) - 1 and end <= longest:
            return bytes(line[:end])
        self._too_long = True
        return None

    def problem(self) -> Problem | None:
        """Why the side gives no more lines: the limit or signal that ended it; None when it just ended."""
        if self._too_long:
            return Problem(Status.WRONG, "a reply of the program is malformed or far too long")
        return ending(self._child.wait(), self._limits)

    def kill(self) -> None:
        """End it soon; `close` still has to follow."""
        self._child.kill()

    def close(self) -> Outcome:
        """End it, if it still runs; what it has used."""
        self._child.kill()
        return self._child.wait()
