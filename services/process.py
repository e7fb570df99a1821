"""The processes of the service: one that holds the port and watches, and those that serve.

The watchdog judges nothing and reads no request, so nothing that a caller sends can end it. A client of a server that
was killed waits for some seconds and finds another one behind the same port.
"""

from __future__ import annotations

import asyncio
import ctypes
import functools
import os
import signal
import socket
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import uvicorn
from uvicorn.config import STARTUP_FAILURE
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.supervisors import Multiprocess

from services.settings import Settings
from verifiers.pool import JudgePool
from verifiers.sandbox.types import SandboxUnavailable

_GRACE_SECONDS = 20
# A server whose process does not answer its watchdog for so long is replaced.
_HANGING_SECONDS = 20
_FIRST_SECONDS = 120.0
_PR_SET_PDEATHSIG = 1


class Protocol(HttpToolsProtocol):
    """HTTP/1.1 with a deadline for the headers of each request on a connection, which uvicorn lacks."""

    header_seconds = 20.0
    _waiting: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._waiting = self.loop.call_later(self.header_seconds, self._close_unless_serving)

    def on_headers_complete(self) -> None:
        self._stop_waiting()
        super().on_headers_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        # The first bytes of a later request on the same connection.
        if self._waiting is None and (self.cycle is None or self.cycle.response_complete):
            self._waiting = self.loop.call_later(self.header_seconds, self._close_unless_serving)
        super().data_received(data)

    def _close_unless_serving(self) -> None:
        self._waiting = None
        if not self.transport.is_closing():
            self.transport.close()

    def _stop_waiting(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None


class Watchdog(Multiprocess):
    """Starts server processes on an open socket, and another one for each that dies or hangs.

    `run` returns once told to stop (SIGTERM, SIGINT, `stop`), or when a server does not start (`failed`).
    """

    def __init__(self, settings: Settings, listener: socket.socket) -> None:
        make = functools.partial(_app, settings, listener.getsockname()[1], os.getpid(), time.monotonic())
        super().__init__(_configuration(settings, make), [listener])

    @property
    def failed(self) -> bool:
        """Whether a server did not start."""
        return any(process.exitcode == STARTUP_FAILURE for process in self.processes)

    def stop(self) -> None:
        """From any thread."""
        self.should_exit.set()


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
        limit_concurrency=settings.max_connections,
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
    from services.store import StoreAway, StoreUnfit

    Protocol.header_seconds = settings.read_seconds

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


def _write_atomically(path: Path, text: str) -> None:
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    temporary.write_text(text, encoding="ascii")
    temporary.replace(path)
