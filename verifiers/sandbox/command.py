"""One command of the slow lane, in the form that this machine has: listened to, and accounted for."""

from __future__ import annotations

import contextlib
import math
import os
import select
import signal
import time
from types import TracebackType
from typing import Protocol, Self

from verifiers.sandbox import bubblewrap
from verifiers.sandbox.bare_form import BareForm
from verifiers.sandbox.bubblewrap_form import BubblewrapForm
from verifiers.sandbox.types import (
    CPU_SLACK_SECONDS,
    CPU_SPENT_SHARE,
    STDERR_BYTES,
    End,
    Ending,
    Order,
    Outcome,
    SandboxFailed,
)

_CHUNK_BYTES = 1 << 16
_KILLED = 128 + signal.SIGKILL


class Form(Protocol):
    """How a command is held (`BubblewrapForm`, `BareForm`)."""

    stdout: int
    stderr: int
    room: int
    started: float

    def kill(self) -> None:
        """End it now, from any thread."""

    def finish(self, stdout: bytes, stderr: bytes, deadline: float, *, cut: bool) -> End:
        """Until it has ended, by itself or by us."""


class Command:
    """A command that runs for as long as the context lasts.

    Raises SandboxUnavailable if it cannot be held here, SandboxFailed if what holds it fails.

    Attributes:
        kept: after `wait`, the files that it made and that were to come back.
    """

    def __init__(self, order: Order) -> None:
        self._limits = order.limits
        self._cleanup = contextlib.ExitStack()
        self._cut: Ending | None = None
        self.kept: dict[str, bytes] = {}
        program, _ = bubblewrap.find()
        try:
            self._form: Form = (
                BareForm(order, self._cleanup) if program is None else BubblewrapForm(program, order, self._cleanup)
            )
        except BaseException:
            self._cleanup.close()
            raise

    def kill(self) -> None:
        """End it now, from any thread; `wait` then says that it was killed from outside."""
        self._form.kill()

    def wait(self) -> Outcome:
        """Until it has ended, at the latest at one limit or the other. Raises SandboxFailed."""
        form, deadline = self._form, self._form.started + self._limits.wall_seconds
        stdout, stderr = self._listen(deadline)
        end = form.finish(stdout[: form.room], stderr, deadline, cut=self._cut is not None)
        wall = time.monotonic() - form.started
        self.kept = end.kept
        ending = self._ending(end)
        code = end.code if ending in ("exited", "signaled") else None
        # The pipe is emptied by chunks, so more may be here than was to be read.
        if len(end.stdout) > self._limits.output_bytes and ending == "exited":
            ending, code = "output", None
        return Outcome(
            status=ending,
            returncode=128 - code if ending == "signaled" and code is not None else code,
            stdout=end.stdout[: self._limits.output_bytes],
            stderr=stderr[:STDERR_BYTES],
            cpu_seconds=end.cpu_seconds,
            wall_seconds=wall,
            max_rss_bytes=end.max_rss_bytes,
        )

    def _listen(self, deadline: float) -> tuple[bytes, bytes]:
        """Its output, until it closes it or a limit is met."""
        form = self._form
        kept = {form.stdout: bytearray(), form.stderr: bytearray()}
        rooms = {form.stdout: form.room, form.stderr: self._limits.output_bytes}
        poll = select.poll()
        for descriptor in kept:
            poll.register(descriptor, select.POLLIN)
        still_open = len(kept)
        while still_open and self._cut is None:
            ready = poll.poll(max(0.0, deadline - time.monotonic()) * 1000)
            if not ready:
                self._cut = "wall"
            for descriptor, _ in ready:
                chunk = os.read(descriptor, _CHUNK_BYTES)
                kept[descriptor] += chunk
                if not chunk:
                    poll.unregister(descriptor)
                    still_open -= 1
                if len(kept[descriptor]) > rooms[descriptor]:
                    self._cut = "output"
        return bytes(kept[form.stdout]), bytes(kept[form.stderr])

    def _ending(self, end: End) -> Ending:
        cut = self._cut or end.cut
        if cut == "output":
            return "output"
        limit = math.ceil(self._limits.cpu_seconds)
        spent = end.cpu_seconds >= limit * CPU_SPENT_SHARE
        if end.cpu_seconds >= limit - CPU_SLACK_SECONDS or (end.code == _KILLED and spent):
            return "cpu"
        if cut:
            return cut
        if end.out_of_memory:
            return "memory"
        if end.code == _KILLED:
            if end.max_rss_bytes >= self._limits.memory_bytes // 2:
                return "memory"
            # The kernel, out of memory, or a stranger; or it exited with this code, as any command can. Who is to blame
            # shows when it is run again: chance does not strike twice, and a trick does not become a mask.
            raise SandboxFailed("the command was killed from outside, or says so by its exit code")
        return "signaled" if end.code > 128 else "exited"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._cleanup.close()
