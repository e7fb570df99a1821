"""Where weights are handed over: bounded, the dead's are removed, the disk where memory has no room."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch

import rollout.hand_over
from rollout.hand_over import HandOver, remove_dead, write
from rollout.weights import describe, read_weights

STATE = {"a": torch.arange(6.0).reshape(2, 3), "b": torch.ones(3, dtype=torch.bfloat16)}


def hand_over(folder: Path, memory: Path, said: list[str], *, form: str = "auto", one_node: bool = True) -> HandOver:
    return HandOver(folder, form=form, one_node=lambda: one_node, say=said.append, memory=memory)  # type: ignore[arg-type]


@pytest.fixture
def memory(tmp_path: Path) -> Path:
    (tmp_path / "memory").mkdir()
    return tmp_path / "memory"


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    (tmp_path / "disk").mkdir()
    return tmp_path / "disk"


def send(over: HandOver, version: int) -> Path:
    path = over.place(version)
    write(describe(STATE), STATE.items(), path)
    found = dict(read_weights(path))
    assert found.keys() == STATE.keys() and all(torch.equal(found[name], STATE[name]) for name in STATE)
    return path


def test_the_last_two_versions_are_kept_and_nothing_is_left(disk: Path, memory: Path) -> None:
    said: list[str] = []
    over = hand_over(disk, memory, said)
    paths = [send(over, version) for version in range(4)]
    torn = paths[3].with_name(".4.safetensors.123.tmp")
    torn.touch()
    paths.append(send(over, 4))
    assert not torn.exists()
    assert [path.exists() for path in paths] == [False, False, False, True, True]
    assert all(path.is_relative_to(memory) for path in paths)
    over.close()
    assert not list(memory.iterdir()) and not list(disk.iterdir()) and not said


@pytest.mark.parametrize(("form", "one_node"), [("file", True), ("auto", False)])
def test_it_goes_by_file_where_it_is_asked_to_or_nodes_are_several(
    disk: Path, memory: Path, form: str, one_node: bool
) -> None:
    over = hand_over(disk, memory, [], form=form, one_node=one_node)
    assert send(over, 1).is_relative_to(disk)
    assert not list(memory.iterdir())
    over.close()


def test_a_node_that_joins_ends_the_memory_form(disk: Path, memory: Path) -> None:
    nodes = [1]
    over = HandOver(disk, one_node=lambda: len(nodes) == 1, say=print, memory=memory)
    assert send(over, 1).is_relative_to(memory)
    nodes.append(2)
    assert send(over, 2).is_relative_to(disk)
    over.close()


def test_too_little_memory_means_the_disk_with_one_line(
    disk: Path, memory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bound is on the size of the memory: here less than three versions are a fifth of it."""
    usage = shutil.disk_usage(memory)
    size = 3 * (6 * 4 + 3 * 2)
    said: list[str] = []
    over = hand_over(disk, memory, said)
    monkeypatch.setattr(rollout.hand_over.shutil, "disk_usage", lambda path: usage._replace(total=5 * size))
    assert not send(over, 1).is_symlink()
    monkeypatch.setattr(rollout.hand_over.shutil, "disk_usage", lambda path: usage._replace(total=5 * size - 1))
    link = send(over, 2)
    assert link.is_symlink() and link.resolve().is_relative_to(disk)
    assert not said
    assert send(over, 3).is_relative_to(disk) and send(over, 4).is_relative_to(disk)
    assert len(said) == 1 and "--shm-size" in said[0]
    over.close()
    assert not list(memory.iterdir()) and not list(disk.iterdir())


def test_memory_that_others_have_filled_means_the_disk(disk: Path, tmp_path: Path) -> None:
    """A file system of 1 MB: reserving fails before a tensor is asked for, so the one pass of the ranks goes on."""
    memory = tmp_path / "tmpfs"
    memory.mkdir()
    if os.geteuid() or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", memory]).returncode:
        pytest.skip("needs to mount a file system")
    try:
        (memory / "others").write_bytes(bytes(1_000_000))
        over = hand_over(disk, memory, [])
        path = over.place(1)
        state = {"a": torch.arange(17_000.0)}
        write(describe(state), iter(state.items()), path)
        assert path.is_symlink()
        assert torch.equal(dict(read_weights(path))["a"], state["a"])
        assert {file.name for file in path.parent.iterdir()} == {"overflow", "1.safetensors"}
        over.close()
    finally:
        subprocess.run(["umount", "--lazy", memory], check=True)


SLEEPER = """
import sys, time
from pathlib import Path
import torch
from rollout.hand_over import HandOver, write
from rollout.weights import describe
over = HandOver(Path(sys.argv[1]), one_node=lambda: True, say=print, memory=Path(sys.argv[2]))
state = {"a": torch.ones(3)}
write(describe(state), state.items(), over.place(1))
print("ready", flush=True)
time.sleep(600)
"""


def test_what_a_killed_run_left_is_removed_by_the_next_and_a_live_ones_is_not(
    tmp_path: Path, memory: Path, repository: Path
) -> None:
    folders = [tmp_path / "killed", tmp_path / "alive"]
    runs = []
    try:
        for folder in folders:
            folder.mkdir()
            command = [sys.executable, "-c", SLEEPER, str(folder), str(memory)]
            run = subprocess.Popen(command, cwd=repository, stdout=subprocess.PIPE, text=True)
            runs.append(run)
            assert run.stdout is not None and run.stdout.readline() == "ready\n"
        assert len(list(memory.iterdir())) == 2
        remove_dead(memory)
        assert len(list(memory.iterdir())) == 2
        runs[0].send_signal(signal.SIGKILL)
        runs[0].wait()
        again = hand_over(folders[0], memory, [])
        [left] = memory.iterdir()
        assert (left / "1.safetensors").exists()
        assert (left / "overflow").resolve().is_relative_to(folders[1])
        again.close()
        assert not list(folders[0].iterdir())
    finally:
        for run in runs:
            run.kill()
            run.wait()
