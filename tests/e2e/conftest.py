"""Real runs of the small variant: vLLM, Ray, DeepSpeed, the service over HTTP, nothing faked."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from small_run import REPOSITORY, SMALL, Run, Start

# Rewards about half of what an untrained model writes, so that every step has gradients. The reward is not the
# project's math judge, but it goes the same way: a worker process of the service, over HTTP.
PARITY_REWARD = '''
def parity(completion: str, reference: dict) -> float:
    """1 where the completion has an even number of characters."""
    return float(len(completion) % 2 == 0)
'''

# Of libraries, which a user cannot do anything about.
NOISE = ("WARNING", "Warning", "Traceback", "(raylet)", "Setting accelerator", "it/s]", "authentication")


@pytest.fixture(scope="session")
def reward_file(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("reward") / "parity.py"
    path.write_text(PARITY_REWARD)
    return f"{path}:parity"


@pytest.fixture(scope="session")
def start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Start]:
    """`start(run_dir, *overrides)` starts `python -m rlcore.pipeline small.toml ...`."""
    runs: list[Run] = []

    def begin(run_dir: Path, *overrides: str) -> Run:
        log = tmp_path_factory.mktemp("log") / "run.log"
        environment = {name: value for name, value in os.environ.items() if not name.startswith("RAY_")}
        command = [sys.executable, "-m", "rlcore.pipeline", str(SMALL), f"run_dir={run_dir}", *overrides]
        with log.open("wb") as out:
            process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT, cwd=REPOSITORY, env=environment)
        runs.append(Run(process, log))
        return runs[-1]

    yield begin
    for run in runs:
        if run.process.poll() is None:
            run.process.terminate()
            run.process.wait(30)


@pytest.fixture(scope="session")
def unbroken(start: Start, reward_file: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run folder of a small run that nothing disturbed."""
    folder = tmp_path_factory.mktemp("unbroken") / "run"
    run = start(folder, f"data.verifier={reward_file}")
    assert run.wait(540) == 0, run.text()[-3000:]
    assert "rk_" not in run.text(), "a key of the run's own reward service stands in its log"
    for noise in NOISE:
        assert noise not in run.text(), run.text()
    return folder
