"""`rlcore replay`: a recorded step comes out as it was, and a record that somebody changed is named."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from rlcore.rl.buffer import StepBuffer, step_file
from rlcore.rl.trajectory import Group
from verifiers.types import Problem, Status, Verdict


def replay(folder: Path, step: int) -> tuple[int, str]:
    command = [sys.executable, "-m", "rlcore.cli", "replay", str(folder), "--step", str(step)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    return done.returncode, done.stdout + done.stderr


def lines(text: str) -> dict[str, list[str]]:
    return {line.split()[0]: line.split()[1:] for line in text.splitlines() if line.startswith("        train/")}


@pytest.mark.timeout(420)
def test_a_step_comes_out_as_it_was(unbroken: Path) -> None:
    code, text = replay(unbroken, 3)
    assert code == 0, text
    found = lines(text)
    assert {"train/reward_mean", "train/advantage_abs_mean", "train/loss", "train/grad_norm"} <= found.keys()
    assert float(found["train/grad_norm"][0]) > 0
    assert float(found["train/grad_norm"][1]) == pytest.approx(float(found["train/grad_norm"][0]), rel=1e-4)
    assert "all that was done again is as recorded" in text


@pytest.mark.timeout(420)
def test_the_first_place_where_it_parts_is_named(unbroken: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    shutil.copytree(unbroken, folder)
    path = step_file(folder, 2)
    rows = [json.loads(line) for line in (folder / "samples" / "step-2.jsonl").read_text().splitlines()]
    problems = {row["problem_id"]: Problem(id=row["problem_id"], prompt=row["prompt"], reference={}) for row in rows}
    groups = StepBuffer(path, version=1).groups(problems)
    path.unlink()
    first = groups[0].trajectories[0]
    verdict = Verdict.of(Status.WRONG, reward=0.0) if first.verdict.reward else Verdict.of(Status.CORRECT, reward=1.0)
    changed = replace(first, turns=(replace(first.turns[0], verdict=verdict),))
    groups[0] = Group(groups[0].problem, (changed, *groups[0].trajectories[1:]))
    writer = StepBuffer(path, version=1)
    for place, group in enumerate(groups):
        writer.add(place, group)
    code, text = replay(folder, 2)
    assert code == 1
    assert f"they part at: verdict {groups[0].problem.id}, sample 0" in text


def test_what_is_not_there_is_named(unbroken: Path, tmp_path: Path) -> None:
    assert replay(tmp_path, 1) == (2, f"rlcore: {tmp_path} is no run folder: it has no manifest.json\n")
    code, text = replay(unbroken, 9)
    assert code == 2 and "metrics.jsonl has no step 9 of RL" in text
