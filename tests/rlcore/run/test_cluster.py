"""A cluster of the run's own: waited for on a busy machine, without a trace in the home folder."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import ray

from rlcore.config.reading import parse
from rlcore.doctor.machine import LEAST_SHARED_MEMORY
from rlcore.run import cluster


class Busy:
    """`ray.init` of a machine on which Ray's processes come up too late the first times."""

    def __init__(self, failures: int) -> None:
        self.failures, self.calls = failures, 0

    def __call__(self, **options: Any) -> str:
        self.calls += 1
        if self.calls <= self.failures:
            raise Exception("The current node timed out during startup.")
        return "context"


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "PAUSE_SECONDS", 0.0)
    monkeypatch.setattr(ray, "shutdown", lambda: None)
    monkeypatch.delenv("RAY_ADDRESS", raising=False)


def test_a_busy_machine_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    busy = Busy(2)
    monkeypatch.setattr(ray, "init", busy)
    context: Any = cluster.connect(parse({}), said.append)
    assert context == "context" and busy.calls == 3
    assert said == [
        f"Ray was not up in time, this machine is busy: starting it again ({n} of {cluster.ATTEMPTS})" for n in (2, 3)
    ]


def test_one_that_stays_busy_ends_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ray, "init", Busy(99))
    with pytest.raises(RuntimeError, match=r"^Ray could not start on this machine, tried \d times: end other programs"):
        cluster.connect(parse({}), lambda text: None)


def test_a_cluster_that_is_not_there_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    busy = Busy(99)

    def init(**options: Any) -> None:
        busy.calls += 1
        raise ConnectionError("ray client connection timeout")

    monkeypatch.setattr(ray, "init", init)
    with pytest.raises(RuntimeError, match=r"no Ray cluster could be joined at 127\.0\.0\.1:1: start one, or correct"):
        cluster.connect(parse({"ray": {"address": "127.0.0.1:1"}}), lambda text: None)
    assert busy.calls == 1


def test_the_store_fits_into_shared_memory(tmp_path: Path) -> None:
    assert LEAST_SHARED_MEMORY <= cluster.store_bytes() <= cluster.STORE_BYTES
    assert cluster.store_bytes(tmp_path / "none") == LEAST_SHARED_MEMORY


def test_a_token_for_this_cluster_alone(tmp_path: Path) -> None:
    """Ray itself would write one into the home folder, and warn that it did."""
    code = (
        "from rlcore.run import cluster; from rlcore.config.reading import parse; c = parse({})\n"
        "cluster.prepare_environment(c); context = cluster.connect(c, print)\n"
        "import ray; print(ray.get(ray.remote(lambda: 6 * 7).remote()), context.address_info['session_dir'])"
    )
    environment = {name: value for name, value in os.environ.items() if not name.startswith("RAY_")}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment | {"HOME": str(tmp_path)}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1].startswith("42 /")
    assert done.stderr == ""
    assert not (tmp_path / ".ray").exists()


def test_what_the_user_has_set_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    environ = {"RAY_USAGE_STATS_ENABLED": "1", "RAY_AUTH_MODE": "disabled", "PYTHONDONTWRITEBYTECODE": "1"}
    monkeypatch.setattr(os, "environ", environ)
    cluster.prepare_environment(parse({}))
    assert environ["RAY_USAGE_STATS_ENABLED"] == "1" and environ["RAY_AUTH_MODE"] == "disabled"
    assert "RAY_AUTH_TOKEN" not in environ and environ["DS_ACCELERATOR"] == "cpu"
    assert "PYTHONDONTWRITEBYTECODE" not in environ, "each actor would compile its imports anew"


def test_a_cluster_of_others_is_left_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    before = dict(os.environ)
    cluster.prepare_environment(parse({"ray": {"address": "auto"}, "learner": {"gpus_per_rank": 1}}))
    assert dict(os.environ) == before
