"""What is written down about a step of RL: its metrics, its line for people, its samples."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from rlcore.config.rl import TrainConfig
from rlcore.data.origin import family
from rlcore.learn.batch import TrainSequence
from rlcore.rl.advantages import has_variance
from rlcore.rl.collect import Collected
from rlcore.rl.trajectory import Group
from rlcore.run.folder import write_lines
from verifiers.types import Status

KNOWN = {
    *("loss", "entropy", "clip_share_low", "clip_share_high", "ratio_max", "mismatch_kl", "logprob_abs_diff_max"),
    *("grad_norm", "steps_skipped", "steps_nonfinite", "merged_share", "lr"),
    *("expert_counts", "balance_loss", "load_max_over_mean"),
}
"""What every step of a learner gives; any other metric is the algorithm's own."""


def learner_metrics(
    results: Sequence[dict[str, Any]], batches: Sequence[Sequence[TrainSequence]], train: TrainConfig
) -> dict[str, Any]:
    """Of the optimiser steps of a rollout batch: what `LearnerGroup.step` gave for each, and what it learnt from."""
    if not results:
        return {"train/lr": 0.0}

    def mean(name: str) -> float:
        return float(sum(result.get(name, 0.0) for result in results) / len(results))

    values: dict[str, Any] = {
        "train/loss": mean("loss"),
        "train/entropy": results[0]["entropy"],
        "train/clip_share_low": mean("clip_share_low"),
        "train/clip_share_high": mean("clip_share_high"),
        "train/clip_share": mean("clip_share_low") + mean("clip_share_high"),
        "train/ratio_max": max(result["ratio_max"] for result in results),
        "train/kl_rollout_learner": results[0]["mismatch_kl"],
        "train/logprob_abs_diff_max": results[0]["logprob_abs_diff_max"],
        "train/steps_skipped": sum(result["steps_skipped"] for result in results),
        "train/steps_nonfinite": sum(result["steps_nonfinite"] for result in results),
        "train/merged_share": mean("merged_share"),
        "train/lr": results[0]["lr"] * train.optim.lr,
    }
    norms = [result["grad_norm"] for result in results if not result["steps_nonfinite"]]
    if norms:
        values["train/grad_norm"] = sum(norms) / len(norms)
    if "expert_counts" in results[0]:
        values["train/balance_loss"] = mean("balance_loss")
        values["train/load_max_over_mean"] = results[0]["load_max_over_mean"]
        for layer, counts in enumerate(results[0]["expert_counts"]):
            values[f"train/load/layer_{layer}"] = [count / max(sum(counts), 1.0) for count in counts]
    for name in results[0].keys() - KNOWN:
        own = [result[name] for result in results]
        values[f"train/algorithm/{name}"] = max(own) if name.endswith("_max") else sum(own) / len(own)
    learnt = [sequence for batch in batches for sequence in batch]
    values["train/advantage_abs_mean"] = sum(float(np.abs(each.advantage).mean()) for each in learnt) / len(learnt)
    if train.process_weight:
        by_step = sum(not isinstance(sequence.advantage, float) for sequence in learnt)
        values["train/process_share"] = by_step / len(learnt)
    return values


def sample_metrics(collected: Collected) -> dict[str, Any]:
    """Of the groups of a step, dropped ones included, and of the time it took to have them."""
    verdicts = [verdict for group in collected.sampled for verdict in group.verdicts]
    trajectories = [trajectory for group in collected.sampled for trajectory in group.trajectories]
    rewards = [verdict.reward for verdict in verdicts if verdict.reward is not None]
    lengths = [trajectory.new_tokens for trajectory in trajectories]
    flat = [group for group in collected.sampled if not has_variance(group.rewards())]
    easy = sum(all(reward == 1.0 for reward in group.rewards() if reward is not None) for group in flat)
    return {
        "train/reward_mean": sum(rewards) / max(len(rewards), 1),
        "train/pass_rate": sum(v.status is Status.CORRECT for v in verdicts) / max(len(rewards), 1),
        "train/completion_tokens_mean": sum(lengths) / len(lengths),
        "train/completion_tokens_max": max(lengths),
        "train/truncated_share": sum(trajectory.truncated for trajectory in trajectories) / len(trajectories),
        "train/masked_share": 1 - len(rewards) / len(verdicts),
        "train/zero_variance_share": len(flat) / len(collected.sampled),
        "train/groups_dropped_easy": easy,
        "train/groups_dropped_hard": len(flat) - easy,
        "train/groups": len(collected.kept),
        "train/refills": collected.refills,
        "train/tokens": sum(lengths),
        "time/generate": collected.generate,
        "time/score": collected.score,
        "time/refill": collected.refill,
    } | _by_family(collected.sampled)


def _by_family(groups: Sequence[Group]) -> dict[str, float]:
    """Reward and groups without signal of each family; nothing where there is one family only."""
    found: dict[str, list[Group]] = {}
    for group in groups:
        found.setdefault(family(group.problem), []).append(group)
    values: dict[str, float] = {}
    for name, part in found.items() if len(found) > 1 else ():
        rewards = [reward for group in part for reward in group.rewards() if reward is not None]
        values[f"train/reward/{name}"] = sum(rewards) / max(len(rewards), 1)
        values[f"train/zero_variance/{name}"] = sum(not has_variance(group.rewards()) for group in part) / len(part)
    return values


def line(values: dict[str, Any]) -> dict[str, float | str]:
    """What people see of a step."""
    shown = {
        "reward": "train/reward_mean",
        "entropy": "train/entropy",
        "len": "train/completion_tokens_mean",
        "groups": "train/groups",
        "clip": "train/clip_share",
        "canary": "canary/max_abs_diff",
    }
    prefix = "train/reward/"
    families = {name.removeprefix(prefix): name for name in values if name.startswith(prefix)}
    return {label: values[name] for label, name in (shown | families).items() if name in values}


def write_samples(path: Path, step: int, collected: Collected) -> None:
    """Every completion of the step with its verdict, one JSON line each."""
    path.parent.mkdir(exist_ok=True)
    learnt = {id(group) for group in collected.kept}
    write_lines(
        path,
        (
            {
                "step": step,
                "problem_id": group.problem.id,
                "family": family(group.problem),
                "prompt": group.problem.prompt
                if isinstance(group.problem.prompt, str)
                else [m.model_dump() for m in group.problem.prompt],
                "text": trajectory.text,
                "status": verdict.status.value,
                "reward": verdict.reward,
                "detail": verdict.detail,
                "extracted": verdict.extracted,
                "finish_reason": trajectory.turns[-1].finish_reason,
                "tokens": trajectory.new_tokens,
                "learnt": id(group) in learnt,
            }
            for group in collected.sampled
            for trajectory in group.trajectories
            for verdict in [trajectory.verdict]
        ),
    )
