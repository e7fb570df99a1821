"""Start one fork server process, inside bubblewrap where that works, and end it."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from verifiers.sandbox import bubblewrap, policy
from verifiers.sandbox.types import SandboxFailed, SandboxUnavailable

_STARTUP_SECONDS = 120
_PACKAGE = Path(__file__).resolve().parents[1]
# Between the end of its socket and that of the process.
_DEATH_SECONDS = 5
_BOOT = "import sys; sys.path[:0] = sys.argv[2:]; from verifiers.sandbox.fork_server import main; main(sys.argv[1])"
# The first packet of a server says that it is ready, or why not.
_LARGEST_GREETING = 1 << 16
_log = logging.getLogger(__name__)


class KilledAtStart(SandboxFailed):
    """Something killed the server before it was ready: no fault of this machine's, so worth another start."""


class ServerProcess:
    """A running fork server, ready for requests on `control`.

    Args:
        preload: modules that it imports before it forks.
        environment: variables for these modules; the programs see them too.
        paths: what these modules read, besides Python's own files and the system's libraries.

    Raises SandboxUnavailable if this machine cannot run it, KilledAtStart if it was killed while it started,
    SandboxFailed if it hangs.

    Attributes:
        control: the socket to it (packets, see `wire`).
        idle_rss_bytes: its own resident memory, most of which every child shares.
    """

    def __init__(
        self, preload: Sequence[str], environment: Mapping[str, str] | None = None, paths: Sequence[str] = ()
    ) -> None:
        policy.require()
        wrapper, problem = bubblewrap.find()
        if wrapper is None:
            _log.warning("programs run under Landlock and seccomp alone: %s", problem)
        self.control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._errors = os.memfd_create("fork-server-errors")
        self._process: subprocess.Popen[bytes] | None = None
        try:
            with theirs:
                self._process = _start(wrapper, theirs.fileno(), preload, environment or {}, paths, self._errors)
            self.idle_rss_bytes = self._wait_until_ready()
        except BaseException:
            self.close()
            raise

    def _wait_until_ready(self) -> int:
        self.control.settimeout(_STARTUP_SECONDS)
        try:
            greeting = self.control.recv(_LARGEST_GREETING)
        except TimeoutError:
            raise SandboxFailed(f"the fork server was not ready after {_STARTUP_SECONDS} s") from None
        except ConnectionError:
            greeting = b""
        if not greeting:
            if self._was_killed():
                raise KilledAtStart("the fork server was killed while it started")
            raise SandboxUnavailable(f"the fork server did not start: {self.errors() or self._why_unreadable()}")
        told = json.loads(greeting)
        if "problem" in told:
            raise SandboxUnavailable(f"the fork server cannot work here: {told['problem']}")
        for name in told["missing"]:
            _log.info("%s is not installed: programs that import it fail", name)
        self.control.settimeout(None)
        return int(told["rss_bytes"])

    def errors(self) -> str:
        """What the server (or bubblewrap) wrote on its stderr, shortened."""
        return os.pread(self._errors, 2000, 0).decode(errors="replace").strip()

    def _was_killed(self) -> bool:
        assert self._process is not None
        try:
            return bubblewrap.was_killed(self._process.wait(_DEATH_SECONDS))
        except subprocess.TimeoutExpired:
            return False

    def _why_unreadable(self) -> str:
        closed = [path for path in (sys.executable, *policy.interpreter_paths()) if not os.access(path, os.R_OK)]
        return f"this user cannot read {', '.join(closed)}" if closed else "no message"

    def close(self) -> None:
        """End it and all its children. Any number of times."""
        self.control.close()
        if self._process is not None and self._process.poll() is None:
            # Its own session: this reaches bubblewrap and the server, whose children die with it.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        if self._errors >= 0:
            os.close(self._errors)
            self._errors = -1


def _start(
    wrapper: str | None,
    control: int,
    preload: Sequence[str],
    more_environment: Mapping[str, str],
    more_paths: Sequence[str],
    errors: int,
) -> subprocess.Popen[bytes]:
    packages = policy.site_packages()
    waived = {policy.SETTING: policy.NO_ISOLATION} if policy.isolation_waived() else {}
    # One hash seed for all: the order of a set must not decide a verdict.
    environment = {"PYTHONHASHSEED": "0", "PYTHONUTF8": "1", **waived}
    configuration = json.dumps(
        {
            "control": control,
            "package_root": str(_PACKAGE.parent),
            "preload": [*preload],
            "environment": {**waived, **more_environment},
        }
    )
    # The interpreter itself, not the one of a virtual environment: it needs none of the environment's own files.
    interpreter = os.path.realpath(sys.executable)
    # -S, -s, -P: nothing on the path but the standard library and what is named here.
    python = [interpreter, "-S", "-s", "-P", "-c", _BOOT, configuration, str(_PACKAGE.parent), *packages]
    command = python
    if wrapper is not None:
        paths = [interpreter, *policy.interpreter_paths(), str(_PACKAGE), *more_paths]
        settings = [word for name, value in environment.items() for word in ("--setenv", name, value)]
        command = [*bubblewrap.arguments(wrapper, paths), *settings, "--", *python]
    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=errors,
        env=environment,
        cwd="/",
        pass_fds=(control,),
        start_new_session=True,
    )
