"""What the stages of a run need of this machine, checked before the first of them starts.

The doctor's checks, those that take no import of a heavy package, and of them what this run file asks for: a second,
where an engine that cannot start would be found out after the pretraining.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

from rlcore.config.reading import ConfigError
from rlcore.config.run import RunConfig
from rlcore.doctor import machine, shared_libraries
from rlcore.doctor.machine import GIB
from rlcore.run import cluster
from rlcore.run.folder import MIN_FREE_BYTES

# What processes take before they hold a model: less than this can only end in the kernel's killing one of them.
VLLM_GIB = 0.7
RANK_GIB = 0.4
REST_GIB = 0.8


@dataclass(frozen=True)
class Lack:
    """Something this machine does not have.

    Attributes:
        what: and what it is for.
        apt: the package that brings it; empty where `remedy` says what to do.
    """

    what: str
    apt: str = ""
    remedy: str = ""


def check(config: RunConfig) -> None:
    """Raises ConfigError, in one line, when this machine lacks what the stages of the run need.

    Of a run on a cluster that is there already the actors run on other machines: then only the packages are checked.
    """
    lacks = list(_packages(config))
    if not lacks and cluster.address_of(config) == "local":
        lacks = [lack for find in CHECKS for lack in find(config)]
    if lacks:
        raise ConfigError(explain(lacks))


def explain(lacks: list[Lack]) -> str:
    """All of it in one line, with one apt command for what apt brings."""
    packages = sorted({lack.apt for lack in lacks if lack.apt})
    named = "; ".join(lack.what + (f" ({lack.remedy})" if lack.remedy else "") for lack in lacks)
    command = f"; as root: apt-get install -y {' '.join(packages)}" if packages else ""
    return f"this machine lacks what the run needs: {named}{command}"


def needs_engine(config: RunConfig) -> bool:
    """Whether a stage samples completions."""
    return bool({"filter", "train", "eval"} & set(config.stages))


def needs_learner(config: RunConfig) -> bool:
    """Whether a stage trains."""
    return "train" in config.stages or ("pretrain" in config.stages and not config.model.path)


def _packages(config: RunConfig) -> Iterator[Lack]:
    names = {"ray", "torch", "transformers"}
    if needs_learner(config):
        names.add("deepspeed")
    if needs_engine(config) and config.rollout.engine == "vllm":
        names.add("vllm")
    missing = sorted(name for name in names if find_spec(name) is None)
    if missing:
        extra = "gpu" if config.learner.gpus_per_rank or config.rollout.gpus_per_worker else "cpu"
        yield Lack(f"the packages {', '.join(missing)}", remedy=f"make venv, or pip install '.[{extra}]'")


def _libraries(config: RunConfig) -> Iterator[Lack]:
    packages = ["torch", "ray"]
    if needs_learner(config):
        packages.append("deepspeed")
    if needs_engine(config) and config.rollout.engine == "vllm":
        packages.append("vllm")
    for missing in shared_libraries.find_missing(packages):
        yield Lack(
            f"{missing.soname} for {missing.package}",
            apt=missing.debian,
            remedy="" if missing.debian else "it comes with a newer distribution or a graphics driver",
        )


def _compiler(config: RunConfig) -> Iterator[Lack]:
    # DeepSpeed compiles its optimiser for the CPU, vLLM its kernels for a card.
    if not (config.learner.offload or config.learner.gpus_per_rank or config.rollout.gpus_per_worker):
        return
    for finding in machine.build_tools():
        if not finding.ok:
            yield Lack(finding.name, apt=machine.BUILD_PACKAGES[finding.name])


def _memory(config: RunConfig) -> Iterator[Lack]:
    ranks = config.learner.ranks if needs_learner(config) else 0
    workers = config.rollout.workers if needs_engine(config) else 0
    vllm = config.rollout.engine == "vllm"
    # On a card the KV cache is the card's.
    kv_cache = config.rollout.kv_cache_gib if vllm and not config.rollout.gpus_per_worker else 0.0
    need = REST_GIB + ranks * RANK_GIB + workers * ((VLLM_GIB if vllm else RANK_GIB) + kv_cache)
    available = machine.available_memory() / GIB
    if available < need:
        yield Lack(
            f"memory: {available:.1f} GiB available, at least {need:.1f} needed",
            remedy="end other programs, or lower rollout.workers, learner.ranks or rollout.kv_cache_gib",
        )


def _disk(config: RunConfig) -> Iterator[Lack]:
    folder = os.environ.get("RAY_TMPDIR") or tempfile.gettempdir()
    session = shutil.disk_usage(_existing(folder))
    full = session.used / (session.used + session.free)
    if full >= machine.RAY_FULL_DISK:
        yield Lack(
            f"room for Ray's session: {folder} is {full:.0%} full",
            remedy="free some, or name a folder on another disk in RAY_TMPDIR",
        )
    free = shutil.disk_usage(_existing(config.run_dir)).free
    if free < MIN_FREE_BYTES:
        yield Lack(
            f"room in run_dir={config.run_dir}: {free / 2**20:.0f} MiB free, {MIN_FREE_BYTES / 2**20:.0f} needed",
            remedy="free some, or put run_dir on another disk",
        )


def _existing(folder: str) -> Path:
    """The folder, or the one that it will be made in."""
    path = Path(folder).resolve()
    return next(place for place in (path, *path.parents) if place.is_dir())


def _gpus(config: RunConfig) -> Iterator[Lack]:
    workers = config.rollout.workers * config.rollout.gpus_per_worker if needs_engine(config) else 0.0
    ranks = config.learner.ranks * config.learner.gpus_per_rank if needs_learner(config) else 0.0
    if not workers + ranks:
        return
    there = machine.gpu_count()
    if workers + ranks > there:
        yield Lack(
            f"GPUs: {workers + ranks:g} asked for (rollout.workers x rollout.gpus_per_worker + learner.ranks x "
            f"learner.gpus_per_rank), {there} there",
            remedy="lower these fields, 0 runs on CPU; or bring NVIDIA's driver",
        )
    elif metadata.version("torch").endswith("+cpu"):
        yield Lack("a torch for GPUs", remedy="pip install '.[gpu]' into an environment of its own")


def _sandbox(config: RunConfig) -> Iterator[Lack]:
    if config.reward.urls or not needs_engine(config):
        return
    for finding in machine.sandbox():
        if finding.demo and not finding.ok:
            yield Lack(f"{finding.name} for the judges ({finding.found})", remedy=finding.remedy)


def _python(config: RunConfig) -> Iterator[Lack]:
    for finding in machine.python():
        if not finding.ok:
            yield Lack(f"Python 3.11 or 3.12: this is {finding.found}, {sys.executable}", remedy=finding.remedy)


CHECKS: tuple[Callable[[RunConfig], Iterator[Lack]], ...] = (
    _python,
    _libraries,
    _compiler,
    _sandbox,
    _gpus,
    _memory,
    _disk,
)
