"""Processes that die or hang during a run: it ends by itself, with the numbers of a run that nothing disturbed."""

from __future__ import annotations

import os
import re
import signal
from pathlib import Path

import pytest
from descendants import below
from small_run import Run, Start, results


def processes(run: Run, name: str) -> list[int]:
    """The actors of that class, by process id."""
    found = []
    for process in below(run.process.pid):
        try:
            command = Path(f"/proc/{process.pid}/cmdline").read_bytes()
        except FileNotFoundError:
            continue
        if command.startswith(f"ray::{name}".encode()):
            found.append(process.pid)
    return sorted(found)


@pytest.mark.timeout(600)
def test_killed_ranks_and_workers_cost_nothing_but_time(
    unbroken: Path, start: Start, reward_file: str, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    run = start(folder, f"data.verifier={reward_file}", "train.checkpoint_every=2")
    run.wait_for_path(folder / "checkpoints" / "pretrain" / "step-4")
    os.kill(processes(run, "LearnerRank")[1], signal.SIGKILL)
    run.wait_for("starting all ranks again, from pretrain step")
    run.wait_for("train 1/3")
    os.kill(processes(run, "LearnerRank")[0], signal.SIGKILL)
    for worker in processes(run, "RolloutWorker"):
        os.kill(worker, signal.SIGKILL)
    assert run.wait(400) == 0, run.text()[-3000:]
    assert len(re.findall(r"learner rank \d died", run.text())) == 2
    assert "starting all ranks again, from train step" in run.text()
    assert "rollout worker 0 was replaced" in run.text()
    assert results(folder) == results(unbroken)


@pytest.mark.timeout(600)
def test_a_rank_that_hangs_is_not_waited_for_for_ever(
    unbroken: Path, start: Start, reward_file: str, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    base = unbroken / "checkpoints" / "pretrain" / "step-12" / "hf"
    arguments = [f"data.verifier={reward_file}", f"model.path={base}", 'stages=["filter", "train"]']
    run = start(folder, *arguments, "ray.stall_seconds=30")
    run.wait_for("train 1/3")
    stopped = processes(run, "LearnerRank")[1]
    os.kill(stopped, signal.SIGSTOP)
    assert run.wait(400) == 0, run.text()[-3000:]
    assert "gave no sign of life for 30 s: starting all ranks again" in run.text()
    assert not Path(f"/proc/{stopped}").exists()
    ours, theirs = (
        [line for line in results(each)["metrics"] if line["stage"] == "train"]  # type: ignore[attr-defined]
        for each in (folder, unbroken)
    )
    assert ours == theirs
