"""`python -m services`: run the reward service until SIGTERM, SIGINT or (on request) the end of its parent.

`python -m services keys add|list|remove` manages its API keys. Every setting is also a variable of the environment,
`REWARD_` and its name in `services.settings`; an option wins.
"""

from __future__ import annotations

import argparse
import contextlib
import errno
import os
import socket
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from pydantic import ValidationError

from services.process import Watchdog
from services.settings import PREFIX, Settings
from verifiers import user


def main(argv: Sequence[str] | None = None) -> int:
    """Exit code 0 after a clean end, 2 for wrong arguments or a port in use, 3 when the judges do not start."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if arguments[:1] == ["keys"]:
        from services import keys_command

        return keys_command.main(arguments[1:])
    options = vars(_parser().parse_args(arguments))
    exit_with_parent = options.pop("exit_with_parent")
    try:
        settings = Settings.from_environment(os.environ, **options)
        for spec in settings.user_functions:
            user.locate(spec)
        listener = _listen(settings.host, settings.port)
    except (ValidationError, ValueError) as error:
        print(f"services: {_explained(error)}", file=sys.stderr)
        return 2
    watchdog = Watchdog(settings, listener)
    if exit_with_parent:
        _watch_parent(watchdog.stop)
    watchdog.run()
    return 3 if watchdog.failed else 0


def _explained(error: ValueError) -> str:
    if not isinstance(error, ValidationError):
        return str(error)
    # Without the input: it may be a key.
    found = error.errors(include_input=False, include_url=False, include_context=False)
    said = [f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in found]
    return "; ".join(said) + f". The names are those of services/settings.py, in the environment as {PREFIX}NAME"


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


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m services", description=str(__doc__).partition("\n")[0])
    fields = Settings.model_fields

    def option(name: str, field: str, **more: object) -> None:
        # None: not given, so that the environment may say.
        text = str(fields[field].description).replace("%", "%%")
        parser.add_argument(name, dest=field, default=None, help=text, **more)  # type: ignore[arg-type]

    option("--host", "host")
    option("--port", "port", type=int)
    option("--port-file", "port_file", type=Path)
    option("--processes", "processes", type=int)
    option("--workers", "workers", type=int)
    option("--deadline", "deadline_seconds", type=float)
    option("--auth", "auth", choices=("auto", "required"))
    option("--store", "store")
    option("--store-days", "store_days", type=float)
    option("--store-megabytes", "store_megabytes", type=int)
    option("--user-function", "user_functions", action="append", metavar="FILE.py:FUNCTION")
    parser.add_argument(
        "--exit-with-parent", action="store_true", help="end when stdin ends or the parent process is gone"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
