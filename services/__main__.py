"""`python -m services`: run the reward service until SIGTERM, SIGINT or (on request) the end of its parent."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import errno
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import uvicorn
from pydantic import ValidationError

from services.app import create_app
from services.settings import Settings
from verifiers import user

_GRACE_SECONDS = 5


def main(argv: Sequence[str] | None = None) -> int:
    """Exit code 0 after a clean end, 2 for wrong arguments or a port in use, 3 when the judges do not start."""
    arguments = _arguments(argv)
    try:
        for spec in arguments.user_function:
            user.locate(spec)
        settings = Settings(
            host=arguments.host,
            port=arguments.port,
            workers=arguments.workers,
            deadline_seconds=arguments.deadline,
            user_functions=tuple(arguments.user_function),
        )
        listener = _listen(settings.host, settings.port)
    except (ValidationError, ValueError) as error:
        print(f"services: {error}", file=sys.stderr)
        return 2
    config = uvicorn.Config(
        create_app(settings), log_level="warning", access_log=False, timeout_graceful_shutdown=_GRACE_SECONDS
    )
    server = uvicorn.Server(config)

    def stop(*_: object) -> None:
        server.should_exit = True

    # uvicorn raises the signal again once it is done; with these handlers that ends in exit code 0.
    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    if arguments.exit_with_parent:
        _watch_parent(stop)
    asyncio.run(_serve(server, listener, arguments.port_file))
    return 0 if server.started else 3


async def _serve(server: uvicorn.Server, listener: socket.socket, port_file: Path | None) -> None:
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    while not (server.started or serving.done()):
        await asyncio.sleep(0.02)
    if server.started:
        host, port = listener.getsockname()[:2]
        if port_file is not None:
            _write_atomically(port_file, f"{port}\n")
        print(f"services: ready on http://{host}:{port}", file=sys.stderr, flush=True)
    await serving


def _listen(host: str, port: int) -> socket.socket:
    """A listening socket before anything slow happens. Raises ValueError that names the remedy."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family)
    # A service that was killed comes back on its port at once.
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(2048)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise ValueError(f"port {port} on {host} is in use: give another --port, or 0 for a free one") from None
        raise ValueError(f"cannot listen on {host}:{port} ({error.strerror}): give another --host or --port") from None
    return listener


def _write_atomically(path: Path, text: str) -> None:
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    temporary.write_text(text, encoding="ascii")
    temporary.replace(path)


def _watch_parent(stop: Callable[[], None]) -> None:
    """Call `stop` when stdin ends or this process gets another parent."""
    parent = os.getppid()

    def until_stdin_ends() -> None:
        # A stdin that cannot be read has ended.
        with contextlib.suppress(OSError):
            while os.read(0, 1 << 16):
                pass
        stop()

    def until_orphaned() -> None:
        while os.getppid() == parent:
            time.sleep(0.25)
        stop()

    for watch in (until_stdin_ends, until_orphaned):
        threading.Thread(target=watch, daemon=True).start()


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    defaults = Settings()
    parser = argparse.ArgumentParser(prog="python -m services", description="The reward service: judges over HTTP.")
    parser.add_argument("--host", default=defaults.host, help="address to listen on; there is no authentication")
    parser.add_argument("--port", type=int, default=defaults.port, help="0 picks a free one (default: %(default)s)")
    parser.add_argument("--port-file", type=Path, help="write the port here once the service is ready")
    parser.add_argument("--workers", type=int, default=defaults.workers, help="judge processes (default: %(default)s)")
    parser.add_argument(
        "--deadline", type=float, default=defaults.deadline_seconds, metavar="SECONDS", help="limit on one answer"
    )
    parser.add_argument(
        "--user-function",
        action="append",
        default=[],
        metavar="SPEC",
        help="a path/to/file.py:function that callers may name as verifier, letter for letter; may be repeated",
    )
    parser.add_argument(
        "--exit-with-parent", action="store_true", help="end when stdin ends or the parent process dies"
    )
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main())
