"""A toolchain and a Lake project made from the wheel: folders, a `lean` and a `lake` that are scripts."""

from __future__ import annotations

import os
import sys
import textwrap
from collections.abc import Mapping
from pathlib import Path

from verifiers.lean import discovery, server, toolchain
from verifiers.lean.discovery import PROJECT_SETTING, TOOLCHAIN_SETTING
from verifiers.lean.toolchain import Toolchain

ROOT = Path(__file__).resolve().parents[2]
PATH = os.environ["PATH"]
BUILT = ".lake/build/lib/lean"


def script(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{textwrap.dedent(text)}", encoding="utf-8")
    path.chmod(0o755)
    return path


def lean_program(path: Path, version: str = "") -> Path:
    """A `lean` over the wheel's library. With `version`, it says that it is another."""
    named = f'[ "$1" = --version ] && echo "Lean (version {version}, x86_64-linux, commit 0, Release)" && exit\n'
    return script(
        path,
        f'[ "$1" = --print-prefix ] && echo "{path.parents[1]}" && exit\n'
        + (named if version else "")
        + f'PYTHONPATH="{ROOT}" exec "{sys.executable}" -P -m verifiers.lean.command "$@"\n',
    )


def made_toolchain(folder: Path, version: str = "4.35.0") -> Path:
    """A folder with what `find` looks at; no modules."""
    lean_program(folder / "bin" / "lean", version)
    (folder / "lib" / "lean").mkdir(parents=True)
    (folder / "lib" / "lean" / "libleanshared.so").symlink_to(toolchain.embedded().library)
    return folder


def made_project(folder: Path, pinned: str = "leanprover/lean4:v4.35.0\n") -> Path:
    folder.mkdir(parents=True)
    (folder / "lakefile.toml").write_text('name = "project"\n')
    (folder / "lake-manifest.json").write_text('{"packages": []}\n')
    (folder / "lean-toolchain").write_text(pinned)
    (folder / BUILT).mkdir(parents=True)
    return folder


def environment(project: Path | None = None, sysroot: Path | None = None, **more: str) -> dict[str, str]:
    settings = {"PATH": PATH, **more}
    if project is not None:
        settings[PROJECT_SETTING] = str(project)
    if sysroot is not None:
        settings[TOOLCHAIN_SETTING] = str(sysroot)
    return settings


def found(settings: Mapping[str, str]) -> Toolchain:
    wanted = discovery.read(settings)
    assert wanted is not None
    return discovery.find(wanted)


def forget_servers() -> None:
    for lean in server._servers.values():
        lean.close()
    server._servers.clear()
