"""The metrics log: typos are errors, a resumed run has the lines of an unbroken one, TensorBoard agrees."""

from __future__ import annotations

import json
import logging
import math
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from rlcore.report.log import MetricsLog, read_metrics


def steps(path: Path, stage: str) -> list[int]:
    return [record["step"] for record in read_metrics(path) if record["stage"] == stage]


def scalars(folder: Path, tag: str) -> list[tuple[int, float]]:
    accumulator = EventAccumulator(str(folder))
    accumulator.Reload()
    return [(event.step, event.value) for event in accumulator.Scalars(tag)]


def test_a_line_holds_stage_step_time_and_values(tmp_path: Path) -> None:
    before = time.time()
    with MetricsLog(tmp_path) as log:
        log.log("train", 1, {"train/reward_mean": 0.25, "train/load/layer_0": [0.5, 0.5], "train/groups": 3})
        # Readable at once: nobody waits for the run to end.
        (record,) = read_metrics(tmp_path / "metrics.jsonl")
    assert before <= record.pop("time") <= time.time()
    values = {"train/reward_mean": 0.25, "train/load/layer_0": [0.5, 0.5], "train/groups": 3.0}
    assert record == {"stage": "train", "step": 1, "values": values}


def test_tensorboard_has_the_same_numbers_and_lists_as_scalars(tmp_path: Path) -> None:
    with MetricsLog(tmp_path) as log:
        for step in (1, 2):
            log.log("train", step, {"train/reward_mean": step / 4, "train/load/layer_0": [0.25, 0.75]})
        log.log("pretrain", 1, {"pretrain/loss": 2.0})
    assert scalars(tmp_path / "tensorboard/train", "train/reward_mean") == [(1, 0.25), (2, 0.5)]
    assert scalars(tmp_path / "tensorboard/train", "train/load/layer_0/1") == [(1, 0.75), (2, 0.75)]
    assert scalars(tmp_path / "tensorboard/pretrain", "pretrain/loss") == [(1, 2.0)]


@pytest.mark.parametrize(
    ("wrong", "near"),
    [
        ("train/rewards_mean", "train/reward_mean"),
        ("pretrain/los", "pretrain/loss"),
        ("train/load/layer_x", "train/load/layer_{L}"),
    ],
)
def test_an_unknown_name_is_an_error_that_names_the_nearest(tmp_path: Path, wrong: str, near: str) -> None:
    with MetricsLog(tmp_path) as log, pytest.raises(ValueError, match="did you mean") as error:
        log.log("train", 1, {wrong: 1.0})
    assert repr(near) in str(error.value)
    assert read_metrics(tmp_path / "metrics.jsonl") == []


def test_non_finite_values_become_null_and_are_counted(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING), MetricsLog(tmp_path) as log:
        log.log("train", 1, {"train/grad_norm": math.nan, "train/load/layer_0": [0.5, math.inf], "train/lr": 1e-3})
        assert log.non_finite == 2
    (record,) = read_metrics(tmp_path / "metrics.jsonl")
    assert record["values"] == {"train/grad_norm": None, "train/load/layer_0": [0.5, None], "train/lr": 1e-3}
    assert "train/grad_norm is not finite" in caplog.text and "2 such values so far" in caplog.text
    assert scalars(tmp_path / "tensorboard/train", "train/load/layer_0/0") == [(1, 0.5)]


def write(folder: Path, first: int, last: int, resume_step: dict[str, int] | None = None) -> None:
    with MetricsLog(folder, resume_step=resume_step) as log:
        for step in range(first, last + 1):
            log.log("train", step, {"train/reward_mean": step / 8})


def test_a_resumed_run_has_the_lines_of_an_unbroken_one(tmp_path: Path) -> None:
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    write(whole, 1, 10)
    with MetricsLog(broken) as log:
        log.log("pretrain", 50, {"pretrain/loss": 1.0})
    write(broken, 1, 7)
    with (broken / "metrics.jsonl").open("ab") as file:
        file.write(b'{"stage": "train", "step": 8, "ti')
    write(broken, 5, 10, resume_step={"train": 4})
    expected = [(record["step"], record["values"]) for record in read_metrics(whole / "metrics.jsonl")]
    kept = [r for r in read_metrics(broken / "metrics.jsonl") if r["stage"] == "train"]
    assert [(record["step"], record["values"]) for record in kept] == expected
    assert steps(broken / "metrics.jsonl", "pretrain") == [50]
    tag = "train/reward_mean"
    assert scalars(broken / "tensorboard/train", tag) == scalars(whole / "tensorboard/train", tag)
    assert not list(broken.glob("*.tmp"))


def test_an_open_tensorboard_forgets_the_steps_that_were_done_again(tmp_path: Path) -> None:
    write(tmp_path, 1, 6)
    watching = EventAccumulator(str(tmp_path / "tensorboard/train"))
    watching.Reload()
    time.sleep(1.1)  # event files are ordered by the second in their name
    write(tmp_path, 4, 8, resume_step={"train": 3})
    watching.Reload()
    values = [(event.step, event.value) for event in watching.Scalars("train/reward_mean")]
    assert values == [(step, step / 8) for step in range(1, 9)]


def test_resume_step_minus_one_drops_a_stage_and_no_resume_keeps_all(tmp_path: Path) -> None:
    write(tmp_path, 0, 3)
    write(tmp_path, 4, 5)
    assert steps(tmp_path / "metrics.jsonl", "train") == [0, 1, 2, 3, 4, 5]
    write(tmp_path, 0, 0, resume_step={"train": -1})
    assert steps(tmp_path / "metrics.jsonl", "train") == [0]


def test_a_step_twice_is_an_error_with_the_remedy(tmp_path: Path) -> None:
    write(tmp_path, 1, 3)
    with pytest.raises(ValueError, match=r"train step 3 comes after step 3.*resume_step=\{'train': 2\}"):
        write(tmp_path, 3, 3)


def test_only_the_last_line_may_be_torn(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    good = json.dumps({"stage": "train", "step": 1, "time": 1.0, "values": {}})
    path.write_text(good + "\n" + '{"stage"')
    assert steps(path, "train") == [1]
    path.write_text(good)  # whole, but killed before the line's end
    assert steps(path, "train") == [1]
    for broken in ('{"stage"', "7", "{}"):
        path.write_text(broken + "\n" + good + "\n")
        with pytest.raises(ValueError, match=r"metrics\.jsonl:1: not a metrics line"):
            read_metrics(path)
    assert read_metrics(tmp_path / "absent.jsonl") == []


WRITER = """
import itertools, sys
from rlcore.report.log import MetricsLog
log = MetricsLog(sys.argv[1])
for step in itertools.count(1):
    log.log("train", step, {"train/load/layer_0": [step / 7] * 2000})
    if step == 5:
        print("going", flush=True)
"""


def test_after_kill_9_every_whole_step_is_there_and_the_run_goes_on(tmp_path: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"going\n"
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()
    done = steps(tmp_path / "metrics.jsonl", "train")
    assert len(done) >= 5
    assert done == list(range(1, len(done) + 1))
    with MetricsLog(tmp_path, resume_step={"train": 3}) as log:
        log.log("train", 4, {"train/load/layer_0": [0.5] * 3})
    assert steps(tmp_path / "metrics.jsonl", "train") == [1, 2, 3, 4]
    assert [step for step, _ in scalars(tmp_path / "tensorboard/train", "train/load/layer_0/0")] == [1, 2, 3, 4]


def test_importing_the_log_loads_neither_torch_nor_tensorboard() -> None:
    code = "import sys, rlcore.report.log; print(sorted({'torch', 'tensorboard', 'tensorflow'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
