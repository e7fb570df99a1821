"""Runs programs in the sandbox, on threads of its own: a fork server serves only the thread that started it."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import hashlib
import shutil
import signal
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from verifiers.sandbox import reach
from verifiers.sandbox.command import Command
from verifiers.sandbox.launcher import Child, ForkServer
from verifiers.sandbox.slow_lane import run_command
from verifiers.sandbox.types import Ending, Limits, Order, Outcome, SandboxFailed, SandboxUnavailable

_COMPILER_FLAGS = ("-O2", "-std=c++17", "-pipe", "-fdiagnostics-color=never", "-o", "program", "solution.cpp")
_COMPILER_PROCESSES = 8
# What this process, which no program can reach, has used up.
_EXHAUSTED = frozenset({errno.EAGAIN, errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM, errno.ENOSPC})
# As the kernel ends what goes past these limits.
_SIGNALS = {"memory": -signal.SIGKILL, "output": -signal.SIGXFSZ}


@dataclass(frozen=True, slots=True)
class Program:
    """What is to run. `language` is `python` or `cpp`; `files` lie beside it, read-only."""

    source: str
    language: str
    stdin: bytes
    files: Mapping[str, bytes]
    limits: Limits
    compile_limits: Limits

    @property
    def digest(self) -> bytes:
        """Of all of it: two with the same one do the same."""
        files = sorted((name, hashlib.sha256(content).digest()) for name, content in self.files.items())
        whole = (self.source, self.language, self.stdin, files, self.limits, self.compile_limits)
        return hashlib.sha256(repr(whole).encode(errors="surrogatepass")).digest()

    @property
    def size(self) -> int:
        """Bytes that it takes in memory, about."""
        return len(self.source) + len(self.stdin) + sum(map(len, self.files.values()))


@dataclass(frozen=True, slots=True)
class Ran:
    """How something ended. `code` is the exit code or the negative signal; none where its time was over."""

    ending: Ending
    code: int | None
    stdout: bytes
    stderr: bytes
    seconds: float


@dataclass(frozen=True, slots=True)
class Finished:
    """Of a program: its compiler (C++ only), and itself where it compiled."""

    compiled: Ran | None
    ran: Ran | None


class _Stop:
    """Ends a run from another thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._child: Child | Command | None = None
        self.asked = False

    def watch(self, child: Child | Command | None) -> None:
        with self._lock:
            self._child = child
            if self.asked:
                self._kill()

    def __call__(self) -> None:
        with self._lock:
            self.asked = True
            self._kill()

    def _kill(self) -> None:
        # It may just have ended, and its server with it.
        with contextlib.suppress(SandboxFailed, OSError):
            if self._child is not None:
                self._child.kill()


class Runner:
    """Runs at most `workers` programs side by side; the others wait."""

    def __init__(self, workers: int) -> None:
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="run-code")
        self._own = threading.local()
        self._stops: set[_Stop] = set()

    async def run(self, program: Program) -> Finished:
        """Run it to its end. Cancelling ends it, or takes it out of the queue.

        Raises SandboxFailed where the sandbox fails by itself, SandboxUnavailable where there is none.
        """
        stop = _Stop()
        self._stops.add(stop)
        try:
            return await asyncio.wrap_future(self._threads.submit(self._run, program, stop))
        finally:
            stop()
            self._stops.discard(stop)

    def close(self) -> None:
        """End what runs; the fork servers end with their threads."""
        for stop in tuple(self._stops):
            stop()
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _run(self, program: Program, stop: _Stop) -> Finished:
        if program.language == "cpp":
            return _run_cpp(program, stop)
        if program.files:
            return Finished(None, _run_beside_files(program, stop))
        return Finished(None, self._run_python(program, stop))

    def _run_python(self, program: Program, stop: _Stop) -> Ran:
        server = self._server(program.source)

        def once() -> Outcome:
            with server.start(program.source, limits=program.limits, stdin=program.stdin) as child:
                stop.watch(child)
                try:
                    return child.wait()
                finally:
                    stop.watch(None)

        return _fairly(stop, once, lambda: server.run("pass", limits=Limits()))

    def _server(self, source: str) -> ForkServer:
        """This thread's fork server, with the libraries that a program names."""
        preload = ("numpy", "sympy") if "sympy" in source else ("numpy",) if "numpy" in source else ()
        servers: dict[tuple[str, ...], ForkServer] = self._own.__dict__.setdefault("servers", {})
        if preload not in servers:
            servers[preload] = ForkServer(preload=preload)
        return servers[preload]


def _run_cpp(program: Program, stop: _Stop) -> Finished:
    compiler = shutil.which("g++", path=reach.PATH)
    if compiler is None:
        raise SandboxUnavailable("no g++ on this machine: apt-get install g++")
    made: dict[str, bytes] = {}

    def compile_once() -> Outcome:
        order = Order(
            [compiler, *_COMPILER_FLAGS],
            files={**program.files, "solution.cpp": program.source.encode(errors="surrogatepass")},
            stdin=b"",
            limits=program.compile_limits,
            reads=reach.compiler(compiler),
            processes=_COMPILER_PROCESSES,
            keep=("program",),
        )
        outcome, files = run_command(order, stop.watch)
        made.update(files)
        return outcome

    compiled = _fairly(stop, compile_once, _nothing)
    if compiled.ending != "exited" or compiled.code or "program" not in made:
        return Finished(compiled, None)
    files = {**program.files, **made}
    order = Order(["./program"], files, program.stdin, program.limits, reach.runtime())
    return Finished(compiled, _command(order, stop))


def _run_beside_files(program: Program, stop: _Stop) -> Ran:
    python = shutil.which("python3", path=reach.PATH)
    if python is None:
        raise SandboxUnavailable("no python3 below /usr on this machine, which programs with files need")
    files = {**program.files, "main.py": program.source.encode(errors="surrogatepass")}
    return _command(Order([python, "main.py"], files, program.stdin, program.limits, reach.python(python)), stop)


def _command(order: Order, stop: _Stop) -> Ran:
    return _fairly(stop, lambda: run_command(order, stop.watch)[0], _nothing)


def _nothing() -> object:
    """A command that does nothing, in the slow lane."""
    true = shutil.which("true", path=reach.PATH) or "/usr/bin/true"
    return run_command(Order([true], {}, b"", Limits(), reach.tools("true")))


def _fairly(stop: _Stop, once: Callable[[], Outcome], control: Callable[[], object]) -> Ran:
    """Run something, again where the sandbox failed, and find out whose fault it is: the program's, where `control`
    passes. Raises SandboxFailed where it does not, where this machine refuses us what running it takes (open files,
    memory, processes), or once nobody waits for it.
    """
    try:
        for _ in range(2):
            with contextlib.suppress(SandboxFailed):
                outcome = once()
                code = _SIGNALS.get(outcome.status, outcome.returncode)
                return Ran(outcome.status, code, outcome.stdout, outcome.stderr, outcome.wall_seconds)
            if stop.asked:
                raise SandboxFailed("nobody waits for it")
        control()
    except OSError as error:
        if error.errno not in _EXHAUSTED:
            raise
        raise SandboxFailed(f"this machine refuses the sandbox something: {error.strerror}") from None
    return Ran("signaled", -signal.SIGKILL, b"", b"", 0.0)
