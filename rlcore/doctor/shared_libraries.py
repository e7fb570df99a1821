"""Shared libraries that compiled packages want from the system and the loader does not find.

    python -m rlcore.doctor.shared_libraries

prints the Debian packages that bring them, one a line; what apt cannot bring is said on standard error.

Wheels bring most of what they link against; the rest (libnuma for vLLM) is missing on a small system, and is found
out when an engine starts, after the pretraining. Asked of the loader itself, by `ldd`, without running any of it.
"""

from __future__ import annotations

import functools
import os
import re
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

# What an engine, a learner rank and Ray load.
PACKAGES = ("torch", "vllm", "ray", "deepspeed", "tokenizers", "safetensors", "pyarrow", "numpy", "google.protobuf")
# Ray's programs carry no suffix.
PROGRAMS = ("ray/core/src/ray/raylet/raylet", "ray/core/src/ray/gcs/gcs_server")

# Debian's rule makes most names (libnuma.so.1 -> libnuma1); these are the others.
DEBIAN = {
    "libz.so.1": "zlib1g",
    "libgcc_s.so.1": "libgcc-s1",
    "libcrypt.so.1": "libcrypt1",
    "libbz2.so.1.0": "libbz2-1.0",
    "liblzma.so.5": "liblzma5",
    "libcrypto.so.3": "libssl3",
    "libgthread-2.0.so.0": "libglib2.0-0",
    "libgobject-2.0.so.0": "libglib2.0-0",
    "libtcmalloc.so.4": "libgoogle-perftools4",
    "libopenblas.so.0": "libopenblas0",
    "librdmacm.so.1": "librdmacm1",
}
# NVIDIA's driver brings these, and no package of the distribution's.
DRIVER = re.compile(r"lib(cuda|nvidia-[a-z]+|nvcuvid)\.so")
_MISSING = re.compile(r"^\s*(\S+) => not found", re.MULTILINE)
_TOO_OLD = re.compile(r"version [`'](\S+)' not found \(required by (\S+)\)")
SECONDS = 60.0


@dataclass(frozen=True)
class Missing:
    """A library the loader does not find, or finds too old.

    Attributes:
        soname: `libnuma.so.1`, or a version of its symbols: `GLIBC_2.38`.
        package: the Python package that wants it.
        debian: the package that brings it; empty where no package does.
    """

    soname: str
    package: str
    debian: str


def debian_package(soname: str) -> str:
    """The Debian package of a library by Debian's naming rule; empty for what a driver brings."""
    if DRIVER.match(soname):
        return ""
    if soname in DEBIAN:
        return DEBIAN[soname]
    # Debian policy 8.1: the name, then the version, with a dash between them where the name ends in a digit.
    name, _, version = soname.partition(".so")
    name, version = name.lower().replace("_", "-"), version.lstrip(".")
    if not version:  # libtorch-2.1.so
        return "".join(name.rsplit("-", 1))
    return f"{''.join(name.rsplit('-', 1))}-{version}" if name[-1].isdigit() else f"{name}{version}"


def find_missing(packages: Sequence[str] = PACKAGES) -> list[Missing]:
    """What the compiled parts of installed packages want and the loader does not find. Packages that are not
    installed want nothing. Nothing is found where there is no `ldd`."""
    files: dict[Path, str] = {}
    for package in packages:
        for folder in _folders(package):
            files |= dict.fromkeys(sorted(folder.rglob("*.so*")), package)
            files |= {path: package for name in PROGRAMS if (path := folder.parent / name).is_file()}
    libraries = {path.name for path in files}
    found: dict[str, Missing] = {}
    for path, text in _ldd([path for path in files if path.is_file()]):
        package = files[path]
        for soname in _MISSING.findall(text):
            # Of another wheel, or loaded before: Python finds what is beside it, and the loader alone does not.
            if soname not in libraries and soname not in _bundled():
                found.setdefault(soname, Missing(soname, package, debian_package(soname)))
        for version, wanted_by in _TOO_OLD.findall(text):
            if Path(wanted_by) in files:
                found.setdefault(version, Missing(version, package, ""))
    return list(found.values())


def _folders(package: str) -> list[Path]:
    try:
        spec = find_spec(package)
    except ImportError:
        return []
    return [Path(place) for place in spec.submodule_search_locations or ()] if spec else []


@functools.cache
def _bundled() -> frozenset[str]:
    """Names of the libraries that wheels of this environment bring (nvidia-*, triton, torch). A second's search."""
    roots = {Path(place).parent for package in ("torch", "numpy", "ray") for place in _folders(package)}
    return frozenset(path.name for root in roots for path in root.rglob("*.so*"))


def _ldd(files: Sequence[Path]) -> Iterable[tuple[Path, str]]:
    """(file, what ldd says of it). One call for all: each costs a process."""
    if not files:
        return
    try:
        done = subprocess.run(
            ["ldd", *map(str, files)],
            env=os.environ | {"LC_ALL": "C"},
            capture_output=True,
            text=True,
            errors="replace",
            timeout=SECONDS,
        )
    except (OSError, subprocess.TimeoutExpired):
        return
    if len(files) == 1:
        yield files[0], done.stdout + done.stderr
        return
    # Each file's part begins with its name and a colon; complaints go to standard error with the name within.
    parts = re.split(r"^(/\S.*):$", done.stdout + done.stderr, flags=re.MULTILINE)
    for name, text in zip(parts[1::2], parts[2::2], strict=False):
        if Path(name) in set(files):
            yield Path(name), text


def main() -> int:
    """Print the packages to install; 1 when something is missing that no package brings."""
    missing = find_missing()
    print("\n".join(sorted({item.debian for item in missing if item.debian})))
    without = [f"{item.soname} (for {item.package})" for item in missing if not item.debian]
    if without:
        print(f"no Debian package brings {', '.join(without)}", file=sys.stderr)
    return int(bool(without))


if __name__ == "__main__":
    sys.exit(main())
