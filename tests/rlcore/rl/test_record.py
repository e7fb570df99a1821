"""What is written down about a step: each family apart, in metrics, in the line for people, in the samples."""

from __future__ import annotations

import json
from pathlib import Path

from scripted_run import scripted_run

from rlcore.report.catalogue import lookup
from rlcore.rl.buffer import StepBuffer, step_file
from rlcore.rl.collect import Collected, collect
from rlcore.rl.record import line, sample_metrics, write_samples
from rlcore.run.context import Run
from verifiers.types import Problem

TRAIN = {"prompts_per_step": 12, "group_size": 2, "max_refills": 0}


def speaks_english(problem: Problem) -> tuple[str, ...]:
    return (f" Answer: {problem.reference['answer']}" if "variant=en" in problem.tags else " Answer: 999",)


def first_step(run: Run) -> Collected:
    buffer = StepBuffer(step_file(run.folder.path, 1), version=0)
    return collect(run.sampler, run.dataset.train, run.config.train, buffer, seed=0, step=0, cursor=0)


def test_a_step_tells_families_apart(tmp_path: Path) -> None:
    data = {"source": "word_problems:en+zh", "size": 40}
    with scripted_run(tmp_path / "run", speaks_english, data=data, train=TRAIN) as (run, judging):
        collected = first_step(run)
    values = sample_metrics(collected)
    assert {name: value for name, value in values.items() if "word" in name} == {
        "train/reward/word_problems.en": 1.0,
        "train/reward/word_problems.zh": 0.0,
        "train/zero_variance/word_problems.en": 1.0,
        "train/zero_variance/word_problems.zh": 1.0,
    }
    assert all(lookup(name) for name in values)
    assert line(values)["word_problems.en"] == 1.0 and line(values)["word_problems.zh"] == 0.0
    write_samples(tmp_path / "samples" / "step-1.jsonl", 1, collected)
    samples = [json.loads(text) for text in (tmp_path / "samples" / "step-1.jsonl").read_text().splitlines()]
    assert len(samples) == 24 and {(one["family"], one["status"]) for one in samples} == {
        ("word_problems.en", "correct"),
        ("word_problems.zh", "wrong"),
    }
    assert judging.families == {"word_problems.en", "word_problems.zh"}


def test_one_family_has_no_metrics_of_its_own(tmp_path: Path) -> None:
    data = {"source": "word_problems:en", "size": 40}
    with scripted_run(tmp_path / "run", speaks_english, data=data, train=TRAIN) as (run, _):
        collected = first_step(run)
    values = sample_metrics(collected)
    assert values["train/reward_mean"] == 1.0 and not [name for name in values if name.startswith("train/reward/")]
