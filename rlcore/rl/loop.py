"""The RL stage: sample, score, drop what teaches nothing, learn, hand the weights over, check the canary."""

from __future__ import annotations

import time
from typing import Any

from rlcore.config.rl import TrainConfig
from rlcore.data.mixture import Pool
from rlcore.learn.batch import PackedRows, merge_equal, pack_rows
from rlcore.learn.learner import StepSpec
from rlcore.learn.optim.schedules import lr_multiplier
from rlcore.learn.ranks import LearnerGroup
from rlcore.rl import algorithm, canary
from rlcore.rl.batcher import minibatches
from rlcore.rl.buffer import StepBuffer, step_file
from rlcore.rl.collect import collect
from rlcore.rl.evaluate import on_the_way
from rlcore.rl.record import learner_metrics, line, sample_metrics, write_samples
from rlcore.rl.sync import WeightSync
from rlcore.run.context import Run
from rlcore.run.progress import Progress

STAGE = "train"


def train(run: Run, pool: Pool) -> None:
    """Learn from `train.steps` rollout batches of `pool`; goes on from the newest checkpoint.

    A step's prompts come from a seeded stream and its samples from seeds made of (seed, step, problem), so an
    interrupted run equals an unbroken one.
    """
    config, folder, learner, sampler = run.config, run.folder, run.processes.learner, run.sampler
    train = config.train
    first, cursor, sync = start(run, pool)
    sync.push(first)
    with Progress(train.steps, STAGE, start=first) as progress:
        for step in range(first, train.steps):
            began, done = time.perf_counter(), step + 1
            buffer = StepBuffer(step_file(folder.path, done), version=step)
            collected = collect(sampler, pool, train, buffer, seed=config.seed, step=step, cursor=cursor)
            cursor = collected.cursor

            learning = time.perf_counter()
            seed = f"{config.seed}/shuffle/{step}"
            batches = minibatches(collected.kept, train, seed=seed, decode=run.prompts.decode)
            rows = [pack_rows(merge_equal(sequences), config.learner.row_tokens) for sequences in batches]
            results = learn(learner, rows, train, step=step)
            learnt = time.perf_counter()

            pushed = sync.push(done)

            values = pushed | learner_metrics(results, batches, train) | sample_metrics(collected)
            values |= {"time/learn": learnt - learning, "time/step": time.perf_counter() - began}
            if train.samples_every and done % train.samples_every == 0:
                write_samples(folder.path / "samples" / f"step-{done}.jsonl", done, collected)
            run.metrics.log(STAGE, done, values)
            progress.update(done, line(values), seconds=values["time/step"])
            if config.eval.every and done % config.eval.every == 0:
                run.metrics.log("eval", done, on_the_way(sampler, config.eval, run.dataset.held_out, step=done))
            if done % train.checkpoint_every == 0 or done == train.steps:
                state = {"cursor": cursor, "canary": sync.watch.to_json()}
                folder.save(STAGE, done, state, run.fill_checkpoint)
                buffer.prune(done, keep=train.buffer_steps)


def start(run: Run, pool: Pool) -> tuple[int, int, WeightSync]:
    """Build the learner where the run stands: (steps done, prompts taken from the stream, the way to the workers)."""
    checkpoint = run.folder.latest(STAGE)
    learner, watch = run.processes.learner, None
    learner.build(checkpoint.hf if checkpoint else run.base_policy(), run.config.model, run.config.train.optim)
    if checkpoint is not None:
        learner.load(checkpoint.folder / "learner")
        watch = canary.Canary.from_json(checkpoint.state["canary"])
        run.say(f"train: going on after step {checkpoint.step}")
    sync = WeightSync(
        learner,
        run.processes.rollout,
        run.config,
        weights_file=run.processes.weights_file,
        prompts=lambda: [run.prompts.encode(problem) for problem in pool.head(canary.CANDIDATES // 2)],
        vocabulary=len(run.prompts.tokenizer),
        watch=watch,
    )
    return (checkpoint.step, checkpoint.state["cursor"], sync) if checkpoint else (0, 0, sync)


def learn(learner: LearnerGroup, batches: list[PackedRows], train: TrainConfig, *, step: int) -> list[dict[str, Any]]:
    """One optimiser step on each batch; the metrics of each.

    With more than one batch the old log-probs are the learner's own, computed before the first update; with one they
    are the current ones and every ratio is 1.
    """
    if train.minibatches > 1 and "old" in algorithm.load(train.algorithm).NEEDS:
        for rows in batches:
            rows.old_logp = learner.logprobs(rows, train.temperature)
    return [learner.step(rows, step_spec(rows, train, step)) for rows in batches]


def step_spec(rows: PackedRows, train: TrainConfig, step: int) -> StepSpec:
    """How step 0.. turns these rows into an optimiser step."""
    return StepSpec(
        loss=algorithm.located(train.algorithm),
        options=train.options,
        lr=lr_multiplier(step, train.steps, train.optim),
        num_tokens=rows.num_tokens,
        num_sequences=rows.num_sequences,
        real_tokens=rows.real_tokens,
        balance_coef=train.balance_coef,
        temperature=train.temperature,
    )
