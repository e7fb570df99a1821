"""A step of RL done again from what is recorded, without cluster, engine or GPU: `rlcore replay RUN_DIR --step N`.

The samples come from the run's buffer. Their answers are judged again, their advantages made again, and with the
weights that the step began with (a checkpoint, or the policy that RL started from) its loss and gradient too, on one
rank. What is recorded and what comes out stand side by side; the first line that differs says where they part.
"""

from __future__ import annotations

import argparse
import asyncio
import math
import os
import socket
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rlcore.config.reading import ConfigError, parse
from rlcore.config.run import RunConfig
from rlcore.data.dataset import Dataset, read_dataset
from rlcore.policy.prompts import Prompts
from rlcore.report.log import read_metrics
from rlcore.rl.advantages import has_variance
from rlcore.rl.batcher import minibatches
from rlcore.rl.buffer import StepBuffer, step_file
from rlcore.rl.collect import Collected
from rlcore.rl.record import learner_metrics, sample_metrics
from rlcore.rl.trajectory import Group
from rlcore.run.folder import RunFolder
from rlcore.run.rewards import OwnRewardService
from rollout.types import completion
from services.client import RewardClient
from services.schemas import Labels
from verifiers.types import Verdict
from verifiers.user import is_user_spec

TOLERANCE = 1e-4
"""Relative: the run's ranks add up in another order, and another CPU rounds in another way."""
SAMPLED = ("train/reward_mean", "train/pass_rate", "train/masked_share", "train/groups", "train/tokens")
LEARNT = ("train/advantage_abs_mean", "train/loss", "train/entropy", "train/grad_norm", "train/kl_rollout_learner")


@dataclass(frozen=True)
class Line:
    """One quantity as the run recorded it, and as it comes out now."""

    name: str
    recorded: Any
    replayed: Any

    @property
    def same(self) -> bool:
        """Whether they agree: numbers to TOLERANCE."""
        if isinstance(self.recorded, float) and isinstance(self.replayed, float):
            return math.isclose(self.recorded, self.replayed, rel_tol=TOLERANCE, abs_tol=1e-7)
        return bool(self.recorded == self.replayed)


def replay(run_dir: Path, step: int, *, notes: list[str]) -> Iterator[Line]:
    """The quantities of a step (counted from 1) in the order in which the step makes them.

    Args:
        notes: gets a line for what cannot be done again, with the reason.

    Raises:
        ConfigError: there is no such run, step, or buffer of it.
    """
    folder = RunFolder(run_dir)
    if not folder.manifest_path.exists():
        raise ConfigError(f"{run_dir} is no run folder: it has no manifest.json")
    raw = folder.manifest()["config"]
    if raw["train"]["algorithm"].endswith(".py"):
        # The run's own copy: the path was taken from where the run was started, and may have changed.
        raw["train"]["algorithm"] = str(run_dir / "algorithm.py")
    config = parse(raw, source=str(folder.manifest_path))
    lines = [
        line for line in read_metrics(run_dir / "metrics.jsonl") if (line["stage"], line["step"]) == ("train", step)
    ]
    if not lines:
        raise ConfigError(f"{run_dir}: metrics.jsonl has no step {step} of RL")
    path = step_file(run_dir, step)
    if not path.exists():
        raise ConfigError(f"{path} is not there: of steps before a checkpoint the last train.buffer_steps are kept")
    recorded = lines[0]["values"]
    with tempfile.TemporaryDirectory() as scratch:
        dataset = read_dataset(config, Path(scratch), notes.append)
    groups = StepBuffer(path, origin="").groups({problem.id: problem for problem in dataset.problems})
    yield from _verdicts(config, dataset, groups)
    collected = Collected(0, kept=[group for group in groups if has_variance(group.rewards())], sampled=groups)
    found = sample_metrics(collected)
    yield from (Line(name, recorded[name], found[name]) for name in SAMPLED)
    learnt = _learn(config, folder, collected, step, notes)
    yield from (Line(name, recorded.get(name), learnt[name]) for name in LEARNT if name in learnt)


def _verdicts(config: RunConfig, dataset: Dataset, groups: Sequence[Group]) -> Iterator[Line]:
    """A line for each verdict that comes out differently, and one for their number."""
    user = [name for name in dataset.verifiers if is_user_spec(name)]
    service = OwnRewardService(config.reward, user_functions=user, say=lambda text: None, store=None)
    try:
        client = RewardClient([service.url])
        client.wait_ready()
        found = _judge(client, groups)
        client.close()
    finally:
        service.close()
    same = 0
    for group, verdicts in zip(groups, found, strict=True):
        for sample, (trajectory, now) in enumerate(zip(group.trajectories, verdicts, strict=True)):
            then = trajectory.verdict
            line = Line(f"verdict {group.problem.id}, sample {sample}", _short(then), _short(now))
            same += line.same
            if not line.same:
                yield line
    yield Line("verdicts that are the same", sum(len(group.trajectories) for group in groups), same)


def _short(verdict: Verdict) -> tuple[str, float | None]:
    return verdict.status.value, verdict.reward


def _judge(client: RewardClient, groups: Sequence[Group]) -> list[list[Verdict]]:
    from rlcore.rl.judge import Judge

    async def all_of_them() -> list[list[Verdict]]:
        judge = Judge(client)

        async def one(group: Group, index: int) -> Verdict:
            turn = group.trajectories[index].turns[-1]
            answer = completion(f"{id(group)}/{index}", turn.text, [], [], version=0, finish_reason=turn.finish_reason)
            return await judge.verdict(group.problem, answer, Labels(run="replay"))

        return [
            list(await asyncio.gather(*(one(group, index) for index in range(len(group.trajectories)))))
            for group in groups
        ]

    return asyncio.run(all_of_them())


def _learn(config: RunConfig, folder: RunFolder, collected: Collected, step: int, notes: list[str]) -> dict[str, Any]:
    """The metrics of the step's learning; none where it cannot be done again."""
    train = config.train
    decode = Prompts(config).decode
    batches = minibatches(collected.kept, train, seed=f"{config.seed}/shuffle/{step - 1}", decode=decode)
    if not batches:
        notes.append("no group had variance: the step learnt nothing")
        return {}
    if train.minibatches > 1:
        notes.append("the step had more than one minibatch: what the second began with is not kept")
        return {}
    weights = _weights(config, folder, step - 1)
    if weights is None:
        notes.append(
            f"no checkpoint of step {step - 1} is there any more (two are kept, every train.checkpoint_every steps): "
            "loss and gradient are not done again"
        )
        return {}
    from rlcore.learn.batch import merge_equal, pack_rows, shard
    from rlcore.learn.engine import init_process_group
    from rlcore.learn.learner import Learner
    from rlcore.rl.loop import step_spec

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    init_process_group(0, 1, "127.0.0.1", port)
    learner = Learner(str(weights), config.model, config.learner.model_copy(update={"zero_stage": 0}), train.optim)
    rows = pack_rows(merge_equal(batches[0]), config.learner.row_tokens)
    [parts] = shard(rows, 1, tokens=config.learner.micro_batch_tokens)
    result = learner.step(
        [part.rows for part in parts], step_spec(rows, train, step - 1, folder.keep_algorithm(train.algorithm))
    )
    return learner_metrics([result | {"merged_share": 0.0}], batches, train)


def _weights(config: RunConfig, folder: RunFolder, step: int) -> Path | None:
    """The weights after `step` steps of RL."""
    if step == 0:
        return folder.base_policy(config)
    path = folder.path / "checkpoints" / "train" / f"step-{step}" / "hf"
    return path if path.is_dir() else None


def main(arguments: Sequence[str]) -> int:
    """0 where everything agrees, 1 where something does not, 2 for a mistake of the user's."""
    parser = argparse.ArgumentParser(prog="rlcore replay", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("run_dir", type=Path, help="folder of a run")
    parser.add_argument("--step", type=int, required=True, help="step of RL, counted from 1")
    options = parser.parse_args(arguments)
    os.environ.setdefault("DS_ACCELERATOR", "cpu")
    notes: list[str] = []
    first: Line | None = None
    try:
        for line in replay(options.run_dir.resolve(), options.step, notes=notes):
            first = first or (None if line.same else line)
            print(f"{'' if line.same else 'DIFFERS':<8}{line.name:<44}{line.recorded!s:>24}{line.replayed!s:>24}")
    except ValueError as error:
        print(f"rlcore: {' '.join(str(error).split())}", file=sys.stderr)
        return 2
    for note in notes:
        print(f"note: {note}")
    print("all that was done again is as recorded" if first is None else f"they part at: {first.name}")
    return int(first is not None)
