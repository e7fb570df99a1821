"""The line protocol between the driver and its two sandboxed sides, as the sides see it. Standard library only.

A line is one letter, a JSON text and a newline. The sides take turns, so a line is never in the way of another:

| letter | from -> to | says |
|---|---|---|
| `S` | driver -> side | set-up: the program, or the tests |
| `C` | tests -> solution | call, or read an attribute of an object |
| `R` | solution -> tests | the result of a call |
| `X` | solution -> tests | the exception of a call |
| `B` | solution -> tests | call back a function that the tests handed over |
| `K` | tests -> solution | the result of that |
| `F` | solution -> driver | the program does not load |
| `V` | tests -> driver | the verdict of the tests |
"""

from __future__ import annotations

import json
import os
from typing import Any

# The first descriptor after stdin, stdout and stderr.
CHANNEL = 3
MAX_LINE_BYTES = 8 << 20


class Gone(BaseException):
    """The other side has closed the channel. Not an Exception: the code in between must not take it for its own."""


class Wire:
    """A side's end of its channel."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def send(self, letter: str, body: Any) -> None:
        """Raises ValueError for a line over the limit, TypeError or RecursionError for what is no JSON."""
        line = f"{letter}{json.dumps(body)}\n".encode()
        if len(line) > MAX_LINE_BYTES:
            raise ValueError(f"a message of more than {MAX_LINE_BYTES} bytes")
        view = memoryview(line)
        while view:
            view = view[os.write(CHANNEL, view) :]

    def receive(self) -> tuple[str, Any]:
        """The next line. Raises Gone at the end, ValueError or RecursionError for what is no message."""
        searched = 0
        while (end := self._buffer.find(b"\n", searched)) < 0:
            searched = len(self._buffer)
            received = os.read(CHANNEL, 1 << 16)
            if not received:
                raise Gone
            self._buffer += received
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        return line[:1].decode("ascii"), json.loads(line[1:])
