"""A lost learner: how often a stage is begun again, and what is made anew before it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rlcore.config.reading import parse
from rlcore.learn.ranks import LearnerLost
from rlcore.run.context import Run
from rlcore.run.folder import RunFolder, open_run
from rlcore.run.recovery import MAX_LOSSES, with_recovery


class Stage:
    """Work that loses a rank at the given calls, and saves a checkpoint at others."""

    def __init__(self, run: Run, losses: set[int], saves: set[int]) -> None:
        self.run, self.losses, self.saves, self.calls = run, losses, saves, 0

    def __call__(self) -> None:
        self.calls += 1
        newest = self.run.folder.latest("train")
        self.run.metrics.log("train", (newest.step if newest else 0) + 1, {"train/lr": 1.0})
        if self.calls in self.saves:
            self.run.folder.save("train", self.calls, {}, lambda path: None)
        if self.calls in self.losses:
            raise LearnerLost("learner rank 1 died: killed")


def begun(folder: RunFolder, tmp_path: Path) -> Run:
    return Run(parse({"run_dir": str(tmp_path / "run")}), folder)


def test_it_goes_on_and_logs_each_step_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with open_run(parse({"run_dir": str(tmp_path / "run")})) as folder, begun(folder, tmp_path) as run:
        stage = Stage(run, losses={1, 2}, saves=set())
        with_recovery(run, "train", stage)
    assert stage.calls == 3
    assert (tmp_path / "run" / "metrics.jsonl").read_text().count('"train/lr"') == 1
    line = "learner rank 1 died: killed: starting all ranks again, from train step 0\n"
    assert capsys.readouterr().out == line * 2


def test_it_gives_up_where_nothing_gets_better(tmp_path: Path) -> None:
    with open_run(parse({"run_dir": str(tmp_path / "run")})) as folder, begun(folder, tmp_path) as run:
        stage = Stage(run, losses=set(range(1, 99)), saves={2})
        with pytest.raises(LearnerLost, match="rank 1 died"):
            with_recovery(run, "train", stage)
    # Once before the first checkpoint, and MAX_LOSSES times after it.
    assert stage.calls == 1 + MAX_LOSSES


def test_other_errors_are_not_its_business(tmp_path: Path) -> None:
    def fails() -> Any:
        raise RuntimeError("a rank ran out of memory")

    with (
        open_run(parse({"run_dir": str(tmp_path / "run")})) as folder,
        begun(folder, tmp_path) as run,
        pytest.raises(RuntimeError, match="out of memory"),
    ):
        with_recovery(run, "train", fails)
