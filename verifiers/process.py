"""Our end of one judge process (`verifiers.worker`): start, talk with deadlines, kill."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from verifiers.jobs import Job
from verifiers.registry import Lane
from verifiers.types import Verdict
from verifiers.wire import Encoder
from verifiers.worker import LENGTH, LOADING

_MAX_LINE_BYTES = 8 << 20
# Between the end of a process's descriptors and that of the process.
_DEATH_SECONDS = 5.0
# Nothing else of the caller's environment reaches a worker: no keys, no tokens.
_ENVIRONMENT = (
    *("PATH", "HOME", "XDG_CACHE_HOME", "LANG", "LC_ALL", "LC_CTYPE", "TMPDIR", "TZ", "LD_LIBRARY_PATH"),
    *("VIRTUAL_ENV", "RLCORE_SANDBOX"),
    # Which Lean judges (`verifiers.lean.discovery`).
    *("RLCORE_LEAN_PROJECT", "RLCORE_LEAN_TOOLCHAIN", "LEAN_SYSROOT", "ELAN_HOME"),
)


class Late(Exception):
    """The deadline passed."""


class Dead(Exception):
    """The worker died, broke the protocol, or a built-in judge raised in it; the message says which."""


class Killed(Dead):
    """The worker was killed by SIGKILL, which no confined answer can send: by a stranger, or for want of memory."""


class Spent(Exception):
    """The answer used up its CPU time, and the kernel ended the worker."""


@dataclass(frozen=True, slots=True)
class WorkerLimits:
    """Limits of a worker process.

    Attributes:
        memory_bytes: address space (RLIMIT_AS); not for the lane `driver`, whose children have limits of their own.
        cpu_seconds: CPU time of one answer in the lane `confined`.
        startup_seconds: wall clock for getting warm, and for each import of a user's file.
    """

    memory_bytes: int
    cpu_seconds: float
    startup_seconds: float


class Worker:
    """One worker process. Only the thread that made it talks to it (the kernel kills it when that thread ends)."""

    def __init__(self, lane: Lane, limits: WorkerLimits) -> None:
        ours, theirs = socket.socketpair()
        environment = {key: os.environ[key] for key in _ENVIRONMENT if key in os.environ}
        # The package's own root too: here it may have been found through the working directory.
        environment["PYTHONPATH"] = os.pathsep.join([*filter(None, sys.path), str(Path(__file__).resolve().parents[1])])
        environment["OMP_NUM_THREADS"] = environment["OPENBLAS_NUM_THREADS"] = "1"
        arguments = [str(theirs.fileno()), str(os.getpid()), lane, str(limits.memory_bytes), str(limits.cpu_seconds)]
        with theirs:
            self.process = subprocess.Popen(
                # -P: the working directory does not shadow modules.
                [sys.executable, "-P", "-m", "verifiers.worker", *arguments],
                stdin=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
                env=environment,
                # Its own group: what a user's function started is killed with it, and Ctrl-C reaches only us.
                start_new_session=True,
            )
        self._startup_seconds = limits.startup_seconds
        self._socket = ours
        self._buffer = bytearray()
        self._encoder = Encoder()
        self._ending = threading.Lock()

    def wait_ready(self) -> None:
        """Until it is warm. Raises Late or Dead."""
        self._read_line(self._startup_seconds)

    def send(self, jobs: Sequence[Job], seconds: float) -> None:
        """Hand over a chunk. The worker reads all of it before it answers, so neither side can block the other."""
        body = self._encoder.encode(jobs)
        self._socket.settimeout(seconds)
        try:
            self._socket.sendall(LENGTH.pack(len(body)) + body)
        except TimeoutError:
            raise Late from None
        except OSError as error:
            raise self._death() from error

    def read_verdict(self, seconds: float) -> Verdict:
        """The next answer. Raises Late, Dead or Spent. `seconds` begin anew once a user's file is imported for it."""
        line = self._read_line(seconds)
        if line + b"\n" == LOADING:
            self.wait_ready()
            line = self._read_line(seconds)
        if line.startswith(b'{"crash"'):
            raise Dead(f"the judge raised {json.loads(line)['crash']}")
        try:
            return Verdict.model_validate_json(line)
        except ValueError as error:
            raise Dead("the worker's reply is no verdict") from error

    def judge(self, job: Job, seconds: float) -> Verdict:
        """One job alone. Raises Late, Dead or Spent."""
        self.send([job], seconds)
        return self.read_verdict(seconds)

    def _read_line(self, seconds: float) -> bytes:
        deadline = time.monotonic() + seconds
        while (end := self._buffer.find(b"\n")) < 0:
            self._socket.settimeout(max(deadline - time.monotonic(), 0.001))
            try:
                received = self._socket.recv(1 << 16)
            except TimeoutError:
                raise Late from None
            except OSError as error:
                raise self._death() from error
            self._buffer += received
            if not received:
                raise self._death()
            if len(self._buffer) > _MAX_LINE_BYTES:
                raise Dead("the worker's reply is too long")
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        return line

    def _death(self) -> Dead | Spent:
        """How the worker, which closed its end, came to that."""
        try:
            code = self.process.wait(_DEATH_SECONDS)
        except subprocess.TimeoutExpired:
            return Dead("the worker closed its channel")
        if code == -signal.SIGPROF:
            return Spent()
        return (Killed if code == -signal.SIGKILL else Dead)(f"the worker died with code {code}")

    def kill(self) -> None:
        """SIGKILL to the worker and its group, and reap it. From any thread, any number of times."""
        with self._ending:
            # Before it is reaped, even a dead leader's number cannot belong to anybody else.
            if self.process.returncode is None:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()

    def close(self) -> None:
        """Kill it and close our end. Only by the thread that talks to it."""
        self.kill()
        self._socket.close()
