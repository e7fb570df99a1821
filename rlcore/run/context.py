"""What the stages of a run share. Everything is made when a stage first asks for it."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Self

from rlcore.config.run import RunConfig
from rlcore.data.dataset import Dataset, read_dataset
from rlcore.policy.prompts import Prompts
from rlcore.report.log import MetricsLog
from rlcore.rl.sampler import Sampler
from rlcore.run.folder import RunFolder
from rlcore.run.processes import Processes


class Run:
    """A run that goes on: its config and folder, its data, its processes. A context: leaving it ends the processes."""

    def __init__(self, config: RunConfig, folder: RunFolder) -> None:
        self.config, self.folder = config, folder
        self.prompts = Prompts(config)
        self.processes = Processes(
            config,
            folder.path,
            base_policy=self.base_policy,
            verifiers=lambda: self.dataset.verifiers,
            say=self.say,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.processes.close()
        if "metrics" in vars(self):
            self.metrics.close()

    @staticmethod
    def say(text: str) -> None:
        """A line for people."""
        print(text, flush=True)

    @cached_property
    def dataset(self) -> Dataset:
        """The problems."""
        return read_dataset(self.config, self.folder.path, self.say)

    @cached_property
    def sampler(self) -> Sampler:
        """Samples from the rollout workers, judged by the reward service; starts both."""
        return Sampler(self.processes.rollout, self.processes.rewards, self.prompts, self.config, self.folder.label)

    @cached_property
    def metrics(self) -> MetricsLog:
        """The metrics log, cut back to the newest checkpoint of each stage."""
        resume = {}
        for stage in ("pretrain", "train"):
            checkpoint = self.folder.latest(stage)
            resume[stage] = checkpoint.step if checkpoint else -1
        resume["eval"] = resume["eval_after"] = resume["train"]
        return MetricsLog(self.folder.path, resume_step=resume)

    def base_policy(self) -> Path:
        """See `RunFolder.base_policy`."""
        return self.folder.base_policy(self.config)

    def lose_learner(self) -> None:
        """Forget the learner ranks, and what was logged since the newest checkpoints: both are made anew."""
        self.processes.drop_learner()
        if "metrics" in vars(self):
            self.metrics.close()
            del self.metrics

    def fill_checkpoint(self, folder: Path) -> None:
        """Write the learner's state and the `hf/` folder of a checkpoint."""
        self.processes.learner.save(folder / "learner")
        self.processes.learner.export(folder / "hf", self.prompts.tokenizer)
        if not (folder / "hf" / "config.json").exists():
            raise RuntimeError(
                f"the learner wrote its checkpoint to another place than {folder}: run_dir must be a folder that "
                "every node of the cluster sees"
            )
