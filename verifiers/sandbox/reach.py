"""What a command of the slow lane may read and execute: an allow-list for each kind of command.

A list holds files by their names, and folders only where everything in them is of one kind (headers, the compiler's
own folder, a standard library). A name with a slash at its end is a folder whose names may be listed, no more than
that. It is the whole of what there is: bubblewrap binds nothing else, and without it Landlock allows nothing else.
Programs of the system are asked for what they need, once per process.
"""

from __future__ import annotations

import fnmatch
import functools
import json
import os
import re
import shutil
import stat
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from verifiers.sandbox import kernel
from verifiers.sandbox.types import SandboxUnavailable

PATH = "/usr/local/bin:/usr/bin:/bin"
_ASK_SECONDS = 60
# Where the ABI of each machine has its loader, and what Debian calls the machine.
_LOADERS = {
    "x86_64": ("/lib64/ld-linux-x86-64.so.2", "x86_64-linux-gnu"),
    "aarch64": ("/lib/ld-linux-aarch64.so.1", "aarch64-linux-gnu"),
}
_LIBRARY_FOLDERS = ("/usr/local/lib64", "/usr/local/lib", "/usr/lib64", "/lib64", "/usr/lib", "/lib")
# What a C++ program is linked to without asking for more; every name here costs every run in bubblewrap half a
# millisecond. The last three are of their own only before glibc 2.34.
_RUNTIME = ("libc.so.6", "libm.so.6", "libmvec.so.1", "libstdc++.so.6", "libgcc_s.so.1")
_OLD_RUNTIME = ("libpthread.so.0", "libdl.so.2", "librt.so.1")
_RUNTIME_DATA = ("/etc/ld.so.cache", "/usr/lib/locale/C.utf8", "/usr/lib/locale/C.UTF-8")
# What the linker takes from the folders of all libraries.
_LINKED = (
    *("Scrt1.o", "crt1.o", "crti.o", "crtn.o", "ld-linux-*.so.*", "libc.so", "libc_nonshared.a", "libm.so", "libm.a"),
    *("libm-*.a", "libmvec.so", "libmvec.a", "libpthread.a", "libpthread_nonshared.a", "libstdc++.so", "libgcc_s.so"),
    "libgcc_s_asneeded.so",
)
_PYTHON_PACKAGES = ("numpy", "numpy.libs", "sympy", "mpmath")
_PACKAGE_FOLDERS = ("site-packages", "dist-packages")
_ASK_PYTHON = """
import json, os, sys, sysconfig
library = [sysconfig.get_path(name) for name in ("stdlib", "platstdlib")]
print(json.dumps({"library": library, "packages": [path for path in sys.path if path and os.path.isdir(path)]}))
"""


@functools.cache
def runtime() -> tuple[str, ...]:
    """For a compiled program: loader, the libraries of C and C++, one locale."""
    return listed([_loader(), *_in_folders(_library_folders(), _runtime()), *_RUNTIME_DATA])


def _runtime() -> tuple[str, ...]:
    version = (os.confstr("CS_GNU_LIBC_VERSION") or "").rpartition(" ")[2]
    is_old = tuple(map(int, re.findall(r"\d+", version)[:2])) < (2, 34)
    return (*_RUNTIME, *_OLD_RUNTIME) if is_old else _RUNTIME


@functools.cache
def compiler(path: str) -> tuple[str, ...]:
    """For g++ at `path`: itself, what it starts, headers, and what every program is linked with."""
    told = _ask([path, "-print-search-dirs"])
    install, libraries = (re.search(rf"^{name}: =?(.*)$", told, re.M) for name in ("install", "libraries"))
    headers = re.search(r"<\.\.\.> search starts here:\n(.*?)\nEnd of", _ask([path, "-E", "-v", "-xc++", "-"]), re.S)
    if install is None or libraries is None or headers is None:
        raise SandboxUnavailable(f"{path} does not say where its parts are: it is no g++; apt-get install g++")
    programs = [path]
    for name in ("cc1plus", "collect2", "lto-wrapper", "as", "ld"):
        found = shutil.which(_ask([path, f"-print-prog-name={name}"]).strip(), path=PATH)
        programs += [found] if found else []
    plugin = [_ask([path, "-print-file-name=liblto_plugin.so"]).strip()]
    linked = _in_folders(libraries[1].split(":"), [*_LINKED, *_runtime()])
    own = [*programs, *(library for program in programs for library in _needs(program))]
    folders = [os.path.normpath(folder) for folder in (install[1], *headers[1].split())]
    return listed([*folders, *own, *plugin, *linked, *runtime()])


@functools.cache
def tools(*names: str) -> tuple[str, ...]:
    """For programs of the system by name, with their libraries. Raises SandboxUnavailable if one is missing."""
    paths = []
    for name in names:
        found = shutil.which(name, path=PATH)
        if found is None:
            raise SandboxUnavailable(f"no {name} on this machine, which the slow lane needs")
        paths += [found, *_needs(found)]
    return listed([_loader(), "/etc/ld.so.cache", *paths])


@functools.cache
def python(path: str) -> tuple[str, ...]:
    """For the system's Python at `path`: itself, its standard library, numpy and sympy where it has them."""
    told = json.loads(_ask([path, "-I", "-c", _ASK_PYTHON]))
    packages = [os.path.join(folder, name) for folder in told["packages"] for name in _PYTHON_PACKAGES]
    library = [entry for folder in told["library"] for entry in _without_packages(folder)]
    # The C extensions' own libraries.
    extensions = [entry for folder in told["library"] for entry in _shared_objects(os.path.join(folder, "lib-dynload"))]
    needed = [library for program in (path, *extensions) for library in _needs(program)]
    return listed([path, *library, *packages, *needed, *runtime(), "/usr/share/zoneinfo"])


def libraries(*programs: str) -> tuple[str, ...]:
    """The shared libraries that programs or libraries need, the loader among them."""
    return listed([_loader(), *(library for program in programs for library in _needs(program))])


@functools.cache
def open_to_all(paths: tuple[str, ...]) -> bool:
    """Whether every user of this machine can reach all of these."""
    folders = {str(folder) for path in paths for folder in Path(path).parents}
    ways = [(folder, stat.S_IXOTH) for folder in folders] + [(path, stat.S_IROTH) for path in paths]
    return all(os.stat(path).st_mode & right for path, right in ways)


def covers(folder: str, path: str) -> bool:
    """Whether `path` is `folder` or below it."""
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def placed(path: str) -> str:
    """The name of a path without links among its folders; it may itself be a link."""
    folder, name = os.path.split(os.path.normpath(path))
    return os.path.join(os.path.realpath(folder), name)


def listed(paths: Iterable[str]) -> tuple[str, ...]:
    """A list of one's own: those that are there, by their name and by that of the file behind a link; nothing twice."""
    paths = [*paths]
    names = [path for path in paths if path.endswith("/") and os.path.isdir(path)]
    files = [path for path in paths if not path.endswith("/") and os.path.exists(path)]
    both = [name for path in files for name in (placed(path), os.path.realpath(path))]
    folders = [path for path in dict.fromkeys(both) if os.path.isdir(path) and not os.path.islink(path)]
    outer = [path for path in folders if not any(covers(other, path) for other in folders if other != path)]
    inner = [path for path in dict.fromkeys(both) if not any(covers(folder, path) for folder in outer)]
    return (*outer, *inner, *dict.fromkeys(names))


def _loader() -> str:
    return _LOADERS[kernel.machine()][0]


def _library_folders() -> list[str]:
    name = _LOADERS[kernel.machine()][1]
    return [folder for base in _LIBRARY_FOLDERS for folder in (f"{base}/{name}", base)]


def _in_folders(folders: Sequence[str], patterns: Sequence[str]) -> Iterator[str]:
    for folder in dict.fromkeys(map(os.path.realpath, filter(None, folders))):
        if os.path.isdir(folder):
            names = os.listdir(folder)
            for pattern in patterns:
                yield from (os.path.join(folder, name) for name in fnmatch.filter(names, pattern))


def _without_packages(folder: str) -> list[str]:
    """A standard library; entry by entry where packages of all kinds are installed in it."""
    if not any(os.path.isdir(os.path.join(folder, name)) for name in _PACKAGE_FOLDERS):
        return [folder]
    own = [os.path.join(folder, name) for name in sorted(os.listdir(folder)) if name not in _PACKAGE_FOLDERS]
    # The interpreter's finder lists it.
    return [*own, f"{folder}/"]


def _shared_objects(folder: str) -> list[str]:
    if not os.path.isdir(folder):
        return []
    return [os.path.join(folder, name) for name in sorted(os.listdir(folder)) if ".so" in name]


@functools.cache
def _needs(program: str) -> tuple[str, ...]:
    """The shared libraries that the loader would map for a program or library; it is not run. None of a script."""
    told = _ask([_loader(), "--list", os.path.realpath(program)], may_fail=True)
    return tuple(re.findall(r"(?:=> |^\s)(/\S+) \(0x", told, re.M))


def _ask(command: Sequence[str], *, may_fail: bool = False) -> str:
    """What a program of the system says, on both of its streams."""
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={"PATH": PATH, "LANG": "C.UTF-8"},
            cwd="/",
            timeout=_ASK_SECONDS,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise SandboxUnavailable(f"{command[0]} cannot be asked what it needs: {error}") from error
    if done.returncode and not may_fail:
        raise SandboxUnavailable(f"{command[0]} cannot be asked what it needs: it ended with {done.returncode}")
    return done.stdout.decode(errors="replace")
