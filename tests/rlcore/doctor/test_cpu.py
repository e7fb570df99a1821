"""Which CPU made the numbers: in the manifest, and said when a run goes on on another."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from rlcore.config.reading import parse
from rlcore.doctor import cpu
from rlcore.run.folder import open_run

X86 = """processor\t: 0
model name\t: Some CPU @ 2.00GHz
flags\t\t: fpu sse2 avx avx2 f16c fma avx512f avx512_bf16 avx_vnni amx_bf16 amx_tile hypervisor vaes

processor\t: 1
model name\t: Another
flags\t\t: fpu
"""
ARM = "processor\t: 0\nFeatures\t: fp asimd asimdhp sve sve2 bf16 i8mm crc32\n"


def described(tmp_path: Path, text: str) -> dict[str, Any]:
    (tmp_path / "cpuinfo").write_text(text)
    return cpu.describe(tmp_path / "cpuinfo")


def test_what_kernels_are_chosen_by(tmp_path: Path) -> None:
    found = described(tmp_path, X86)
    assert found["model"] == "Some CPU @ 2.00GHz"
    assert found["flags"] == [
        "amx_bf16",
        "amx_tile",
        "avx",
        "avx2",
        "avx512_bf16",
        "avx512f",
        "avx_vnni",
        "f16c",
        "fma",
    ]
    assert found["cores"] >= 1 and found["torch"]


def test_arm(tmp_path: Path) -> None:
    assert described(tmp_path, ARM)["flags"] == ["asimd", "asimdhp", "bf16", "i8mm", "sve", "sve2"]


def test_variables_that_hold_a_library_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ATEN_CPU_CAPABILITY", "avx2")
    found = described(tmp_path, X86)
    assert found["environment"] == {"ATEN_CPU_CAPABILITY": "avx2"}
    assert cpu.kind(found).endswith("ATEN_CPU_CAPABILITY=avx2)")


def test_the_number_of_cores_is_no_other_kind(tmp_path: Path) -> None:
    found = described(tmp_path, X86)
    assert not cpu.differs(found, found | {"cores": 64})
    assert cpu.differs(found, found | {"flags": ["avx2"]})
    assert cpu.differs(found, found | {"torch": "DEFAULT"})


def test_a_run_that_goes_on_elsewhere_says_so_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = parse({"run_dir": str(tmp_path / "run")})
    with open_run(config) as folder:
        here = folder.manifest()["cpu"]
        assert here == cpu.describe() and not folder.notes
    elsewhere = here | {"model": "Other", "torch": "AVX512"}
    monkeypatch.setattr(cpu, "describe", lambda: elsewhere)
    with open_run(config) as folder:
        [note] = folder.notes
        assert "Other (AVX512)" in note and cpu.kind(here) in note
        assert folder.manifest()["cpu"] == here and folder.manifest()["later_cpus"] == [elsewhere]
    with open_run(config) as folder:
        assert not folder.notes


def test_a_folder_of_an_older_version_has_none(tmp_path: Path) -> None:
    config = parse({"run_dir": str(tmp_path / "run")})
    with open_run(config) as folder:
        manifest = folder.manifest()
        del manifest["cpu"]
        folder.manifest_path.write_text(json.dumps(manifest))
    with open_run(config) as folder:
        assert folder.manifest()["cpu"] == cpu.describe() and not folder.notes
