"""Reads a run: one TOML file, dotted overrides, help from the docstrings of the sections.

An unknown key is an error that names the nearest key.
"""

from __future__ import annotations

import difflib
import tomllib
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from rlcore.config.fields import Section
from rlcore.config.run import RunConfig
from rlcore.rl import algorithm


class ConfigError(ValueError):
    """The run file or an override is wrong; the message names the key and the remedy."""


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


def _options() -> dict[str, dict[str, tuple[str, Any]]]:
    """Of each algorithm of ours: `train.options.KEY` -> (its docstring, its default)."""
    return {name: known_keys(algorithm.load(name).Options, "train.options.") for name in algorithm.names()}


def known_keys(model: type[BaseModel] = RunConfig, prefix: str = "") -> dict[str, tuple[str, Any]]:
    """Dotted key -> (its docstring, its default), sections and the parts of mixtures included."""
    keys: dict[str, tuple[str, Any]] = {}
    for name, field in model.model_fields.items():
        keys[prefix + name] = (field.description or "", field.get_default(call_default_factory=True))
        inner = [type(field.default), *get_args(field.annotation)]
        for part in inner:
            if isinstance(part, type) and issubclass(part, Section):
                keys |= known_keys(part, f"{prefix}{name}.")
    return keys


def _explain(item: Any) -> str:
    key = ".".join(str(part) for part in item["loc"])
    if item["type"] == "extra_forbidden":
        place = ".".join(part for part in item["loc"] if isinstance(part, str))
        known = [*known_keys(), *(key for keys in _options().values() for key in keys)]
        near = difflib.get_close_matches(place, known, n=1, cutoff=0.0)
        return f"unknown key {key!r}; did you mean {near[0]!r}?"
    message = item["msg"].removeprefix("Value error, ")
    return f"{key}: {message} (got {item['input']!r})" if key else message


def help_text() -> str:
    """Every key with its default and its docstring."""
    lines = [
        f"\n[{key}]  {text}" if isinstance(default, Section) else f"  {key} = {default!r}\n      {text}"
        for key, (text, default) in known_keys().items()
    ]
    for name, keys in _options().items():
        lines.append(f"\n[train.options]  With train.algorithm={name}:")
        lines += [f"  {key} = {default!r}\n      {text}" for key, (text, default) in keys.items()]
    return "\n".join(lines)
