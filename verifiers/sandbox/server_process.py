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
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from verifiers.sandbox import bubblewrap, held, policy, readable
from verifiers.sandbox.types import SandboxFailed, SandboxUnavailable

_STARTUP_SECONDS = 120
_PACKAGE = Path(__file__).resolve().parents[1]
# Between the end of its socket and that of the process.
_DEATH_SECONDS = 5
_BOOT = "import sys; sys.path[:0] = sys.argv[2:]; from verifiers.sandbox.fork_server import main; main(sys.argv[1])"
# The first packet of a server says that it is ready, or why not.
_LARGEST_GREETING = 1 << 16
# Where the system's libraries are elsewhere by a link, and where Debian's BLAS is chosen by links.
_LINKS, _ALTERNATIVES = ("/lib", "/lib32", "/lib64", "/libx32"), "/etc/alternatives"
# A folder with few libraries is shown library by library: it may be one with much else, as /usr/local/lib.
_FEW = 32
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
        wanted = (sys.executable, *readable.standard_library())
        closed = [path for path in wanted if not os.access(path, os.R_OK)]
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
    packages = readable.packages(readable.PROGRAM_PACKAGES)
    waived = {policy.SETTING: policy.NO_ISOLATION} if policy.isolation_waived() else {}
    # One hash seed for all: the order of a set must not decide a verdict.
    environment = {"PYTHONHASHSEED": "0", "PYTHONUTF8": "1", **held.ALLOCATOR, **waived}
    configuration = json.dumps(
        {
            "control": control,
            "package_root": str(_PACKAGE.parent),
            "packages": packages,
            "preload": [*preload],
            "environment": {**waived, **more_environment},
        }
    )
    interpreter = readable.python()
    # -S, -s, -P: nothing on the path but the standard library and, while the server starts, our own package.
    command = [interpreter, "-S", "-s", "-P", "-c", _BOOT, configuration, str(_PACKAGE.parent)]
    if wrapper is not None:
        paths = [*readable.with_libraries(packages.values()), str(_PACKAGE), *more_paths]
        settings = [word for name, value in environment.items() for word in ("--setenv", name, value)]
        command = [*bubblewrap.hardened(wrapper, _mounts(interpreter, paths)), *settings, "--", *command]
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


def _mounts(interpreter: str, paths: Sequence[str]) -> list[str]:
    """What bubblewrap shows: `paths`, and of the system so little that there are few names to ask about."""
    words = [word for path in _LINKS if os.path.islink(path) for word in ("--symlink", os.readlink(path), path)]
    for folder, libraries in readable.shared_libraries().items():
        words += _bound([folder] if len(libraries) > _FEW else libraries)
    library = readable.standard_library()
    words += _bound([interpreter, *(path for path in readable.data() if not path.startswith("/dev/")), *library])
    words += ["--ro-bind-try", _ALTERNATIVES, _ALTERNATIVES]
    installed = [os.path.join(folder, name) for folder in library for name in readable.INSTALLED]
    hidden = [path for path in installed if os.path.isdir(path)]
    words += [word for path in hidden for word in ("--tmpfs", path)]
    words += _bound(paths)
    return [*words, *(word for path in hidden for word in ("--remount-ro", path))]


def _bound(paths: Iterable[str]) -> list[str]:
    return [word for path in dict.fromkeys(paths) for word in ("--ro-bind", path, path)]
