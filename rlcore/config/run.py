"""The schema of a whole run: its sections, and what must fit together across them."""

from __future__ import annotations

from typing import Literal

from pydantic import model_validator

from rlcore.config.data import DataConfig
from rlcore.config.fields import Amount, Section
from rlcore.config.learner import LearnerConfig
from rlcore.config.model import ModelConfig
from rlcore.config.pretrain import PretrainConfig
from rlcore.config.reward import RewardConfig
from rlcore.config.rl import EvalConfig, FilterConfig, TrainConfig
from rlcore.config.rollout import RolloutConfig
from rlcore.rl import algorithm

Stage = Literal["pretrain", "filter", "train", "eval"]


class RayConfig(Section):
    """Where the actors run."""

    address: str = ""
    """Cluster address; empty: RAY_ADDRESS if set, else a local cluster on loopback."""
    startup_seconds: Amount = 300.0
    """Give up when an actor has not come up by then."""
    stall_seconds: Amount = 600.0
    """A rollout worker that is silent for so long, or a learner rank that takes so long for one call, is replaced."""


class RunConfig(Section):
    """One run. Write it as TOML; override any field with `section.field=value`."""

    name: str = "run"
    """Shown in the report."""
    run_dir: str = "runs/run"
    """Everything the run writes."""
    seed: int = 0
    """Seed of data, initial weights, data order and sampling."""
    stages: tuple[Stage, ...] = ("pretrain", "filter", "train", "eval")
    """Stages to run, in this order; `eval` measures before and after `train`."""
    model: ModelConfig = ModelConfig()
    """The policy."""
    learner: LearnerConfig = LearnerConfig()
    """Training processes."""
    pretrain: PretrainConfig = PretrainConfig()
    """Bootstrap."""
    data: DataConfig = DataConfig()
    """Problems."""
    rollout: RolloutConfig = RolloutConfig()
    """Sampling."""
    reward: RewardConfig = RewardConfig()
    """Scoring."""
    filter: FilterConfig = FilterConfig()
    """Difficulty filter."""
    train: TrainConfig = TrainConfig()
    """RL."""
    eval: EvalConfig = EvalConfig()
    """Evaluation."""
    ray: RayConfig = RayConfig()
    """Ray."""

    @model_validator(mode="after")
    def _fields_fit_together(self) -> RunConfig:
        if self.model.mixture and self.model.experts_per_token > self.model.experts:
            raise ValueError("model.experts_per_token is larger than model.experts: lower it")
        if self.learner.row_tokens < self.model.context:
            raise ValueError(f"learner.row_tokens={self.learner.row_tokens} cannot hold a full model.context: raise it")
        if self.rollout.max_new_tokens >= self.model.context:
            raise ValueError(
                f"rollout.max_new_tokens={self.rollout.max_new_tokens} leaves no room for a prompt in model.context="
                f"{self.model.context}: lower it or raise the context"
            )
        if max(self.eval.ks) > self.eval.samples:
            raise ValueError(f"eval.ks asks for pass@{max(self.eval.ks)}: raise eval.samples to at least that")
        if self.train.process_weight and (self.train.shuffle_rewards or not algorithm.load(self.train.algorithm).NEEDS):
            raise ValueError(
                "train.process_weight goes neither with shuffle_rewards nor with an algorithm that needs no old "
                f"log-probs ({self.train.algorithm}): set it to 0"
            )
        for mixture, field, value in (
            (self.data.mixture, "data.source", self.data.source),
            (self.pretrain.mixture, "pretrain.corpus", self.pretrain.corpus),
        ):
            if mixture and value != "arithmetic":
                name = f"{field.partition('.')[0]}.mixture"
                raise ValueError(f"{field}={value} would be ignored beside {name}: set {name}=[], or name it there")
        if self.data.mixture and self.data.held_out:
            raise ValueError("data.held_out goes with data.source, not with data.mixture: each part holds out its own")
        if self.train.group_size < 2:
            raise ValueError("train.group_size must be at least 2: a group of one has no baseline")
        if self.train.prompts_per_step % self.train.minibatches:
            raise ValueError("train.prompts_per_step must be a multiple of train.minibatches")
        return self
