"""Every attack of tests/attacks/sandbox, in both lanes, as the user of the tests and as an unprivileged one."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from verifiers.sandbox import bubblewrap

NOBODY = 65534
ENDINGS = {
    "cpu_loop": {"cpu"},
    "cpu_loop_deaf": {"cpu"},
    "sleep": {"wall"},
    "output_flood": {"output"},
    "output_flood_deaf": {"output"},
    "error_flood": {"output"},
    "sparse_output": {"output", "exited"},
    # The kernel ends a process that calls it by 32-bit numbers.
    "second_doors": {"signaled"},
}


FAST_LANE, SLOW_LANE = ("bubblewrap", "bare", "oldest"), ("slow bubblewrap", "slow bare", "slow oldest")
# In its own namespaces a command may do these to itself.
TO_ITSELF = {
    "slow bubblewrap": {"change_metadata", "signal_others", "write_outside"},
    "slow bare": {"write_outside"},
    "slow ours": {"write_outside"},
    "slow oldest": {"write_outside"},
}


def run(repository: Path, python: str, mode: str, *, user: int | None = None) -> dict[str, Any]:
    path = os.environ.get("PATH", "/usr/bin:/bin")
    found = bubblewrap.find()[0]
    environment = {"PATH": f"{path}:{Path(found).parent}" if found else path, "PYTHONPATH": str(repository)}
    done = subprocess.run(
        [python, "tests/support/sandbox_attacks.py", "tests/attacks/sandbox", mode],
        cwd=repository,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        user=user,
        group=user,
        extra_groups=None if user is None else [],
    )
    assert done.returncode == 0, done.stderr
    results: dict[str, Any] = json.loads(done.stdout)
    if "skip" in results:
        pytest.skip(f"needs bubblewrap: {results['skip']}")
    return results


def check(results: dict[str, Any], mode: str) -> None:
    own = TO_ITSELF.get(mode, set())
    through = {
        name: said
        for name, said in results.items()
        if said["touched"] or ("BREACH" in said["stdout"] and name not in own)
    }
    assert not through
    # In the bare form it is the one folder of its own.
    assert mode in (*FAST_LANE, "slow bubblewrap") or results["write_outside"]["stdout"].count("BREACH") == 1
    wrong = {name: said for name, said in results.items() if said["status"] not in ENDINGS.get(name, {"exited"})}
    assert not wrong
    if "earlier_payload" in results:
        pages = int(results["earlier_payload"]["stdout"].split()[1])
        assert pages > 100, "the search looked at nothing"
        assert results["afterwards"]["stdout"] == "1\n"


@pytest.mark.parametrize("mode", [*FAST_LANE, *SLOW_LANE, "slow ours"])
def test_attacks_fail(repository: Path, mode: str) -> None:
    results = run(repository, sys.executable, mode)
    assert len(results) > 25
    check(results, mode)


def test_attacks_get_through_without_a_sandbox(repository: Path) -> None:
    results = run(repository, sys.executable, "free")
    assert len(results) > 8
    assert not {name for name, said in results.items() if "BREACH" not in said["stdout"]}


@pytest.fixture(scope="module")
def readable_copy(repository: Path) -> Iterator[Path]:
    """What the attacks need, where any user can read it."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        wanted = ("verifiers/sandbox", "tests/attacks/sandbox", "tests/support")
        for part in wanted:
            shutil.copytree(repository / part, Path(folder, part), ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(repository / "verifiers" / "__init__.py", Path(folder, "verifiers"))
        for path in [Path(folder), *Path(folder).rglob("*")]:
            path.chmod(path.stat().st_mode | stat.S_IROTH | (stat.S_IXOTH if path.is_dir() else 0))
        yield Path(folder)


@pytest.fixture(scope="module")
def python_of_everyone() -> str:
    """A Python that an unprivileged user can run, or the test is skipped."""
    if os.geteuid() != 0:
        pytest.skip("only root can become another user; the tests above have run as an ordinary one")
    for python in (os.path.realpath(sys.executable), "/usr/bin/python3"):
        ask = [python, "-c", "import sys; sys.exit(sys.version_info < (3, 11))"]
        try:
            done = subprocess.run(ask, capture_output=True, cwd="/", user=NOBODY, group=NOBODY, extra_groups=[])
        except OSError:
            continue
        if done.returncode == 0:
            return python
    pytest.skip("needs a Python >= 3.11 that every user can run: apt-get install python3")


@pytest.mark.parametrize("mode", [*FAST_LANE, *SLOW_LANE])
def test_attacks_fail_as_an_unprivileged_user(readable_copy: Path, python_of_everyone: str, mode: str) -> None:
    results = run(readable_copy, python_of_everyone, mode, user=NOBODY)
    assert len(results) > 25
    check(results, mode)
