"""Before the first stage: all that is missing, in one line, with one apt command, and nothing written."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from rlcore import cli
from rlcore.config.reading import ConfigError, parse
from rlcore.config.run import RunConfig
from rlcore.doctor import machine, preflight, shared_libraries
from rlcore.doctor.machine import Finding
from rlcore.doctor.preflight import Lack
from rlcore.doctor.shared_libraries import Missing

SMALL = Path(__file__).resolve().parents[3] / "deploy" / "runs" / "small.toml"
NUMA = Missing("libnuma.so.1", "vllm", "libnuma1")


@pytest.fixture
def no_numa(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """A machine without libnuma; gives which packages were asked about."""
    asked: list[list[str]] = []

    def find(packages: list[str]) -> list[Missing]:
        asked.append(list(packages))
        return [NUMA] if "vllm" in packages else []

    monkeypatch.setattr(shared_libraries, "find_missing", find)
    return asked


def refusal(config: RunConfig) -> str:
    with pytest.raises(ConfigError) as raised:
        preflight.check(config)
    message = str(raised.value)
    assert len(message.splitlines()) == 1
    return message


def test_this_machine_can_run_the_small_variant() -> None:
    preflight.check(parse({}))


def test_all_of_it_is_said_at_once_with_one_command(no_numa: list[list[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr(machine, "available_memory", lambda: 2**30)
    message = refusal(parse({"learner": {"offload": True}}))
    assert "libnuma.so.1 for vllm" in message and "C++ compiler" in message and "1.0 GiB available" in message
    assert message.endswith("as root: apt-get install -y g++ libnuma1 ninja-build")


def test_nothing_is_written(no_numa: list[list[str]], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["run", str(SMALL), f"run_dir={tmp_path / 'run'}"]) == 2
    error = capsys.readouterr().err
    assert error.startswith("rlcore: ") and "apt-get install -y libnuma1" in error and len(error.splitlines()) == 1
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    "fields",
    [{"stages": ["pretrain"]}, {"rollout": {"engine": "transformers"}}],
    ids=["no engine", "another engine"],
)
def test_only_what_the_stages_need(no_numa: list[list[str]], fields: dict[str, object]) -> None:
    preflight.check(parse(fields))
    assert no_numa and "vllm" not in no_numa[0]


def test_a_stage_that_has_a_policy_needs_no_learner(no_numa: list[list[str]]) -> None:
    config = parse({"stages": ["pretrain", "eval"], "model": {"path": "x"}, "rollout": {"engine": "transformers"}})
    assert not preflight.needs_learner(config) and preflight.needs_engine(config)


def test_actors_on_a_cluster_are_not_of_this_machine(no_numa: list[list[str]]) -> None:
    preflight.check(parse({"ray": {"address": "10.0.0.1:6379"}, "rollout": {"gpus_per_worker": 1}}))
    assert not no_numa


def test_more_gpus_than_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "gpu_count", lambda: 1)
    message = refusal(parse({"rollout": {"workers": 2, "gpus_per_worker": 1}, "learner": {"gpus_per_rank": 0.5}}))
    assert "GPUs: 3 asked for" in message and "1 there" in message


def test_a_gpu_and_a_torch_without(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "gpu_count", lambda: 8)
    lacks: Iterator[Lack] = preflight._gpus(parse({"rollout": {"gpus_per_worker": 1}}))
    assert [lack.remedy for lack in lacks] == ["pip install '.[gpu]' into an environment of its own"]


def test_folders_that_are_made_later(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("RAY_TMPDIR", str(tmp_path / "not" / "yet"))
    assert not list(preflight._disk(parse({"run_dir": str(tmp_path / "nor" / "this")})))


def test_a_judge_that_cannot_be_confined(monkeypatch: pytest.MonkeyPatch) -> None:
    missing = Finding("Landlock, seccomp", False, "Landlock ABI 0", "a kernel of 5.13 or newer", demo=True)
    monkeypatch.setattr(machine, "sandbox", lambda: [missing])
    assert "a kernel of 5.13 or newer" in refusal(parse({}))
    preflight.check(parse({"reward": {"urls": ["http://127.0.0.1:1"]}}))
    preflight.check(parse({"stages": ["pretrain"]}))


def test_a_package_that_is_not_installed() -> None:
    """As after `pip install '.[services]'`: no traceback of an import."""
    hide = "import importlib.util as u, rlcore.doctor.preflight as p; find = u.find_spec\n"
    hide += "p.find_spec = lambda name: None if name in ('vllm', 'deepspeed') else find(name)\n"
    hide += f"from rlcore.cli import main; raise SystemExit(main(['run', {str(SMALL)!r}, 'run_dir=nowhere/run']))"
    done = subprocess.run([sys.executable, "-c", hide], capture_output=True, text=True, timeout=120)
    assert done.returncode == 2
    assert done.stderr.strip() == (
        "rlcore: this machine lacks what the run needs: the packages deepspeed, vllm "
        "(make venv, or pip install '.[cpu]')"
    )
