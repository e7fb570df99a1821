"""The processes of the service: one that holds the port and watches, and those that serve.

The watchdog judges nothing and reads no request, so nothing that a caller sends can end it. A client of a server that
was killed waits for some seconds and finds another one behind the same port.
"""

from __future__ import annotations

import asyncio
import ctypes
import fcntl
import functools
import os
import resource
import signal
import socket
import sys
import termios
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import ClassVar

import uvicorn
from starlette.types import Receive, Scope, Send
from uvicorn.config import STARTUP_FAILURE
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.supervisors import Multiprocess

from services import metrics_folder
from services.settings import Settings
from verifiers.pool import JudgePool
from verifiers.sandbox.types import SandboxUnavailable

_GRACE_SECONDS = 20
# A server whose process does not answer its watchdog for so long is replaced.
_HANGING_SECONDS = 20
_FIRST_SECONDS = 120.0
_PR_SET_PDEATHSIG = 1
# They are answered however many connections there are.
_PROBES = (b"/healthz", b"/readyz", b"/metrics")
# Connections beyond the limit, for probes and for whoever is told to come again.
_FOR_PROBES = 64
# Beside the connections: the store's, those of judges, fork servers.
_OTHER_FILES = 512
_MOST_FRAMING = 64 << 10
# Of a header: colon, blank, end of the line.
_BETWEEN = 4
_TOO_LARGE = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-type: application/json\r\ncontent-length: 51\r\n"
    b'connection: close\r\n\r\n{"detail": "the headers are larger than 64 KiB"}   '
)


class Protocol(HttpToolsProtocol):
    """HTTP/1.1 with what uvicorn lacks: deadlines for the headers of a request and for taking its answer, a limit on
    their size, and one on connections that says when to come again and lets probes through.

    Attributes:
        patience_seconds: the headers of a request take at most so long; so long, at most, not a byte of an answer is
            taken.
        most_connections: of this process. Beyond it and some more, who has waited longest without saying what he wants
            has to go.
    """

    patience_seconds = 20.0
    most_connections = 4096
    _silent: ClassVar[dict[Protocol, None]] = {}
    _waiting: asyncio.TimerHandle | None = None
    _sending: asyncio.TimerHandle | None = None
    # Of this message: what came so far beside its body, and of its body.
    _framing = _content = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        # Whatever the other side does not take at once is waited for with a deadline.
        transport.set_write_buffer_limits(high=0)
        self._wait_for_headers()
        if len(self.connections) > self.most_connections + _FOR_PROBES:
            longest = next(iter(self._silent))
            del self._silent[longest]
            longest.transport.abort()

    def on_headers_complete(self) -> None:
        self._stop_waiting()
        self._silent.pop(self, None)
        is_full = len(self.connections) > self.most_connections and self.url.partition(b"?")[0] not in _PROBES
        # Exactly, once they are all there; what never ends is cut off by what came in.
        taken = len(self.url) + sum(len(name) + len(value) + _BETWEEN for name, value in self.headers)
        if taken > _MOST_FRAMING:
            # Nobody reads where it was for, and the parser of URLs takes no longer one.
            self.app, self.url = _too_large, b"/"
        else:
            self.app = _too_many if is_full else self.config.loaded_app
        super().on_headers_complete()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        # It is kept for a later request as long as nobody else needs the place.
        if self.cycle.response_complete and not self.transport.is_closing():
            self._silent[self] = None

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        self._stop_sending()
        self._silent.pop(self, None)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        # The first bytes of a later request on the same connection.
        if self._waiting is None and (self.cycle is None or self.cycle.response_complete):
            self._wait_for_headers()
        self._framing += len(data)
        super().data_received(data)
        # Headers, trailers, and what stands between the pieces of a body: nothing else bounds them.
        if self._framing > _MOST_FRAMING + self._content and not self.transport.is_closing():
            if self._waiting is not None:
                self.transport.write(_TOO_LARGE)
            self.transport.close()

    def on_message_begin(self) -> None:
        self._framing = self._content = 0
        super().on_message_begin()

    def on_body(self, body: bytes) -> None:
        self._framing -= len(body)
        self._content += len(body)
        super().on_body(body)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._wait_for_reader()

    def resume_writing(self) -> None:
        self._stop_sending()
        super().resume_writing()

    def _wait_for_headers(self) -> None:
        self._waiting = self.loop.call_later(self.patience_seconds, self.transport.abort)
        self._silent[self] = None

    def _wait_for_reader(self, before: float = float("inf")) -> None:
        left = self.transport.get_write_buffer_size() + _unsent(self.transport)
        if left < before:
            self._sending = self.loop.call_later(self.patience_seconds, self._wait_for_reader, left)
        else:
            self.transport.abort()

    def _stop_waiting(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None

    def _stop_sending(self) -> None:
        if self._sending is not None:
            self._sending.cancel()
            self._sending = None


def _unsent(transport: asyncio.Transport) -> int:
    """Bytes that the kernel holds for the other side."""
    held = fcntl.ioctl(transport.get_extra_info("socket").fileno(), termios.TIOCOUTQ, bytes(4))
    return int.from_bytes(held, sys.byteorder)


async def _too_many(_: Scope, receive: Receive, send: Send) -> None:
    """The app of a request on one connection too many."""
    detail = b'{"detail": "this server has as many connections as it takes: come again, on fewer connections"}'
    headers = ((b"content-type", b"application/json"), (b"retry-after", b"1"), (b"connection", b"close"))
    await send({"type": "http.response.start", "status": 503, "headers": headers})
    await send({"type": "http.response.body", "body": detail})


async def _too_large(_: Scope, receive: Receive, send: Send) -> None:
    """The app of a request whose headers are too large, which has its turn behind earlier ones of its connection."""
    headers = ((b"content-type", b"application/json"), (b"connection", b"close"))
    await send({"type": "http.response.start", "status": 431, "headers": headers})
    await send({"type": "http.response.body", "body": _TOO_LARGE.partition(b"\r\n\r\n")[2]})


class Watchdog(Multiprocess):
    """Starts server processes on an open socket, and another one for each that dies or hangs.

    `run` returns once told to stop (SIGTERM, SIGINT, `stop`), or when a server does not start (`failed`).
    """

    def __init__(self, settings: Settings, listener: socket.socket) -> None:
        make = functools.partial(_app, settings, listener.getsockname()[1], os.getpid(), time.monotonic())
        super().__init__(_configuration(settings, make), [listener])
        self._serving: set[int] = set()

    @property
    def failed(self) -> bool:
        """Whether a server did not start."""
        return any(process.exitcode == STARTUP_FAILURE for process in self.processes)

    def stop(self) -> None:
        """From any thread."""
        self.should_exit.set()

    def run(self) -> None:
        """Serve until told to stop. What the servers count is in a folder that lasts as long."""
        with metrics_folder.shared() as folder:
            # prometheus_client's name; it looks as soon as it is imported.
            os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder
            super().run()

    def keep_subprocess_alive(self) -> None:
        """As uvicorn's, which waits for the answer of a server that died while it was asked: we hold its end open."""
        for process in self.processes:
            process.child_conn.close()
        self._serving |= self._pids()
        super().keep_subprocess_alive()
        for ended in self._serving - self._pids():
            _forget(ended)
        self._serving = self._pids()

    def _pids(self) -> set[int]:
        return {process.pid for process in self.processes if process.pid is not None}


def _forget(process: int) -> None:
    """Nothing is under way in a server that ended."""
    # Not before the folder has its name.
    from services import metrics

    metrics.forget(process)


def _configuration(settings: Settings, make: Callable[[], object]) -> uvicorn.Config:
    return uvicorn.Config(
        make,
        factory=True,
        http=Protocol,
        ws="none",
        workers=settings.processes,
        log_level="warning",
        access_log=False,
        server_header=False,
        backlog=2048,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=_GRACE_SECONDS,
        timeout_worker_healthcheck=_HANGING_SECONDS,
    )


def _app(settings: Settings, port: int, watchdog: int, began: float) -> object:
    """In a server process: the app, which says when it is ready. The process ends when the watchdog does.

    `began` is when the watchdog started (`time.monotonic`, which all processes share).
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != watchdog:
        raise SystemExit("the watchdog that started this server is gone")
    # Only the processes that serve need what the app imports; their judges get warm in the meantime.
    judges = ThreadPoolExecutor(1).submit(_judges, settings)
    from services.app import create_app, start
    from services.database import StoreUnfit
    from services.store import StoreAway

    Protocol.patience_seconds, Protocol.most_connections = settings.read_seconds, _affordable(settings.max_connections)

    def ready() -> None:
        if settings.port_file is not None:
            _write_atomically(settings.port_file, f"{port}\n")
        host = f"[{settings.host}]" if ":" in settings.host else settings.host
        print(f"services: ready on http://{host}:{port}", file=sys.stderr, flush=True)

    try:
        service = start(settings, judges.result)
    except (StoreAway, StoreUnfit, SandboxUnavailable, RuntimeError) as error:
        print(f"services: {error}", file=sys.stderr)
        # At the start that ends the service; later the watchdog tries again until what failed is back.
        first = time.monotonic() - began < _FIRST_SECONDS
        raise SystemExit(STARTUP_FAILURE if first else 1) from None
    return create_app(service, ready)


def _judges(settings: Settings) -> JudgePool:
    # What may wait is bounded by its cost, before it gets to the pool.
    return JudgePool(settings.workers, settings.deadline_seconds, max_queued=sys.maxsize)


def _affordable(connections: int) -> int:
    """So many connections, or what the open files of this user allow; the limit on these is raised as far as it may."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = connections + _FOR_PROBES + _OTHER_FILES
    if hard != resource.RLIM_INFINITY and hard < wanted:
        connections = max(hard - _FOR_PROBES - _OTHER_FILES, 1)
        print(
            f"services: this user may have {hard} files open, enough for {connections} connections of a process: raise "
            f"the limit (ulimit -Hn {wanted}) for more, or set --max-connections {connections}",
            file=sys.stderr,
        )
        wanted = hard
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return connections


def _write_atomically(path: Path, text: str) -> None:
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    temporary.write_text(text, encoding="ascii")
    temporary.replace(path)
