"""What a confined Python process may read: standard library, shared libraries, named packages. Stdlib only.

An allow-list of files, not of the folders that they lie in: beside NumPy lie our own packages with their data, and
beside the system's libraries lies whatever an administrator put there, which root could read whatever its mode.
"""

from __future__ import annotations

import fnmatch
import importlib.machinery
import importlib.util
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

# What a program may import besides the standard library, where it is installed.
PROGRAM_PACKAGES = ("mpmath", "numpy", "sympy")

_LOADER_FOLDERS = ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/usr/local/lib64")
_DATA = ("/etc/ld.so.cache", "/usr/share/zoneinfo", "/usr/lib/locale", "/dev/urandom", "/dev/zero")
# Inside the folder of the standard library, and no part of it.
INSTALLED = ("dist-packages", "site-packages")


def packages(names: Iterable[str]) -> dict[str, str]:
    """The folders of those packages that this interpreter finds."""
    found = {}
    for name in names:
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.submodule_search_locations:
            found[name] = os.path.abspath(next(iter(spec.submodule_search_locations)))
    return found


def with_libraries(folders: Iterable[str]) -> list[str]:
    """Folders of packages, and beside them the shared libraries that their wheels bring."""
    return [path for folder in folders for path in (folder, f"{folder}.libs") if os.path.isdir(path)]


class Finder:
    """Finds these packages and nothing that lies beside them, which a folder on `sys.path` would."""

    def __init__(self, folders: Mapping[str, str]) -> None:
        self._folders = dict(folders)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: object = None
    ) -> importlib.machinery.ModuleSpec | None:
        """See `importlib.abc.MetaPathFinder`, which would bring half of the standard library into every fork."""
        folder = self._folders.get(fullname)
        if folder is None:
            return None
        return importlib.util.spec_from_file_location(
            fullname, os.path.join(folder, "__init__.py"), submodule_search_locations=[folder]
        )


def standard_library() -> list[str]:
    """The folders that hold it."""
    python = f"python{sys.version_info.major}.{sys.version_info.minor}"
    folders = (os.path.dirname(os.__file__), os.path.join(sys.base_exec_prefix, sys.platlibdir, python))
    return [folder for folder in dict.fromkeys(folders) if os.path.isdir(folder)]


def _modules() -> Iterator[str]:
    """The standard library, file by file: packages may be installed inside its folder."""
    for folder in standard_library():
        for entry in os.listdir(folder):
            name = entry.partition(".")[0]
            known = name in sys.stdlib_module_names or name.startswith("_sysconfigdata")
            if known or entry in ("__pycache__", "lib-dynload"):
                yield os.path.join(folder, entry)


def shared_libraries() -> dict[str, list[str]]:
    """Where the loader of this machine and the interpreter look, and the shared libraries there, by their names."""
    machine = getattr(sys.implementation, "_multiarch", "")
    folders = [f"{folder}/{machine}" for folder in _LOADER_FOLDERS if machine]
    folders = [*folders, *_LOADER_FOLDERS, os.path.join(sys.base_exec_prefix, "lib")]
    found = {}
    for folder in dict.fromkeys(map(os.path.realpath, folders)):
        names = os.listdir(folder) if os.path.isdir(folder) else []
        libraries = [name for pattern in ("*.so", "*.so.*") for name in fnmatch.filter(names, pattern)]
        paths = [os.path.join(folder, name) for name in libraries]
        if kept := [path for path in paths if os.path.isfile(path)]:
            found[folder] = kept
    return found


def data() -> list[str]:
    """Time zones, locales, random numbers, the loader's cache."""
    return [path for path in _DATA if os.path.exists(path)]


def files(folders: Iterable[str]) -> list[str]:
    """All of it, with the packages in `folders`: files, and folders that are readable whole."""
    libraries = [path for paths in shared_libraries().values() for path in paths]
    paths = [*_modules(), *libraries, *data(), *with_libraries(folders)]
    # One rule for a library of many names.
    return [path for path in dict.fromkeys(map(os.path.realpath, paths)) if os.path.exists(path)]


def python() -> str:
    """The interpreter itself, not the one of a virtual environment: it needs none of the environment's own files."""
    return str(Path(sys.executable).resolve())
