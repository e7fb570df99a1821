"""The trusted end of one sandboxed side's channel."""

from __future__ import annotations

from verifiers.code.tally import Problem, ending
from verifiers.code.wire import MAX_LINE_BYTES
from verifiers.sandbox.launcher import ForkServer
from verifiers.sandbox.types import Limits, SandboxFailed
from verifiers.types import Status

# The sandbox ends a side at its wall clock; one that is silent for longer than that has lost its sandbox.
_GRACE_SECONDS = 15


class Peer:
    """A side that runs: lines to it, lines from it, and why it ended. Raises SandboxFailed from everything it does."""

    def __init__(self, server: ForkServer, program: str, limits: Limits) -> None:
        self._limits = limits
        self._child = server.start(program, limits=limits, channels=1, stdin=b"")
        self._socket = self._child.channels[0]
        self._socket.settimeout(limits.wall_seconds + _GRACE_SECONDS)
        self._too_long = False

    def send(self, line: bytes) -> None:
        """To a side that has ended it goes nowhere; `receive` will tell."""
        try:
            self._socket.sendall(line + b"\n")
        except TimeoutError:
            raise SandboxFailed("a sandboxed process outlived its wall clock") from None
        except OSError:
            return

    def receive(self) -> bytes | None:
        """The next line, without its end; None when the side has ended or broken the protocol."""
        chunks: list[bytes] = []
        size = 0
        while True:
            try:
                chunk = self._socket.recv(1 << 16)
            except TimeoutError:
                raise SandboxFailed("a sandboxed process outlived its wall clock") from None
            except OSError:
                return None
            chunks.append(chunk)
            size += len(chunk)
            # The sides take turns: what comes after a line is out of turn.
            if not chunk or size > MAX_LINE_BYTES or b"\n" in chunk:
                break
        if chunks[-1].find(b"\n") == len(chunks[-1]) - 1 and chunks[-1]:
            return b"".join(chunks)[:-1]
        self._too_long = bool(chunks[-1])
        return None

    def problem(self) -> Problem | None:
        """Why the side gives no more lines: the limit or signal that ended it; None when it just ended."""
        if self._too_long:
            return Problem(Status.WRONG, "a reply of the program is malformed")
        return ending(self._child.wait(), self._limits)

    def kill(self) -> None:
        """End it soon; `close` still has to follow."""
        self._child.kill()

    def close(self) -> None:
        """End it, if it still runs."""
        self._child.kill()
        self._child.wait()
