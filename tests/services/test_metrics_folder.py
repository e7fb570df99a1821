"""The folder in which servers count goes with its service, however that ended."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from services import metrics_folder

HOLD = """
import sys
from services import metrics_folder

with metrics_folder.shared() as folder:
    print(folder, flush=True)
    sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def holder(temporary: Path) -> tuple[subprocess.Popen[str], Path]:
    """A process that has such a folder, as a service has."""
    environment = os.environ | {"TMPDIR": str(temporary)}
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    )
    assert process.stdout is not None
    return process, Path(process.stdout.readline().strip())


def test_what_a_killed_service_left_goes_at_the_next_start(temporary: Path) -> None:
    living, kept = holder(temporary)
    killed, left = holder(temporary)
    killed.kill()
    killed.communicate(timeout=30)
    assert left.is_dir()
    with metrics_folder.shared() as ours:
        assert {path.name for path in temporary.iterdir()} == {kept.name, Path(ours).name}
    living.communicate(timeout=30)
    assert list(temporary.iterdir()) == []


def test_one_that_is_just_being_made_stays(temporary: Path) -> None:
    fresh, old, foreign = (temporary / f"{name}" for name in ("reward-metrics-a", "reward-metrics-b", "other-c"))
    for folder in (fresh, old, foreign):
        folder.mkdir()
    os.utime(old, (1.0, 1.0))
    (temporary / "reward-metrics-link").symlink_to(foreign)
    with metrics_folder.shared():
        assert fresh.is_dir() and not old.exists() and foreign.is_dir()
