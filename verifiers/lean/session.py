"""A child of Lean's fork server that answers several requests: the fast path.

A fork costs more than a short proof: hundreds of pages are copied when they are first written. So one child elaborates
many proofs, one after the other, and another one has the kernel check many. This gives away nothing of what makes a yes
sound: no answer can run code of its own where it is elaborated (`verifiers.lean.gate`), environments are values that
nobody can change, and the process that has the last word never sees a text. It gives away that an answer has its
process for itself; so whenever a session dies or is late, the request is done again in a child of its own, and that
child's end is what counts.
"""

from __future__ import annotations

import contextlib
import os
import select
import time

from verifiers.lean.warm import LENGTH
from verifiers.sandbox.launcher import Child, ForkServer
from verifiers.sandbox.types import Limits, SandboxFailed

MAX_REQUESTS = 100
_CHUNK_BYTES = 1 << 20
_MAX_ANSWER_BYTES = 64 << 20


class Session:
    """Requests to one child at a time, which is started when it is needed. Only one thread uses it.

    Args:
        limits: of one request; a session's own are those of `MAX_REQUESTS` of them, but for memory.
    """

    def __init__(self, forks: ForkServer, limits: Limits) -> None:
        self._forks = forks
        self._cpu_seconds, self._wall_seconds = limits.cpu_seconds, limits.wall_seconds
        self._limits = Limits(
            cpu_seconds=limits.cpu_seconds * MAX_REQUESTS,
            # It also waits between requests.
            wall_seconds=24 * 3600.0,
            memory_bytes=limits.memory_bytes,
            output_bytes=limits.output_bytes,
        )
        self._child: Child | None = None
        self._answered = 0

    def ask(self, body: bytes) -> bytes | None:
        """The answer, or None where the child died or was late. Raises what `ForkServer.start` raises."""
        if self._answered >= MAX_REQUESTS:
            self.close()
        if self._child is None:
            program = f"from verifiers.lean.warm import serve\nserve({self._cpu_seconds})\n"
            self._child = self._forks.start(program, limits=self._limits)
            self._answered = 0
        try:
            answer = self._exchange(self._child, body, time.monotonic() + self._wall_seconds)
        except OSError:
            answer = None
        if answer is None:
            self.close()
        self._answered += 1
        return answer

    def _exchange(self, child: Child, body: bytes, deadline: float) -> bytes | None:
        """One request and its answer. The child reads all before it writes, so neither blocks the other."""
        message = memoryview(LENGTH.pack(len(body)) + body)
        while message:
            if not _ready(child.stdin, select.POLLOUT, deadline):
                return None
            message = message[os.write(child.stdin, message[: select.PIPE_BUF]) :]
        header = _receive(child.stdout, LENGTH.size, deadline)
        if header is None:
            return None
        (size,) = LENGTH.unpack(header)
        return _receive(child.stdout, size, deadline) if size <= _MAX_ANSWER_BYTES else None

    def close(self) -> None:
        """End the child, if there is one."""
        child, self._child = self._child, None
        self._answered = 0
        if child is not None:
            # How it ended is nobody's business: what it did not answer is asked again. The wait gives back descriptors.
            with contextlib.suppress(SandboxFailed):
                child.kill()
            with contextlib.suppress(SandboxFailed):
                child.wait()


def _ready(descriptor: int, event: int, deadline: float) -> bool:
    poll = select.poll()
    poll.register(descriptor, event)
    return bool(poll.poll(max(0.0, deadline - time.monotonic()) * 1000))


def _receive(descriptor: int, size: int, deadline: float) -> bytes | None:
    parts = bytearray()
    while len(parts) < size:
        if not _ready(descriptor, select.POLLIN, deadline):
            return None
        part = os.read(descriptor, min(size - len(parts), _CHUNK_BYTES))
        if not part:
            return None
        parts += part
    return bytes(parts)
