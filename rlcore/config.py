"""The schema of a run: one TOML file, dotted overrides, help from these docstrings.

An unknown key is an error that names the nearest key. Every field has a default that works.
"""

from __future__ import annotations

import difflib
import tomllib
from pathlib import Path
from typing import Any, Literal, get_args

from pydantic import BaseModel, ValidationError, model_validator

from rlcore.config_sections import (
    DataConfig,
    EvalConfig,
    FilterConfig,
    LearnerConfig,
    ModelConfig,
    PretrainConfig,
    RayConfig,
    RewardConfig,
    RolloutConfig,
    Section,
    TrainConfig,
)

CANARY_TOLERANCES = {"float32": 1e-4, "bfloat16": 0.1}
"""Nats. fp32: learner and rollout differ by about 1e-6. bf16: by a few 1e-2 on average for the same weights."""


class ConfigError(ValueError):
    """The run file or an override is wrong; the message names the key and the remedy."""


Stage = Literal["pretrain", "filter", "train", "eval"]


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
        if self.model.architecture == "qwen3_moe" and self.model.experts_per_token > self.model.experts:
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
        if self.train.step_weight and (self.train.shuffle_rewards or self.train.rejection_sampling):
            raise ValueError("train.step_weight goes with neither shuffle_rewards nor rejection_sampling: set it to 0")
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


def load(path: str | Path, overrides: list[str] | None = None) -> RunConfig:
    """Read a run file and apply `section.field=value` overrides (values in TOML syntax; bare words are strings)."""
    try:
        raw = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such run file; deploy/runs/ has examples") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not valid TOML: {error}") from None
    for override in overrides or []:
        _apply(raw, override)
    return parse(raw, source=str(path))


def parse(raw: dict[str, Any], *, source: str = "config") -> RunConfig:
    """Validate a nested dict; errors name the key and, for an unknown one, the nearest known key."""
    try:
        return RunConfig.model_validate(raw)
    except ValidationError as error:
        raise ConfigError(f"{source}: " + "; ".join(_explain(item) for item in error.errors())) from None


def _apply(raw: dict[str, Any], override: str) -> None:
    key, separator, text = override.partition("=")
    if not separator or not key:
        raise ConfigError(f"override {override!r} is not section.field=value")
    try:
        value = tomllib.loads(f"v = {text}")["v"]
    except tomllib.TOMLDecodeError:
        value = text
    *sections, field = key.split(".")
    for section in sections:
        if not isinstance(raw := raw.setdefault(section, {}), dict):
            raise ConfigError(f"override {override!r}: {section} is not a section")
    raw[field] = value


def known_keys(model: type[BaseModel] = RunConfig, prefix: str = "") -> dict[str, tuple[str, Any]]:
    """Dotted key -> (its docstring, its default), sections and the parts of mixtures included."""
    keys: dict[str, tuple[str, Any]] = {}
    for name, field in model.model_fields.items():
        keys[prefix + name] = (field.description or "", field.default)
        inner = [type(field.default), *get_args(field.annotation)]
        for part in inner:
            if isinstance(part, type) and issubclass(part, Section):
                keys |= known_keys(part, f"{prefix}{name}.")
    return keys


def _explain(item: Any) -> str:
    key = ".".join(str(part) for part in item["loc"])
    if item["type"] == "extra_forbidden":
        place = ".".join(part for part in item["loc"] if isinstance(part, str))
        near = difflib.get_close_matches(place, known_keys(), n=1, cutoff=0.0)
        return f"unknown key {key!r}; did you mean {near[0]!r}?"
    message = item["msg"].removeprefix("Value error, ")
    return f"{key}: {message} (got {item['input']!r})" if key else message


def help_text() -> str:
    """Every key with its default and its docstring."""
    return "\n".join(
        f"\n[{key}]  {text}" if isinstance(default, Section) else f"  {key} = {default!r}\n      {text}"
        for key, (text, default) in known_keys().items()
    )
