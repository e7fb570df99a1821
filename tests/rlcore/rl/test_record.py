"""What is written down about a step, worked by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from scripted_run import scripted_run

from rlcore.config.rl import TrainConfig
from rlcore.learn.batch import TrainSequence
from rlcore.report.catalogue import lookup
from rlcore.rl.buffer import StepBuffer, step_file
from rlcore.rl.collect import Collected, collect
from rlcore.rl.record import learner_metrics, line, sample_metrics, write_samples
from rlcore.rl.trajectory import Group, single_turn_trajectory
from rlcore.run.context import Run
from rollout.types import FinishReason, completion
from verifiers.types import Message, Problem, Status, Verdict

RIGHT, WRONG = Verdict.of(Status.CORRECT), Verdict.of(Status.WRONG)
FAILED = Verdict.failed("deadline", "the judge was late")


def group(name: str, verdicts: list[Verdict], lengths: list[int], verifier: str = "math", **problem: Any) -> Group:
    asked = Problem(id=name, verifier=verifier, reference={"answer": "1"}, **({"prompt": "?"} | problem))
    trajectories = []
    for number, (length, verdict) in enumerate(zip(lengths, verdicts, strict=True)):
        ended: FinishReason = "length" if length == 8 else "stop"
        text, ids, logprobs = f"{name} says {number}", [7] * length, [-1.0] * length
        made = completion(name, text, ids, logprobs, version=0, finish_reason=ended)
        trajectories.append(single_turn_trajectory((1,), made, verdict))
    return Group(asked, tuple(trajectories))


MIXED = group("mixed", [RIGHT, WRONG, FAILED], [2, 8, 1])
EASY = group("easy", [RIGHT, RIGHT], [1, 1])
HARD = group("hard", [WRONG, WRONG], [1, 6], "lean")


def test_samples_by_hand() -> None:
    """7 completions of 20 tokens, 1 cut off, 1 not judged; rewards 1 0 - 1 1 0 0."""
    found = sample_metrics(
        Collected(9, kept=[MIXED], sampled=[MIXED, EASY, HARD], refills=2, generate=3.0, score=2.0, refill=1.0)
    )
    assert found == pytest.approx(
        {
            "train/reward_mean": 3 / 6,
            "train/pass_rate": 3 / 6,
            "train/completion_tokens_mean": 20 / 7,
            "train/completion_tokens_max": 8,
            "train/truncated_share": 1 / 7,
            "train/masked_share": 1 / 7,
            "train/zero_variance_share": 2 / 3,
            "train/groups_dropped_easy": 1,
            "train/groups_dropped_hard": 1,
            "train/groups": 1,
            "train/refills": 2,
            "train/tokens": 20,
            "time/generate": 3.0,
            "time/score": 2.0,
            "time/refill": 1.0,
            "train/reward/math": 3 / 4,
            "train/zero_variance/math": 1 / 2,
            "train/reward/lean": 0.0,
            "train/zero_variance/lean": 1.0,
        }
    )


def test_one_family_is_not_told_apart_and_a_judge_that_failed_on_all_is_no_reward() -> None:
    found = sample_metrics(Collected(1, kept=[], sampled=[group("lost", [FAILED, FAILED], [1, 1])]))
    assert not [name for name in found if name.count("/") > 1]
    assert (found["train/reward_mean"], found["train/pass_rate"], found["train/masked_share"]) == (0.0, 0.0, 1.0)


def result(loss: float, **fields: Any) -> dict[str, Any]:
    return {
        "loss": loss, "entropy": 10 * loss, "clip_share_low": 0.25, "clip_share_high": 0.5 * loss, "ratio_max": loss,
        "mismatch_kl": loss / 8, "logprob_abs_diff_max": loss / 4, "grad_norm": 2 * loss, "lr": 0.5 * loss,
        "steps_skipped": 0, "steps_nonfinite": 0, "merged_share": 0.25 * loss, **fields,
    }  # fmt: skip


WHOLE, BY_STEP = TrainSequence([1, 2], 1, advantage=-1.0), TrainSequence([1, 2, 3], 1, advantage=[1.0, -4.0])


def test_the_learners_numbers_are_means_or_of_the_first_update_or_the_largest() -> None:
    """What tells sampler from learner is of the first update of a rollout batch, before the policy has moved."""
    train = TrainConfig.model_validate({"optim": {"lr": 1e-3}})
    found = learner_metrics([result(1.0, steps_skipped=1), result(3.0)], [[WHOLE, BY_STEP]], train)
    assert found == pytest.approx(
        {
            "train/loss": 2.0,
            "train/entropy": 10.0,
            "train/clip_share_low": 0.25,
            "train/clip_share_high": 1.0,
            "train/clip_share": 1.25,
            "train/ratio_max": 3.0,
            "train/kl_rollout_learner": 0.125,
            "train/logprob_abs_diff_max": 0.25,
            "train/steps_skipped": 1,
            "train/steps_nonfinite": 0,
            "train/merged_share": 0.5,
            "train/grad_norm": 4.0,
            "train/lr": 5e-4,
            "train/advantage_abs_mean": (1 + 2.5) / 2,
        }
    )
    assert learner_metrics([], [], train) == {"train/lr": 0.0}


def test_a_norm_that_is_not_finite_is_in_no_mean() -> None:
    broken = result(1.0, grad_norm=float("nan"), steps_nonfinite=1)
    found = learner_metrics([broken, result(3.0)], [[WHOLE]], TrainConfig())
    assert (found["train/grad_norm"], found["train/steps_nonfinite"]) == (6.0, 1)
    assert "train/grad_norm" not in learner_metrics([broken], [[WHOLE]], TrainConfig())


def test_the_load_of_experts_is_a_share_of_their_layer() -> None:
    counted = result(1.0, expert_counts=[[1.0, 3.0], [0.0, 0.0]], balance_loss=1.5, load_max_over_mean=1.5)
    found = learner_metrics([counted], [[WHOLE]], TrainConfig())
    assert found["train/load/layer_0"] == [0.25, 0.75] and found["train/load/layer_1"] == [0.0, 0.0]
    assert (found["train/balance_loss"], found["train/load_max_over_mean"]) == (1.5, 1.5)


def test_the_share_of_attempts_that_learn_by_step() -> None:
    found = learner_metrics([result(1.0)], [[WHOLE, BY_STEP, WHOLE], [WHOLE]], TrainConfig(process_weight=0.5))
    assert found["train/process_share"] == 0.25


def test_people_see_the_families_of_the_run() -> None:
    values = {"train/reward_mean": 0.5, "train/groups": 3, "train/reward/lean": 0.25, "train/loss": 9.0}
    assert line(values) == {"reward": 0.5, "groups": 3, "lean": 0.25}


def test_samples_are_written_with_their_verdicts_and_whether_they_were_learnt_from(tmp_path: Path) -> None:
    chat = group("chat", [RIGHT], [1], prompt=(Message(role="user", content="hello"),))
    path = tmp_path / "samples" / "000004.jsonl"
    write_samples(path, 4, Collected(2, kept=[MIXED], sampled=[MIXED, chat]))
    rows = [json.loads(row) for row in path.read_text(encoding="utf-8").splitlines()]
    assert [(row["problem_id"], row["learnt"], row["status"], row["reward"], row["tokens"]) for row in rows] == [
        ("mixed", True, "correct", 1.0, 2),
        ("mixed", True, "wrong", 0.0, 8),
        ("mixed", True, "error", None, 1),
        ("chat", False, "correct", 1.0, 1),
    ]
    assert {row["step"] for row in rows} == {4} and {row["family"] for row in rows} == {"math"}
    assert rows[1]["text"] == "mixed says 1" and rows[1]["finish_reason"] == "length" and rows[1]["prompt"] == "?"
    assert rows[3]["prompt"] == [{"role": "user", "content": "hello"}]


TRAIN = {"prompts_per_step": 12, "group_size": 2, "max_refills": 0}


def speaks_english(problem: Problem) -> tuple[str, ...]:
    return (f" Answer: {problem.reference['answer']}" if "variant=en" in problem.tags else " Answer: 999",)


def first_step(run: Run) -> Collected:
    buffer = StepBuffer(step_file(run.folder.path, 1), origin="")
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


def test_a_metric_of_the_algorithms_own_is_logged_under_its_name() -> None:
    step = {"loss": 0.0, "entropy": 1.0, "ratio_max": 1.0, "mismatch_kl": 0.0, "logprob_abs_diff_max": 0.0, "lr": 1.0}
    step |= {"steps_skipped": 0, "steps_nonfinite": 0, "merged_share": 0.0, "grad_norm": 1.0}
    results = [step | {"kept_share": 0.25, "weight_max": 2.0}, step | {"kept_share": 0.75, "weight_max": 5.0}]
    values = learner_metrics(results, [[TrainSequence([1, 2], 1, advantage=-2.0)]] * 2, TrainConfig(minibatches=2))
    assert {name: value for name, value in values.items() if name.startswith("train/algorithm/")} == {
        "train/algorithm/kept_share": 0.5,
        "train/algorithm/weight_max": 5.0,
    }
    assert all(lookup(name) for name in values)
    assert values["train/advantage_abs_mean"] == 2.0
