"""What the loader does not find is found out by name, without running any of it."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from rlcore.doctor import shared_libraries
from rlcore.doctor.shared_libraries import Missing, debian_package, find_missing


@pytest.mark.parametrize(
    ("soname", "package"),
    [
        ("libnuma.so.1", "libnuma1"),
        ("libgomp.so.1", "libgomp1"),
        ("libstdc++.so.6", "libstdc++6"),
        ("libz.so.1", "zlib1g"),
        ("libglib-2.0.so.0", "libglib2.0-0"),
        ("libtcmalloc_minimal.so.4", "libtcmalloc-minimal4"),
        ("libX11.so.6", "libx11-6"),
        ("libGL.so.1", "libgl1"),
        ("libibverbs.so.1", "libibverbs1"),
        ("libcuda.so.1", ""),
        ("libnvidia-ml.so.1", ""),
    ],
)
def test_debian_names(soname: str, package: str) -> None:
    assert debian_package(soname) == package


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, need_program: Callable[[str], str]) -> Path:
    """A package whose compiled part links against libgone.so.7, which lies beside it."""
    compiler = need_program("g++")
    folder = tmp_path / "linked_package"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (tmp_path / "gone.cpp").write_text('extern "C" int gone() { return 1; }')
    (tmp_path / "part.cpp").write_text('extern "C" int gone(); extern "C" int part() { return gone(); }')
    library = tmp_path / "libgone.so.7"
    shared = [compiler, "-shared", "-fPIC"]
    subprocess.run([*shared, "-Wl,-soname,libgone.so.7", "-o", library, tmp_path / "gone.cpp"], check=True)
    subprocess.run([*shared, "-o", folder / "part.abi3.so", tmp_path / "part.cpp", library], check=True)
    monkeypatch.syspath_prepend(str(tmp_path))
    return folder


def test_a_missing_library(package: Path) -> None:
    assert find_missing(["linked_package"]) == [Missing("libgone.so.7", "linked_package", "libgone7")]


def test_one_that_another_file_of_the_package_brings(package: Path) -> None:
    (package.parent / "libgone.so.7").rename(package / "libgone.so.7")
    assert find_missing(["linked_package"]) == []


def test_several_files_are_told_apart(package: Path) -> None:
    (package / "other.so").write_bytes((package / "part.abi3.so").read_bytes())
    assert [missing.soname for missing in find_missing(["linked_package"])] == ["libgone.so.7"]


def test_packages_that_are_not_installed_want_nothing() -> None:
    assert find_missing(["no_such_package_at_all"]) == []


def test_nothing_is_missing_where_the_tests_run() -> None:
    """The engines of other tests load these."""
    assert find_missing() == []


def test_the_command_prints_what_apt_installs(
    package: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = find_missing(["linked_package"])
    driver = Missing("libcuda.so.1", "vllm", "")
    monkeypatch.setattr(shared_libraries, "find_missing", lambda: [*found, driver])
    assert shared_libraries.main() == 1
    printed = capsys.readouterr()
    assert printed.out == "libgone7\n"
    assert "libcuda.so.1" in printed.err
