"""Settings from the environment: ours are read, others are named, and no value is repeated."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from services.settings import Settings


@pytest.mark.parametrize(
    ("environment", "told"),
    [
        ({"REWARD_MODEL": "s3cret"}, ["REWARD_MODEL", "`env -u REWARD_MODEL COMMAND`"]),
        (
            {"REWARD_MODEL": "s3cret", "REWARD_FN": "s3cret"},
            ["REWARD_FN, REWARD_MODEL:", "-u REWARD_FN -u REWARD_MODEL"],
        ),
        ({"REWARD_": "s3cret"}, ["REWARD_:"]),
        ({"REWARD_PORT_8300_TCP": "s3cret"}, ["REWARD_PORT_8300_TCP"]),
        ({"REWARD_SERVICE_HOST": "s3cret"}, ["REWARD_SERVICE_HOST"]),
        ({"REWARD_URL": "s3cret", "REWARD_PORT": "8301"}, ["REWARD_URL:"]),
        ({"REWARD_WORKER": "2"}, ["REWARD_WORKER", "did you mean REWARD_WORKERS?"]),
        ({"REWARD_DEADLINE_SECOND": "2"}, ["did you mean REWARD_DEADLINE_SECONDS?"]),
        ({"REWARD_ADMINKEY": "s3cret"}, ["did you mean REWARD_ADMIN_KEY?"]),
        ({"REWARD_MODEL_CONFIG": "s3cret"}, ["REWARD_MODEL_CONFIG"]),
        ({f"REWARD_MODEL_{n}": "s3cret" for n in range(30)}, ["REWARD_MODEL_0", "and 22 more"]),
    ],
)
def test_a_variable_that_is_none_of_ours_is_named(environment: dict[str, str], told: list[str]) -> None:
    with pytest.raises(ValueError, match="no setting of this service") as raised:
        Settings.from_environment(environment)
    message = str(raised.value)
    assert all(part in message for part in told), message
    assert "s3cret" not in message
    assert len(message) < 900


@pytest.mark.parametrize(
    ("environment", "told"),
    [
        # What Kubernetes sets for a Service `reward`.
        ({"REWARD_PORT": "tcp://10.0.0.7:8300"}, "port: "),
        ({"REWARD_WORKERS": "many"}, "workers: "),
        ({"REWARD_ACCESS_LOG": "s3cret"}, "access_log: "),
        ({"REWARD_AUTH": "yes"}, "auth: "),
        ({"REWARD_STORE_DAYS": "0"}, "store_days: "),
    ],
)
def test_a_bad_value_is_named_as_the_environment_does(environment: dict[str, str], told: str) -> None:
    [name] = environment
    with pytest.raises(ValueError, match=told) as raised:
        Settings.from_environment(environment)
    assert f"as {name} in the environment says" in str(raised.value)
    assert "s3cret" not in str(raised.value)


def test_an_option_wins_and_is_what_is_complained_about() -> None:
    assert Settings.from_environment({"REWARD_PORT": "tcp://a"}, port=8301).port == 8301
    with pytest.raises(ValueError, match="workers\n") as raised:
        Settings.from_environment({"REWARD_WORKERS": "2"}, workers="none")
    assert "REWARD_WORKERS" not in str(raised.value)


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"REWARD_ACCESS_LOG": "true", "REWARD_PORT": "8301"},
        {"RLCORE_REWARD_URL": "http://a", "MY_REWARD_MODEL": "b", "REWARDS": "c", "REWARD": "d", "reward_model": "e"},
    ],
)
def test_ours_and_what_only_looks_like_them_are_fine(environment: dict[str, str]) -> None:
    read = Settings.from_environment(environment)
    assert read.port == int(environment.get("REWARD_PORT", 8300))
    assert read.access_log is ("REWARD_ACCESS_LOG" in environment)


@pytest.mark.parametrize("command", [[], ["keys", "list"]])
def test_the_command_says_it_in_one_line(command: list[str]) -> None:
    environment = os.environ | {"REWARD_MODEL": "s3cret"}
    arguments = [sys.executable, "-m", "services", *command]
    done = subprocess.run(arguments, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert done.stderr.startswith("services: the environment has REWARD_MODEL: no setting of this service")
    assert done.stderr.count("\n") == 1
    assert "s3cret" not in done.stderr
