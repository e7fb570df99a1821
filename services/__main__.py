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
from typing import Any

from pydantic import ValidationError
from pydantic_core import PydanticUndefined

from services.process import Watchdog
from services.schemas import faults
from services.settings import PREFIX, Settings
from verifiers import user

_SHORT = {"deadline_seconds": "--deadline", "user_functions": "--user-function"}


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
    return f"{faults(error)}. `python -m services --help` lists all, which are {PREFIX}NAME in the environment"


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
    """An option for every setting but the key, which would show in the list of processes."""
    parser = argparse.ArgumentParser(prog="python -m services", description=str(__doc__).partition("\n")[0])
    for name, field in Settings.model_fields.items():
        if name == "admin_key":
            continue
        about = str(field.description)
        if field.default not in (None, (), PydanticUndefined):
            about += f" [{field.default}]"
        more: dict[str, Any] = {"metavar": "VALUE"}
        if name == "user_functions":
            more = {"metavar": "FILE.py:FUNCTION", "action": "append"}
        option = _SHORT.get(name, "--" + name.replace("_", "-"))
        # None: not given, so that the environment may say.
        parser.add_argument(option, dest=name, default=None, help=about.replace("%", "%%"), **more)
    parser.add_argument(
        "--exit-with-parent", action="store_true", help="end when stdin ends or the parent process is gone"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
