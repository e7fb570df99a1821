"""The life of a reward service with user functions: kills, restarts, callers that leave, and its end."""

import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from processes import gone
from reward_process import Service, items

from services.client import RewardClient, RewardServiceError
from services.schemas import ScoreItem
from verifiers.types import Status

JUDGES = """
import os, time

def look(completion, reference):
    return {"reward": 1.0, "detail": str(os.getpid())}

def doze(completion, reference):
    time.sleep(0.05)
    return {"reward": 1.0, "detail": str(os.getpid())}

def log(completion, reference):
    open(f"{reference['folder']}/{time.monotonic_ns()}", "w").close()
    time.sleep(0.1)
    return 1.0
"""


@pytest.fixture(scope="module")
def judges(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("judges") / "judges.py"
    file.write_text(JUDGES, encoding="utf-8")
    return file


def test_kill_nine_and_restart_while_a_client_waits(judges: Path, tmp_path: Path) -> None:
    """Every verdict arrives, none is a zero made of a failure, and the killed service leaves no workers behind."""
    arguments = ("--workers", "2", "--user-function", f"{judges}:doze")
    first = Service(tmp_path, *arguments)
    url = first.wait_ready()
    said: list[str] = []
    with RewardClient([url], batch=8, on_wait=said.append) as client, ThreadPoolExecutor(1) as thread:
        workers = {int(verdict.detail) for verdict in client.score(items(64, f"{judges}:doze"))}
        scoring = thread.submit(client.score, items(256, f"{judges}:doze"))
        time.sleep(1.0)
        assert not scoring.done()
        first.end(signal.SIGKILL)
        assert workers
        assert all(gone(pid) for pid in workers)
        assert not scoring.done()
        second = Service(tmp_path, *arguments, port=first.port)
        second.wait_ready()
        verdicts = scoring.result(timeout=120)
        code, errors = second.end()
    assert [verdict.status for verdict in verdicts] == [Status.CORRECT] * 256
    assert len({verdict.detail for verdict in verdicts}) > len(workers)
    assert [line.split(" is ")[1].split()[0] for line in said] == ["away", "back"]
    assert code == 0, errors
    assert all(gone(int(verdict.detail)) for verdict in verdicts)


def test_a_request_that_nobody_waits_for_is_dropped(judges: Path, tmp_path: Path) -> None:
    """And a client with little patience waits for slow judges all the same: every answer is judged once."""
    spec = f"{judges}:log"
    service = Service(tmp_path, "--workers", "1", "--user-function", spec)
    url = service.wait_ready()

    def slow(count: int, folder: Path) -> list[ScoreItem]:
        folder.mkdir()
        problem = {"verifier": spec, "reference": {"folder": str(folder)}}
        made = [{"id": str(index), "problem": problem, "completion": {"text": ""}} for index in range(count)]
        return [ScoreItem.model_validate(item) for item in made]

    left = {"items": [item.model_dump() for item in slow(300, tmp_path / "left")]}
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(f"{url}/v1/score", json=left, timeout=1.0, trust_env=False)
    said: list[str] = []
    with RewardClient([url], batch=16, timeout_seconds=0.5, on_wait=said.append) as client:
        verdicts = client.score(slow(48, tmp_path / "kept"))
    assert [verdict.reward for verdict in verdicts] == [1.0] * 48
    assert len(list((tmp_path / "kept").iterdir())) == 48
    assert len(list((tmp_path / "left").iterdir())) < 100
    assert said == []
    code, errors = service.end()
    assert code == 0, errors


def test_only_the_named_functions_of_files_that_exist_run(judges: Path, tmp_path: Path) -> None:
    service = Service(tmp_path, "--workers", "1", "--user-function", f"{judges}:look")
    with RewardClient([service.wait_ready()]) as client:
        assert client.score(items(1, f"{judges}:look"))[0].reward == 1.0
        with pytest.raises(RewardServiceError, match=f"--user-function {judges}:doze"):
            client.score(items(1, f"{judges}:doze"))
    assert service.end()[0] == 0
    absent = Service(tmp_path, "--user-function", f"{tmp_path}/absent.py:grade")
    code, errors = absent.ended()
    assert code == 2
    assert "there is no file" in errors


@pytest.mark.parametrize("how", ["stdin", "parent"])
def test_exit_with_parent(how: str, judges: Path, tmp_path: Path) -> None:
    arguments = ("--workers", "1", "--user-function", f"{judges}:look")
    if how == "stdin":
        service = Service(tmp_path, *arguments)
        pid = service.process.pid
        url = service.wait_ready()
    else:
        # A parent that starts the service with a stdin that never ends, and is then killed.
        port_file = tmp_path / "port"
        command = [
            sys.executable,
            "-m",
            "services",
            "--port",
            "0",
            "--port-file",
            str(port_file),
            "--store",
            f"sqlite:///{tmp_path}/reward.db",
            "--exit-with-parent",
            *arguments,
        ]
        script = (
            f"import subprocess, time\nprint(subprocess.Popen({command!r}, stdin=0).pid, flush=True)\ntime.sleep(600)\n"
        )
        reader, writer = os.pipe()
        parent = subprocess.Popen(
            [sys.executable, "-c", script],
            stdin=reader,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
        )
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        deadline = time.monotonic() + 90
        while not port_file.exists():
            assert time.monotonic() < deadline
            time.sleep(0.02)
        url = f"http://127.0.0.1:{int(port_file.read_text(encoding='ascii'))}"
    with RewardClient([url]) as client:
        worker = int(client.score(items(1, f"{judges}:look"))[0].detail)
    if how == "stdin":
        assert service.process.stdin is not None
        service.process.stdin.close()
        assert service.process.wait(timeout=30) == 0
        assert service.process.stderr is not None
        service.process.stderr.close()
    else:
        parent.kill()
        parent.communicate()
        assert gone(pid)
        os.close(reader)
        os.close(writer)
    assert gone(worker)


def test_sigterm_during_work_ends_cleanly(judges: Path, tmp_path: Path) -> None:
    allowed = ("--user-function", f"{judges}:look", "--user-function", f"{judges}:doze")
    service = Service(tmp_path, "--workers", "1", *allowed)
    url = service.wait_ready()
    with RewardClient([url]) as client:
        worker = int(client.score(items(1, f"{judges}:look"))[0].detail)
        waiting = threading.Thread(
            target=lambda: httpx.post(
                f"{url}/v1/score",
                json={"items": [i.model_dump() for i in items(400, f"{judges}:doze")]},
                timeout=60,
                trust_env=False,
            )
        )
        waiting.start()
        time.sleep(0.5)
        code, errors = service.end()
        waiting.join(timeout=30)
    assert code == 0, errors
    assert gone(worker)


def test_a_host_that_there_is_not_is_explained(tmp_path: Path) -> None:
    service = Service(tmp_path, "--host", "no.such.host.invalid")
    code, errors = service.ended()
    assert code == 2
    assert "give another --host or --port" in errors
    assert len(errors.splitlines()) == 1


@pytest.mark.parametrize(
    ("store", "remedy"),
    [
        ("mysql://x", "use sqlite:///FILE or postgresql"),
        ("sqlite:////proc/none/reward.db", "give sqlite:///FILE, off, or"),
    ],
)
def test_a_store_that_cannot_be_used_is_one_line_and_no_loop(store: str, remedy: str, tmp_path: Path) -> None:
    service = Service(tmp_path, "--workers", "1", "--store", store)
    code, errors = service.ended()
    assert code == 3
    assert errors.startswith("services: ") and remedy in errors
    assert "Traceback" not in errors
