"""Which Lean judges: the embedded one, or the user's toolchain and Lake project (full mode).

Full mode is asked for by name, never found by chance: a `lean` on somebody's PATH must not change verdicts.

| setting | means |
|---|---|
| neither of these two | embedded mode, whatever else is set |
| `RLCORE_LEAN_PROJECT` | the folder of a Lake project, built (`lake build`): its modules can be imported |
| `RLCORE_LEAN_TOOLCHAIN` | the folder of a toolchain (what `lean --print-prefix` writes) |

Of a project alone the toolchain is looked for: `LEAN_SYSROOT`, then `lean` on PATH, asked in the project's folder
(elan's proxy then takes the project's own, and may download it). The project's folders come from `lake env`, **which
runs the project's own lakefile, unconfined**: name only a project that you trust. What the policy writes never reaches
it.

All of this was tried only on a toolchain made from the wheel, with a `lake` that is a script
(tests/verifiers/lean/test_full.py): elan, Mathlib and a real `Init` were never there to try. Not covered: options and
plugins that a lakefile gives to Lean (`leanOptions`, `precompileModules`), syntax that Mathlib or the project adds
beyond `verifiers.lean.kinds` (honest proofs that use it are rejected), the time and memory that an import of all of
Mathlib takes. A verdict's version follows the toolchain and what the project pins, not the project's own files.
"""

from __future__ import annotations

import functools
import hashlib
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from verifiers.lean import toolchain, versions
from verifiers.lean.toolchain import LeanUnavailable, Toolchain

PROJECT_SETTING, TOOLCHAIN_SETTING = "RLCORE_LEAN_PROJECT", "RLCORE_LEAN_TOOLCHAIN"
DEFAULT_MODULES = ("Init",)
_PASSED = ("PATH", "HOME", "ELAN_HOME", "TMPDIR", "LANG", "XDG_CACHE_HOME", "LD_LIBRARY_PATH")
_LAKEFILES = ("lakefile.toml", "lakefile.lean")
# What decides which Lean and which packages a project has.
_PINS = ("lean-toolchain", "lake-manifest.json")
_PINNED = re.compile(r"(?:^|[:/])v?(\d+\.\d+\.\d+\S*)\s*$")
_LEAN_SECONDS, _LAKE_SECONDS = 60, 120


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the environment asks for.

    Attributes:
        project: folder of a Lake project.
        sysroot: folder of a toolchain; None: to be looked for.
        environment: for the programs that are asked.
    """

    project: Path | None
    sysroot: Path | None
    environment: tuple[tuple[str, str], ...]


def current() -> Toolchain:
    """The Lean that this process judges with; found once for each setting. Raises LeanUnavailable."""
    wanted = read(os.environ)
    if wanted is None:
        return toolchain.embedded()
    found = _found(wanted)
    if isinstance(found, str):
        raise LeanUnavailable(found)
    return found


def read(environment: Mapping[str, str]) -> Wanted | None:
    """What an environment asks for; None: embedded mode. Raises LeanUnavailable for a setting that cannot be."""
    project, chosen = (environment.get(name, "") for name in (PROJECT_SETTING, TOOLCHAIN_SETTING))
    if not project and not chosen:
        return None
    for name, value in ((PROJECT_SETTING, project), (TOOLCHAIN_SETTING, chosen)):
        if value and not (os.path.isabs(value) and os.path.isdir(value)):
            raise LeanUnavailable(f"{name}={value} is no folder: give the whole path of one, or unset it")
    if project and not any((Path(project) / name).is_file() for name in _LAKEFILES):
        raise LeanUnavailable(f"{PROJECT_SETTING}={project} has no {' or '.join(_LAKEFILES)}: name a Lake project")
    sysroot = chosen or environment.get("LEAN_SYSROOT", "")
    passed = tuple((name, environment[name]) for name in _PASSED if name in environment)
    return Wanted(Path(project) if project else None, Path(sysroot) if sysroot else None, passed)


@functools.lru_cache(maxsize=8)
def _found(wanted: Wanted) -> Toolchain | str:
    """The problem is kept too: a project that is broken must not be asked anew for every answer."""
    try:
        return find(wanted)
    except LeanUnavailable as error:
        return str(error)


def find(wanted: Wanted) -> Toolchain:
    """Ask the toolchain and the project what they are. Raises LeanUnavailable."""
    sysroot = (wanted.sysroot or _prefix(wanted)).resolve()
    library, modules = sysroot / "lib" / "lean" / "libleanshared.so", sysroot / "lib" / "lean"
    for needed in (sysroot / "bin" / "lean", library):
        if not needed.exists():
            raise LeanUnavailable(f"{sysroot} is no toolchain of Lean for Linux: it has no {needed}")
    environment = dict(wanted.environment)
    environment["PATH"] = os.pathsep.join(filter(None, [str(sysroot / "bin"), environment.get("PATH", "")]))
    output = _ask([str(sysroot / "bin" / "lean"), "--version"], environment, sysroot, _LEAN_SECONDS)
    try:
        version = versions.told(output)
    except ValueError as error:
        raise LeanUnavailable(str(error)) from None
    if problem := versions.refusal(version):
        raise LeanUnavailable(f"{problem} (or unset {PROJECT_SETTING} and {TOOLCHAIN_SETTING}: embedded mode)")
    parts = [output.encode()]
    folders: list[Path] = []
    if wanted.project is not None:
        parts += _pins(wanted.project, version)
        folders = _lake_path(wanted.project, sysroot, environment)
    path = tuple(dict.fromkeys([*folders, modules]))
    digest = hashlib.sha256(b"".join(len(part).to_bytes(8, "big") + part for part in parts)).hexdigest()[:16]
    return Toolchain(f"lean-{version}-{digest}", library.resolve(), sysroot, path)


def state(tools: Toolchain, modules: Sequence[str]) -> str:
    """What changes when one of these compiled modules is built anew: a hash of where, how large and how old they are.

    Raises ValueError for a module that is not there.
    """
    whole = hashlib.sha256(tools.name.encode())
    for module in modules:
        below = module.replace(".", "/") + ".olean"
        files = [file for folder in tools.path if (file := folder / below).is_file()]
        if not files:
            raise ValueError(f"no compiled module {module} for the header: `lake build {module}`, or do not import it")
        status = files[0].stat()
        whole.update(f"{files[0]}\0{status.st_size}\0{status.st_mtime_ns}\0".encode())
    return whole.hexdigest()[:24]


def _prefix(wanted: Wanted) -> Path:
    environment = dict(wanted.environment)
    program = shutil.which("lean", path=environment.get("PATH", ""))
    if program is None:
        raise LeanUnavailable(
            f"{PROJECT_SETTING} is set, but there is no Lean: set {TOOLCHAIN_SETTING} to the folder of a toolchain, "
            "or put elan's `lean` on PATH"
        )
    output = _ask([program, "--print-prefix"], environment, wanted.project or Path("/"), _LEAN_SECONDS)
    return Path(output.strip())


def _pins(project: Path, version: str) -> list[bytes]:
    """The files that pin a project's Lean and packages. Raises LeanUnavailable where they want another Lean."""
    found = [file.read_bytes() if (file := project / name).is_file() else b"" for name in _PINS]
    pinned = _PINNED.search(found[0].decode(errors="replace").strip())
    if pinned is not None and pinned[1] != version:
        raise LeanUnavailable(
            f"{project} is built with Lean {pinned[1]} (its lean-toolchain), and the toolchain is {version}: "
            f"compiled files go with one version only; set {TOOLCHAIN_SETTING} to the project's toolchain"
        )
    return found


def _lake_path(project: Path, sysroot: Path, environment: Mapping[str, str]) -> list[Path]:
    lake = shutil.which("lake", path=environment["PATH"])
    if lake is None:
        raise LeanUnavailable(f"{sysroot} has no `lake`, and there is none on PATH: {PROJECT_SETTING} needs it")
    output = _ask([lake, "env", "printenv", "LEAN_PATH"], environment, project, _LAKE_SECONDS)
    folders = [Path(os.path.realpath(project / word)) for word in output.strip().split(os.pathsep) if word]
    # Packages that are named but not built have none.
    built = [folder for folder in folders if folder.is_dir()]
    if not built:
        raise LeanUnavailable(f"{project} has no compiled modules: run `lake build` there")
    return built


def _ask(command: Sequence[str], environment: Mapping[str, str], folder: Path, seconds: int) -> str:
    """What a program of the toolchain writes. Raises LeanUnavailable."""
    said = f"`{' '.join(command)}`"
    try:
        process = subprocess.Popen(
            command,
            env=environment,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            # Its own group: what it starts ends with it.
            start_new_session=True,
        )
    except OSError as error:
        raise LeanUnavailable(f"{said} cannot be run: {error}") from None
    with process:
        try:
            output, errors = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            raise LeanUnavailable(f"{said} was still running after {seconds} s") from None
    if process.returncode or not output.strip():
        raise LeanUnavailable(f"{said} ended with code {process.returncode}: {(errors or output).strip()[-500:]}")
    return output
