"""The bootstrap stage: next-token training of a small model from scratch on packed documents."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from pathlib import Path

import torch

from rlcore.config.pretrain import TextPart
from rlcore.data.documents import read_mixture
from rlcore.learn.batch import PackedRows, TrainSequence, pack_rows
from rlcore.learn.learner import StepSpec
from rlcore.learn.optim.schedules import lr_multiplier
from rlcore.policy import architectures
from rlcore.policy.tokens import encode_documents
from rlcore.run.context import Run
from rlcore.run.progress import Progress

STAGE = "pretrain"


def pretrain(run: Run) -> None:
    """Train `pretrain.steps` optimiser steps; goes on from the newest checkpoint.

    The rows of a step are a function of (seed, step) alone, so an interrupted run equals an unbroken one.
    """
    config, folder, learner = run.config, run.folder, run.processes.learner
    pretrain = config.pretrain
    rows, held_out = _rows(run)
    per_step = pretrain.batch_tokens // pretrain.row_tokens
    checkpoint = folder.latest(STAGE)
    start = _initial_model(run) if checkpoint is None else checkpoint.hf
    learner.build(start, config.model, pretrain.optim)
    if checkpoint is not None:
        learner.load(checkpoint.folder / "learner")
        run.say(f"pretrain: going on after step {checkpoint.step}")
    first = checkpoint.step if checkpoint else 0
    batches = _batches(rows, per_step, first=first, steps=pretrain.steps, seed=config.seed)
    with Progress(pretrain.steps, STAGE, every=5.0, start=first) as progress:
        for step, batch in batches:
            began = time.perf_counter()
            spec = StepSpec(
                loss="nll",
                lr=lr_multiplier(step, pretrain.steps, pretrain.optim),
                num_tokens=batch.num_tokens,
                num_sequences=batch.num_sequences,
                real_tokens=batch.real_tokens,
                balance_coef=pretrain.balance_coef,
            )
            values = learner.step(batch, spec)
            done = step + 1
            seconds = time.perf_counter() - began
            tokens_per_second = spec.real_tokens / seconds
            record = {
                "pretrain/loss": values["loss"],
                "pretrain/lr": values["lr"] * pretrain.optim.lr,
                "pretrain/steps_skipped": values["steps_skipped"],
                "pretrain/steps_nonfinite": values["steps_nonfinite"],
                "pretrain/tokens": spec.real_tokens,
                "pretrain/tokens_per_second": tokens_per_second,
                "pretrain/row_fill": spec.real_tokens / batch.real.numel(),
                "time/step": seconds,
            }
            if not values["steps_nonfinite"]:
                record["pretrain/grad_norm"] = values["grad_norm"]
            if "load_max_over_mean" in values:
                record["pretrain/balance_loss"] = values["balance_loss"]
                record["pretrain/load_max_over_mean"] = values["load_max_over_mean"]
                for layer, counts in enumerate(values["expert_counts"]):
                    record[f"pretrain/load/layer_{layer}"] = [count / sum(counts) for count in counts]
            if len(held_out) and (done % pretrain.checkpoint_every == 0 or done == pretrain.steps):
                record["pretrain/held_out_loss"] = _held_out_loss(run, held_out)
            run.metrics.log(STAGE, done, record)
            shown = {"loss": values["loss"], "tok/s": tokens_per_second}
            if "pretrain/held_out_loss" in record:
                shown["held-out"] = record["pretrain/held_out_loss"]
            progress.update(done, shown)
            if done % pretrain.checkpoint_every == 0 or done == pretrain.steps:
                folder.save(STAGE, done, {}, run.fill_checkpoint)


def _initial_model(run: Run) -> Path:
    config = run.config
    folder = run.folder.path / "initial"
    model = architectures.create(config.model, run.prompts.tokenizer, seed=config.seed)
    architectures.save(model, run.prompts.tokenizer, folder, None)
    total = sum(parameter.numel() for parameter in model.parameters())
    run.say(f"pretrain: {config.model.architecture} from scratch, {total / 1e6:.2f} M parameters")
    return folder


def _rows(run: Run) -> tuple[PackedRows, PackedRows]:
    """(training rows, rows of held-out documents), the same for the same config."""
    config = run.config
    pretrain, seed = config.pretrain, config.seed
    exclude = {problem.prompt for problem in run.dataset.held_out if isinstance(problem.prompt, str)}
    corpus = read_mixture(
        pretrain.mixture or (TextPart(corpus=pretrain.corpus),),
        characters=pretrain.steps * pretrain.batch_tokens,
        seed=seed,
        exclude=exclude,
    )
    named = " + ".join(part.corpus for part in pretrain.mixture) or pretrain.corpus
    run.say(f"pretrain: corpus {named}, {len(corpus.texts)} documents")
    for name, share in corpus.mix.items():
        run.say(f"  {name:<22} {share.share:6.1%} of documents, {share.right:4.0%} of them right")
    if len(corpus.texts) <= pretrain.held_out_documents:
        raise ValueError(
            f"pretrain.corpus has {len(corpus.texts)} documents and pretrain.held_out_documents keeps "
            f"{pretrain.held_out_documents} of them: give more text or hold out fewer"
        )
    texts = list(corpus.texts)
    random.Random(f"{seed}/documents").shuffle(texts)
    parts = texts[pretrain.held_out_documents :], texts[: pretrain.held_out_documents]
    train, held_out = (_pack(run, part) for part in parts)
    return train, held_out


def _pack(run: Run, texts: list[str]) -> PackedRows:
    row_tokens = run.config.pretrain.row_tokens
    documents, cut = encode_documents(run.prompts.tokenizer, texts, row_tokens=row_tokens)
    if cut:
        run.say(f"pretrain: {cut} documents are longer than pretrain.row_tokens={row_tokens} and were cut")
    sequences = [TrainSequence(ids, 1) for ids in documents]
    return pack_rows(sequences, row_tokens)


def _batches(rows: PackedRows, per_step: int, *, first: int, steps: int, seed: int) -> Iterator[tuple[int, PackedRows]]:
    """(step, its rows) for steps first..steps-1: every epoch is a new permutation of the rows."""
    if per_step < 1 or len(rows) < per_step:
        raise ValueError(
            f"a step takes {per_step} rows of pretrain.row_tokens and the corpus fills {len(rows)}: "
            "set pretrain.batch_tokens to at least one row and at most the corpus"
        )
    per_epoch = len(rows) // per_step
    for step in range(first, steps):
        epoch, position = divmod(step, per_epoch)
        generator = torch.Generator().manual_seed(seed * 1_000_003 + epoch)
        order = torch.randperm(len(rows), generator=generator)
        chosen = order[position * per_step : (position + 1) * per_step]
        yield step, rows.slice(chosen)


def _held_out_loss(run: Run, rows: PackedRows) -> float:
    logp = run.processes.learner.logprobs(rows, 1.0)
    return float(-logp[rows.mask].double().mean())
