"""`make test-fresh` says in one line why it cannot, and touches nothing. (It takes long itself: it is no test.)"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parent.parent.parent / "deploy" / "fresh_root.sh"


def run(*arguments: str, user: int | None = None, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], **variables}
    command = ["bash", str(SCRIPT), *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, user=user)


def need_mounts() -> None:
    if subprocess.run(["unshare", "--mount", "--pid", "--fork", "true"], capture_output=True).returncode:
        pytest.skip("needs a root that may mount: not in a chroot, not in a container without CAP_SYS_ADMIN")


def test_an_ordinary_user_is_told_to_be_root() -> None:
    done = run(user=65534 if os.geteuid() == 0 else None)
    assert done.returncode != 0
    assert "sudo make test-fresh" in done.stderr or "Permission denied" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_without_debootstrap_and_apt_the_command_is_named(tmp_path: Path) -> None:
    need_mounts()
    for name in ("bash", "id", "unshare", "dirname", "true"):
        found = next(Path(folder, name) for folder in os.environ["PATH"].split(":") if Path(folder, name).exists())
        (tmp_path / name).symlink_to(found)
    done = run(PATH=str(tmp_path))
    assert done.returncode == 1
    assert done.stderr.strip().endswith("apt-get install -y debootstrap")


def test_a_folder_that_holds_something_else_is_not_touched(tmp_path: Path) -> None:
    need_mounts()
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "debootstrap").write_text("#!/bin/sh\n")
    (tmp_path / "bin" / "debootstrap").chmod(0o755)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine").write_text("kept")
    done = run(ROOT=str(tmp_path / "full"), PATH=f"{tmp_path}/bin:{os.environ['PATH']}")
    assert done.returncode == 1
    assert "not empty" in done.stderr
    assert [path.name for path in (tmp_path / "full").iterdir()] == ["mine"]
