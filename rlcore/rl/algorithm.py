"""What an algorithm is, and how a run file names one: `train.algorithm`, `[train.options]`.

An algorithm is one file: a module of `rlcore.rl.algorithms`, named without `.py`, or a file of the user's own by its
path. It defines

- `Options`, a `rlcore.config.fields.Section`: its options with defaults and help, what `[train.options]` may say;
- `advantages(rewards_G, options)`: one for each completion of a group, None for one that is not learnt from;
- `loss(tokens, options)`: a scalar and metrics from `rlcore.rl.losses.Tokens`; a metric whose name ends in `_max` is
  merged by its maximum over micro-batches and ranks, any other by its sum, so divide shares by the step's counts. A
  rank without tokens calls it too, and must get a scalar and metrics of the same names. Names that the log does not
  know (`clip_share_low`, `clip_share_high`, `ratio_max`) are logged as `train/algorithm/NAME`;
- `NEEDS`: of {"old"}, which log-probs besides the learner's own its loss reads. "old": those before the first update of
  a rollout batch. Without it `old_T` equals `logp_T`.
"""

from __future__ import annotations

import functools
import hashlib
import importlib
import importlib.util
import pkgutil
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Protocol, cast

from pydantic import ValidationError

from rlcore.config.fields import Section
from rlcore.rl import algorithms

if TYPE_CHECKING:
    from torch import Tensor

    from rlcore.rl.losses import Metrics, Tokens

PARTS = ("Options", "advantages", "loss", "NEEDS")
NEEDS = frozenset({"old"})


class Algorithm(Protocol):
    """A module that is an algorithm."""

    Options: type[Section]
    NEEDS: set[str]

    def advantages(self, rewards_G: Sequence[float | None], options: Any) -> list[float | None]: ...

    def loss(self, tokens: Tokens, options: Any) -> tuple[Tensor, Metrics]: ...


def names() -> list[str]:
    """The algorithms that come with the package."""
    return sorted(module.name for module in pkgutil.iter_modules(algorithms.__path__))


@functools.cache
def load(name: str) -> Algorithm:
    """The algorithm of this name, or in this file.

    Raises:
        ValueError: there is no such algorithm or file, or a part of it is missing.
    """
    if name in names():
        return cast(Algorithm, importlib.import_module(f"{algorithms.__name__}.{name}"))
    if not name.endswith(".py"):
        raise ValueError(f"no algorithm {name!r}: give one of {', '.join(names())}, or the path of a file of your own")
    module = _import_file(Path(name))
    if missing := [part for part in PARTS if not hasattr(module, part)]:
        raise ValueError(f"{name} lacks {', '.join(missing)}: an algorithm defines {', '.join(PARTS)}")
    if unknown := set(module.NEEDS) - NEEDS:
        raise ValueError(f"{name}: NEEDS may hold {', '.join(sorted(NEEDS))}, not {', '.join(sorted(unknown))}")
    return cast(Algorithm, module)


def digest(name: str) -> str:
    """sha256 of a file of the user's own; the name of one of ours, whose code the run's version tells."""
    return hashlib.sha256(Path(name).read_bytes()).hexdigest() if name.endswith(".py") else name


def options(name: str, values: dict[str, Any]) -> Any:
    """The algorithm's `Options` with these values.

    Raises:
        ValueError: as `load`; an option that it does not have, or a value that does not fit.
    """
    known = load(name).Options
    if unknown := sorted(values.keys() - known.model_fields.keys()):
        there = ", ".join(known.model_fields) or "none"
        raise ValueError(f"{name} has no option {', '.join(map(repr, unknown))}; its options: {there}")
    try:
        return known.model_validate(values)
    except ValidationError as error:
        faults = [f"{'.'.join(map(str, item['loc']))}={item['input']!r}: {item['msg']}" for item in error.errors()]
        raise ValueError(f"options of {name}: {'; '.join(faults)}") from None


def _import_file(path: Path) -> ModuleType:
    if not path.is_file():
        raise ValueError(f"{path}: no such file; a path is taken from where the command is started")
    name = f"rlcore_algorithm_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path.resolve())
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    # Where pydantic and dataclasses look up what annotations name.
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise ValueError(f"{path} could not be imported: {type(error).__name__}: {error}") from error
    return module
