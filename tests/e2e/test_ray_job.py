"""`ray job submit -- python -m rlcore.pipeline` against a cluster that the test starts on loopback."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from ports import free_ports
from small_run import REPOSITORY, SMALL

RAY = str(Path(sys.executable).with_name("ray"))


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """(dashboard address, environment) of a head node of our own; it ends by process id."""
    gcs, dashboard, client, agent, metrics = free_ports(5)
    token = tmp_path / "token"
    token.write_text(secrets.token_hex(32))
    environment = {name: value for name, value in os.environ.items() if not name.startswith("RAY_")} | {
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN_PATH": str(token),
        "RAY_USAGE_STATS_ENABLED": "0",
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }
    # A short path: Ray puts UNIX sockets below it, whose names may have 107 characters.
    temporary = f"/tmp/ray-test-{os.getpid()}"
    command = [RAY, "start", "--head", "--block", "--node-ip-address=127.0.0.1", f"--port={gcs}", "--num-cpus=4"]
    command += ["--dashboard-host=127.0.0.1", f"--dashboard-port={dashboard}", f"--ray-client-server-port={client}"]
    # Fixed by default, so a second cluster on the machine would have no agent to run jobs.
    command += [f"--dashboard-agent-listen-port={agent}", f"--metrics-export-port={metrics}"]
    log = (tmp_path / "head.log").open("wb")
    head = subprocess.Popen(
        [*command, f"--temp-dir={temporary}"],
        stdout=log,
        stderr=subprocess.STDOUT,
        env=environment,
        start_new_session=True,
    )
    try:
        yield f"http://127.0.0.1:{dashboard}", environment
    finally:
        # `ray start --block` ends its own daemons on SIGTERM; `ray stop` would end every Ray of the machine.
        os.kill(head.pid, signal.SIGTERM)
        try:
            head.wait(30)
        finally:
            log.close()


@pytest.mark.timeout(420)
def test_the_small_variant_runs_as_a_ray_job(
    cluster: tuple[str, dict[str, str]], reward_file: str, tmp_path: Path
) -> None:
    address, environment = cluster
    submit = [RAY, "job", "submit", f"--address={address}", "--"]
    job = [
        sys.executable,
        "-m",
        "rlcore.pipeline",
        str(SMALL),
        f"run_dir={tmp_path / 'run'}",
        f"data.verifier={reward_file}",
    ]
    not_yet = ("Failed to connect", "No available agent")
    end = time.monotonic() + 90
    while True:
        done = subprocess.run(
            [*submit, *job], env=environment, cwd=REPOSITORY, capture_output=True, text=True, check=False
        )
        # The head answers before its job agent is up.
        if not any(text in done.stderr + done.stdout for text in not_yet) or time.monotonic() > end:
            break
        time.sleep(1)
    assert done.returncode == 0, (done.stdout + done.stderr)[-4000:]
    assert "succeeded" in done.stdout + done.stderr
    assert (tmp_path / "run" / "summary.json").exists()
