"""A process of a run that dies at its start: one line with cause and remedy, the rest in a file that the line names."""

from __future__ import annotations

import os
import re
import shutil
import signal
import time
from pathlib import Path

import pytest
from descendants import below
from small_run import Run, Start


def only_line(run: Run, code: int = 1) -> str:
    """The last line of a run that failed; nothing else that it printed is about the failure."""
    assert run.wait() == code, run.text()[-3000:]
    *before, line = run.text().splitlines()
    assert line.startswith("rlcore: "), run.text()
    for word in ("Traceback", "Error", "(raylet)", "WARNING"):
        assert word not in "\n".join(before)
    return line


def file_named(line: str) -> str:
    found = re.search(r"\(the whole text: (\S+)\)$", line)
    assert found, line
    return Path(found[1]).read_text()


@pytest.mark.parametrize("engine", ["vllm", "transformers"])
def test_a_damaged_policy(unbroken: Path, start: Start, reward_file: str, tmp_path: Path, engine: str) -> None:
    broken = tmp_path / "hf"
    shutil.copytree(unbroken / "checkpoints" / "pretrain" / "step-12" / "hf", broken)
    with (broken / "model.safetensors").open("r+b") as weights:
        weights.truncate(1000)
    options = [f"data.verifier={reward_file}", f"model.path={broken}", 'stages=["eval"]', f"rollout.engine={engine}"]
    line = only_line(start(tmp_path / "run", *options))
    assert f"could not start its {engine} engine" in line and "damaged or incomplete" in line
    assert "Traceback (most recent call last)" in file_named(line)


def test_too_little_memory_for_the_kv_cache(unbroken: Path, start: Start, reward_file: str, tmp_path: Path) -> None:
    hf = unbroken / "checkpoints" / "pretrain" / "step-12" / "hf"
    options = [f"data.verifier={reward_file}", f"model.path={hf}", 'stages=["eval"]', "rollout.kv_cache_gib=0.00001"]
    line = only_line(start(tmp_path / "run", *options))
    assert "raise rollout.kv_cache_gib" in line
    assert "kv_cache" in file_named(line)


def test_a_learner_that_is_killed_at_its_start_is_replaced(start: Start, reward_file: str, tmp_path: Path) -> None:
    run = start(tmp_path / "run", f"data.verifier={reward_file}", 'stages=["pretrain"]')
    learners: list[int] = []
    end = time.monotonic() + 240
    while not learners and time.monotonic() < end and run.process.poll() is None:
        learners = [process.pid for process in below(run.process.pid) if named(process.pid, b"ray::LearnerRank")]
        time.sleep(0.05)
    assert learners, run.text()
    os.kill(learners[-1], signal.SIGKILL)
    assert run.wait(300) == 0, run.text()
    assert re.search(r"learner rank \d died: its process was killed or crashed", run.text())
    assert "starting all ranks again, from pretrain step 0" in run.text()


def named(pid: int, name: bytes) -> bool:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().startswith(name)
    except OSError:  # gone in between
        return False
