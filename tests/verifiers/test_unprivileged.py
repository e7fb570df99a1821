"""The whole audit as an ordinary user, where the tests run as root: the same result, in the same sandbox."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from verifiers.sandbox import bubblewrap

NOBODY = 65534
NEEDED = (
    "import math_verify, numpy, pydantic, sympy; from verifiers.sandbox import bubblewrap; print(bubblewrap.find()[1])"
)


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    """A folder of the other user's, with a copy of the package that any user can read."""
    if os.geteuid() != 0:
        pytest.skip("only root can become another user; the other tests have run as an ordinary one")
    with tempfile.TemporaryDirectory() as folder:
        root = Path(__file__).resolve().parents[2]
        shutil.copytree(root / "verifiers", Path(folder, "verifiers"), ignore=shutil.ignore_patterns("__pycache__"))
        for path in Path(folder).rglob("*"):
            path.chmod(0o755 if path.is_dir() else 0o644)
        os.chown(folder, NOBODY, NOBODY)
        yield Path(folder)


def run(python: str, arguments: Sequence[str], home: Path) -> subprocess.CompletedProcess[str]:
    environment = {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "HOME": str(home),
        "PYTHONPATH": os.pathsep.join([str(home), sysconfig.get_path("purelib")]),
        **{name: value for name, value in os.environ.items() if name == "RLCORE_SANDBOX"},
    }
    return subprocess.run(
        [python, *arguments],
        cwd=home,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        user=NOBODY,
        group=NOBODY,
        extra_groups=[],
    )


@pytest.fixture(scope="module")
def python(home: Path) -> str:
    """A Python of this version that the other user can run, with the packages that we have."""
    problems = []
    ask = f"import sys; assert sys.version_info[:2] == {tuple(sys.version_info[:2])}, sys.version; {NEEDED}"
    for python in (sys.executable, os.path.realpath(sys.executable), "/usr/bin/python3"):
        try:
            done = run(python, ["-c", ask], home)
        except OSError as error:
            problems.append(f"{python}: {error.strerror}")
            continue
        if done.returncode == 0:
            lacks = bubblewrap.find()[0] is None
            assert bool(done.stdout.strip()) == lacks, f"root and an ordinary user differ in bubblewrap: {done.stdout}"
            return python
        problems.append(f"{python}: {done.stderr.strip().splitlines()[-1]}")
    pytest.skip(f"needs a Python and packages that every user can read: {'; '.join(problems)}")


def test_the_audit_as_an_ordinary_user(python: str, home: Path) -> None:
    done = run(python, ["-m", "verifiers.audit", "--json"], home)
    assert done.stdout, done.stderr
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    assert (result["false_accepts_list"], result["masked_list"]) == ([], []), done.stderr
    assert result["false_rejects"] <= 0.01 * result["honest"], result["false_rejects_list"]
    assert result["attacks"] >= 100
    assert done.returncode == 0
    # Weaker isolation would have been said.
    assert ("Landlock and seccomp alone" in done.stderr) == (bubblewrap.find()[0] is None)
