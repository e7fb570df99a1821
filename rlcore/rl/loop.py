"""The RL stage: sample, score, drop what teaches nothing, learn, publish, check the canary."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rlcore.config.rl import CANARY_TOLERANCES, TrainConfig
from rlcore.data.mixture import Pool, family
from rlcore.learn.batch import PackedRows, TrainSequence, pack_rows
from rlcore.learn.learner import StepSpec
from rlcore.learn.optim.schedules import lr_multiplier
from rlcore.rl import algorithm as algorithms
from rlcore.rl import canary
from rlcore.rl.advantages import has_variance, step_advantages
from rlcore.rl.credit import Decode, credit_tokens, token_spans
from rlcore.rl.sampling import sample_groups
from rlcore.rl.types import Group
from rlcore.run.folder import write_lines
from rlcore.run.progress import Progress
from rlcore.run.resources import Resources
from rollout.types import Completion
from verifiers.types import Status, Verdict

STAGE = "train"


@dataclass
class Collected:
    """The groups of one step.

    Attributes:
        kept: groups with variance, what is learnt from. sampled: all of them, in order of submission.
        cursor: prompts taken from the stream so far. refills: extra rounds.
        generate, score, refill: seconds (refill is part of the other two).
    """

    cursor: int
    kept: list[Group] = field(default_factory=list)
    sampled: list[Group] = field(default_factory=list)
    refills: int = 0
    generate: float = 0.0
    score: float = 0.0
    refill: float = 0.0


def run(resources: Resources, pool: Pool) -> None:
    """Train `train.steps` rollout batches on `pool`; goes on from the newest checkpoint.

    Each step consumes prompts from a seeded stream and samples with seeds made from (seed, step, problem), so an
    interrupted synchronous run equals an unbroken one.
    """
    config, folder, learner = resources.config, resources.folder, resources.learner
    train = config.train
    checkpoint = folder.latest(STAGE)
    base = resources.policy_folder() if checkpoint is None else checkpoint.hf
    learner.build(base, config.model, train.optim)
    first, cursor = 0, 0
    if checkpoint is None:
        watch = _choose_canary(resources, pool)
    else:
        learner.load(checkpoint.folder / "learner")
        first, cursor = checkpoint.step, checkpoint.state["cursor"]
        watch = canary.Canary.from_json(checkpoint.state["canary"])
        resources.say(f"train: going on after step {first}")
    _, watch = publish(resources, first, watch, pool)
    with Progress(train.steps, STAGE, start=first) as progress:
        for step in range(first, train.steps):
            began = time.perf_counter()
            collected = collect(resources, pool, step=step, cursor=cursor)
            cursor = collected.cursor
            values = learn(resources, collected.kept, step=step)
            checked, watch = publish(resources, step + 1, watch, pool)
            values |= checked | _describe(collected)
            values["time/step"] = time.perf_counter() - began
            done = step + 1
            if train.samples_every and done % train.samples_every == 0:
                _write_samples(folder.path / "samples" / f"step-{done}.jsonl", done, collected)
            resources.metrics.log(STAGE, done, values)
            progress.update(done, _line(values), seconds=values["time/step"])
            if done % train.checkpoint_every == 0 or done == train.steps:
                folder.save(STAGE, done, {"cursor": cursor, "canary": watch.to_json()}, resources.fill_checkpoint)


def collect(resources: Resources, pool: Pool, *, step: int, cursor: int) -> Collected:
    """Sample groups until `prompts_per_step` of them have variance (dynamic sampling, DAPO section 3.2).

    Refills ask for just the number that is missing, at most `max_refills` times, and kept groups stay in order of
    submission, so short answers are not preferred. The test is on the judge's reward, before any shaping.
    """
    train, seed = resources.config.train, resources.config.seed
    out = Collected(cursor)
    for refill in range(1 + train.max_refills):
        missing = train.prompts_per_step - len(out.kept)
        if missing <= 0:
            break
        first = out.cursor
        batch = pool.stream(first, missing, seed=seed)
        out.cursor += missing
        sampled = sample_groups(
            resources,
            batch,
            samples=train.group_size,
            temperature=train.temperature,
            seed_parts=("train", step),
            step=step + 1,
            first=first,
        )
        out.sampled += sampled.groups
        out.generate += sampled.generate
        out.score += sampled.score
        if refill:
            out.refills += 1
            out.refill += sampled.generate + sampled.score
        out.kept += [group for group in sampled.groups if has_variance(group.rewards())]
    return out


def to_sequences(
    groups: Sequence[Group], train: TrainConfig, *, rng: random.Random, decode: Decode
) -> list[TrainSequence]:
    """What is learnt from the groups: completions with advantages, masked samples left out.

    `shuffle_rewards` permutes the rewards over the batch first (a control). With `process_weight` a failed attempt
    whose judge named steps has an advantage per token; `decode` (ids to text, without special tokens) finds the tokens
    of a step.
    """
    algorithm = algorithms.load(train.algorithm)
    options = algorithms.options(train.algorithm, train.options)
    rewards = [group.rewards() for group in groups]
    if train.shuffle_rewards:
        flat = [reward for group in rewards for reward in group]
        rng.shuffle(flat)
        size = train.group_size
        rewards = [flat[index * size : (index + 1) * size] for index in range(len(groups))]
    sequences = []
    for group, group_rewards in zip(groups, rewards, strict=True):
        advantages = algorithm.advantages(group_rewards, options)
        for completion, verdict, advantage in zip(group.completions, group.verdicts, advantages, strict=True):
            if advantage is None:
                continue
            per_token = _by_step(completion, verdict, advantage, train.process_weight, decode)
            sequences.append(
                TrainSequence(
                    ids=group.prompt_ids + completion.token_ids,
                    prompt_length=len(group.prompt_ids),
                    advantage=advantage if per_token is None else per_token,
                    rollout_logp=completion.logprobs,
                )
            )
    return sequences


def _by_step(
    completion: Completion, verdict: Verdict, advantage: float, weight: float, decode: Decode
) -> list[float] | None:
    """(`_T`) advantages from the steps of the verdict, None where the sequence's own serves every token."""
    if not weight or not verdict.steps or advantage >= 0:
        return None
    spans = token_spans(completion.token_ids, completion.text, decode)
    if spans is None:
        return None
    tokens = credit_tokens(verdict.steps, spans)
    values = step_advantages(advantage, tokens.credit_T, tokens.blame_T, weight=weight)
    return values if len(set(values)) > 1 else None


def learn(resources: Resources, groups: Sequence[Group], *, step: int) -> dict[str, Any]:
    """`minibatches` optimiser steps on the groups; no step when no group taught anything.

    With more than one minibatch the old log-probs are the learner's own, computed before the first update; with
    one they are the current ones and every ratio is 1.
    """
    config, learner = resources.config, resources.learner
    train = config.train
    began = time.perf_counter()
    minibatches, by_step, learnt = [], 0, 0
    rng = random.Random(f"{config.seed}/shuffle/{step}")
    per_minibatch = max(1, -(-len(groups) // train.minibatches))
    for start in range(0, len(groups), per_minibatch):
        part = groups[start : start + per_minibatch]
        sequences = to_sequences(part, train, rng=rng, decode=resources.decode)
        if sequences:
            by_step += sum(not isinstance(sequence.advantage, float) for sequence in sequences)
            learnt += len(sequences)
            minibatches.append(pack_rows(sequences, config.learner.row_tokens))
    if train.minibatches > 1 and "old" in algorithms.load(train.algorithm).NEEDS:
        for rows in minibatches:
            rows.old_logp = learner.logprobs(rows, train.temperature)
    if not minibatches:
        return {"time/learn": 0.0, "train/lr": 0.0}
    results = [learner.step(rows, _spec(rows, train, step)) for rows in minibatches]
    values = _learn_metrics(results, train) | {"time/learn": time.perf_counter() - began}
    return values | {"train/step_level_share": by_step / learnt} if train.process_weight else values


def _spec(rows: PackedRows, train: TrainConfig, step: int) -> StepSpec:
    return StepSpec(
        loss=train.algorithm,
        options=train.options,
        lr=lr_multiplier(step, train.steps, train.optim),
        num_tokens=rows.num_tokens,
        num_sequences=rows.num_sequences,
        real_tokens=int(rows.real.sum()),
        balance_coef=train.balance_coef,
        temperature=train.temperature,
    )


def _learn_metrics(results: Sequence[dict[str, Any]], train: TrainConfig) -> dict[str, Any]:
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
        "train/grad_norm": mean("grad_norm"),
        "train/lr": results[0]["lr"] * train.optim.lr,
    }
    if "expert_counts" in results[0]:
        values["train/balance_loss"] = mean("balance_loss")
        values["train/load_max_over_mean"] = results[0]["load_max_over_mean"]
        for layer, counts in enumerate(results[0]["expert_counts"]):
            values[f"train/load/layer_{layer}"] = [count / max(sum(counts), 1.0) for count in counts]
    return values


def publish(
    resources: Resources, version: int, watch: canary.Canary, pool: Pool
) -> tuple[dict[str, Any], canary.Canary]:
    """Hand the learner's weights to every rollout worker and check the canary; CanaryError stops the run.

    When the router has drifted so far that the sequences no longer reach every expert they reached, others are
    chosen and checked too. Returns metrics and the canary to use from here on.
    """
    began = time.perf_counter()
    path = resources.weights_file(version)
    checksums = resources.learner.write_weights(path)
    resources.rollout.update_weights(path, version)
    published = time.perf_counter()
    config = resources.config
    tolerance = config.train.canary_tolerance or CANARY_TOLERANCES[config.model.dtype]

    def check(current: canary.Canary) -> dict[str, Any]:
        return canary.check(
            resources.learner, resources.rollout, current.sequences, checksums=checksums, tolerance=tolerance
        )

    values = check(watch)
    if values["canary/expert_coverage"] < watch.coverage:
        watch = _choose_canary(resources, pool)
        values = check(watch)
    return values | {"time/publish": published - began, "time/canary": time.perf_counter() - published}, watch


def _choose_canary(resources: Resources, pool: Pool) -> canary.Canary:
    config = resources.config
    return canary.choose(
        resources.learner,
        [resources.prompt_ids(problem) for problem in pool.head(canary.CANDIDATES // 2)],
        count=config.train.canary_sequences,
        vocabulary=len(resources.tokenizer),
        context=config.model.context,
        seed=config.seed,
    )


def _describe(collected: Collected) -> dict[str, Any]:
    verdicts = [verdict for group in collected.sampled for verdict in group.verdicts]
    completions = [completion for group in collected.sampled for completion in group.completions]
    rewards = [verdict.reward for verdict in verdicts if verdict.reward is not None]
    lengths = [len(completion.token_ids) for completion in completions]
    flat = [group for group in collected.sampled if not has_variance(group.rewards())]
    easy = sum(all(reward == 1.0 for reward in group.rewards() if reward is not None) for group in flat)
    return {
        "train/reward_mean": sum(rewards) / max(len(rewards), 1),
        "train/pass_rate": sum(v.status is Status.CORRECT for v in verdicts) / max(len(rewards), 1),
        "train/completion_tokens_mean": sum(lengths) / len(lengths),
        "train/completion_tokens_max": max(lengths),
        "train/truncated_share": sum(c.finish_reason == "length" for c in completions) / len(completions),
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


def _line(values: dict[str, Any]) -> dict[str, float | str]:
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


def _write_samples(path: Path, step: int, collected: Collected) -> None:
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
                "text": completion.text,
                "status": verdict.status.value,
                "reward": verdict.reward,
                "detail": verdict.detail,
                "extracted": verdict.extracted,
                "finish_reason": completion.finish_reason,
                "tokens": len(completion.token_ids),
                "learnt": id(group) in learnt,
            }
            for group in collected.sampled
            for completion, verdict in zip(group.completions, group.verdicts, strict=True)
        ),
    )
