"""Measuring a policy on held-out problems: pass@1 over temperatures, pass@k, greedy, with 95 % intervals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rlcore.config.rl import EvalConfig
from rlcore.data import mixture
from rlcore.rl.sampler import Sampler
from rlcore.rl.statistics import Interval, mean_pass_at_k
from rlcore.rl.trajectory import Group
from verifiers.types import Problem, Status

CHUNK = 256


def by_family(sampler: Sampler, config: EvalConfig, problems: Sequence[Problem], *, step: int) -> dict[str, Any]:
    """`evaluate` of each family, under `by_family`; the top level is the first family's, that of the first source."""
    families = {name: evaluate(sampler, config, part, step=step) for name, part in mixture.by_family(problems).items()}
    return {**next(iter(families.values())), "by_family": families}


def evaluate(sampler: Sampler, config: EvalConfig, problems: Sequence[Problem], *, step: int) -> dict[str, Any]:
    """Evaluate the policy that the rollout workers serve now, which is that after RL step `step`.

    Greedy takes one sample per problem; temperature 1 takes `eval.samples`, the others `eval.sweep_samples`.
    Seeds do not depend on the policy, so before and after are paired. Returns JSON (see `rlcore.report.page`).
    """
    problems = problems[: config.problems or None]
    by_temperature: dict[str, dict[str, Any]] = {}
    result: dict[str, Any] = {"held_out": len(problems), "temperatures": by_temperature}
    for temperature in sorted({*config.temperatures, 1.0}):
        samples = 1 if temperature == 0 else config.samples if temperature == 1 else config.sweep_samples
        groups: list[Group] = []
        for start in range(0, len(problems), CHUNK):
            part = problems[start : start + CHUNK]
            seed_parts = ("eval", temperature)
            groups += sampler.sample_groups(
                part,
                samples=samples,
                temperature=temperature,
                seed_parts=seed_parts,
                stage="eval",
                step=step,
                first=start,
            ).groups
        counts = [judged_and_correct(group) for group in groups]
        found = mean_pass_at_k(counts, 1)
        by_temperature[str(temperature)] = {"pass_at_1": found.mean, "ci": _bounds(found), "samples": samples}
        if temperature == 1:
            ks = {str(k): mean_pass_at_k(counts, k) for k in config.ks}
            result["pass_at_k"] = {k: {"value": value.mean, "ci": _bounds(value)} for k, value in ks.items()}
            result |= _shares(groups)
    result["greedy"] = by_temperature.get("0.0")
    best = max(by_temperature, key=lambda name: by_temperature[name]["pass_at_1"])
    result["best_t"] = {"temperature": float(best), **by_temperature[best]}
    return result


def on_the_way(sampler: Sampler, config: EvalConfig, problems: Sequence[Problem], *, step: int) -> dict[str, float]:
    """Pass@1 at temperature 1 of the policy after RL step `step`, as metrics; by family where there are several."""
    short = config.model_copy(update={"temperatures": (1.0,), "ks": (1,), "samples": config.sweep_samples})
    return to_metrics(by_family(sampler, short, problems, step=step))


def to_metrics(result: dict[str, Any]) -> dict[str, float]:
    """The evaluation as metrics of `rlcore.report.log`."""
    values = {f"eval/pass_at_1/temperature_{t}": found["pass_at_1"] for t, found in result["temperatures"].items()}
    values |= {f"eval/pass_at_{k}": found["value"] for k, found in result["pass_at_k"].items()}
    families = result.get("by_family", {})
    for name, part in families.items() if len(families) > 1 else ():
        values |= {f"eval/{name}/pass_at_{k}": found["value"] for k, found in part["pass_at_k"].items()}
    return values | {
        "eval/truncated_share": result["truncated_share"],
        "eval/masked_share": result["masked_share"],
        "eval/held_out": result["held_out"],
    }


def judged_and_correct(group: Group) -> tuple[int, int]:
    """(n, c): samples with a verdict of the answer, and how many are correct."""
    judged = [verdict for verdict in group.verdicts if not verdict.mask_sample]
    return len(judged), sum(verdict.status is Status.CORRECT for verdict in judged)


def _bounds(interval: Interval) -> list[float]:
    return [interval.low, interval.high]


def _shares(groups: Sequence[Group]) -> dict[str, float]:
    trajectories = [trajectory for group in groups for trajectory in group.trajectories]
    count = len(trajectories)
    return {
        "truncated_share": sum(trajectory.truncated for trajectory in trajectories) / count,
        "masked_share": sum(trajectory.verdict.mask_sample for trajectory in trajectories) / count,
        "completion_tokens_mean": sum(trajectory.new_tokens for trajectory in trajectories) / count,
    }
