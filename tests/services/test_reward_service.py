"""The reward service as people run it: a real process on a free port, over HTTP."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from processes import gone

from services.client import RewardClient, RewardServiceError
from services.schemas import ScoreItem
from verifiers.types import Problem, Status, Verdict

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


JSON = {"content-type": "application/json"}


class Service:
    """`python -m services` in a process of its own."""

    def __init__(self, folder: Path, *arguments: str, port: int = 0) -> None:
        self.port_file = folder / f"port-{time.monotonic_ns()}"
        command = [sys.executable, "-m", "services", "--port", str(port), "--port-file", str(self.port_file)]
        # A test run that is killed leaves no service behind.
        command.append("--exit-with-parent")
        self.process = subprocess.Popen(
            [*command, *arguments],
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
        )

    def wait_ready(self) -> str:
        deadline = time.monotonic() + 90
        while not self.port_file.exists():
            assert self.process.poll() is None, self.end()
            assert time.monotonic() < deadline, "not ready in time"
            time.sleep(0.02)
        self.port = int(self.port_file.read_text(encoding="ascii"))
        self.url = f"http://127.0.0.1:{self.port}"
        return self.url

    def end(self, number: int = signal.SIGTERM) -> tuple[int, str]:
        """Send a signal; the exit code and what it wrote to stderr."""
        if self.process.poll() is None:
            self.process.send_signal(number)
            # Before its stdin is closed, which would end it too.
            self.process.wait(timeout=30)
        _, errors = self.process.communicate(timeout=30)
        return self.process.returncode, errors


@pytest.fixture(scope="module")
def judges(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("judges") / "judges.py"
    file.write_text(JUDGES, encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service that takes no user functions, as others would run it."""
    running = Service(tmp_path_factory.mktemp("service"), "--workers", "1", "--deadline", "2")
    running.wait_ready()
    yield running
    code, errors = running.end()
    assert code == 0, errors


def items(count: int, verifier: str = "math") -> list[ScoreItem]:
    """Item i answers i; every other one is right."""
    return [
        ScoreItem.model_validate(
            {
                "id": f"item-{index}",
                "problem": {"verifier": verifier, "reference": {"answer": str(index - index % 2)}},
                "completion": {"text": f"The answer is {index}"},
            }
        )
        for index in range(count)
    ]


def check(verdicts: Sequence[Verdict]) -> None:
    assert [verdict.reward for verdict in verdicts] == [1.0 - index % 2 for index in range(len(verdicts))]
    assert [verdict.extracted for verdict in verdicts] == [str(index) for index in range(len(verdicts))]


def body(**changes: Any) -> dict[str, Any]:
    item = {"id": "a", "problem": {"reference": {"answer": "31415926"}}, "completion": {"text": r"\boxed{1}"}}
    return {"items": [item | changes]}


def test_score(service: Service) -> None:
    problem = Problem(id="p", prompt="6*7?", reference={"answer": "42"}, tags=("x",))
    request = {
        "items": [
            {"id": "right", "problem": problem.model_dump(), "completion": {"text": "The answer is 42"}},
            {
                "id": "cut",
                "problem": {"reference": {"answer": "42"}},
                "completion": {"text": "4", "finish_reason": "length"},
            },
            {"id": "bad", "problem": {"reference": {}}, "completion": {"text": "The answer is 42"}},
        ]
    }
    response = httpx.post(f"{service.url}/v1/score", json=request, trust_env=False)
    assert response.status_code == 200
    results = response.json()["results"]
    assert [result["id"] for result in results] == ["right", "cut", "bad"]
    assert [result["verdict"]["status"] for result in results] == ["correct", "truncated", "error"]
    assert [result["verdict"]["reward"] for result in results] == [1.0, 0.0, None]
    assert [result["verdict"]["mask_sample"] for result in results] == [False, False, True]
    versions = httpx.get(f"{service.url}/v1/verifiers", trust_env=False).json()
    assert versions == {
        "verifiers": [{"name": "math", "version": response.json()["verifier_versions"]["math"]}],
        "user_functions": [],
        "workers": 1,
        "deadline_seconds": 2.0,
    }
    assert httpx.get(f"{service.url}/healthz", trust_env=False).json() == {"status": "ok", "workers": 1}


@pytest.mark.parametrize(
    ("content", "remedy"),
    [
        ("not json", "/docs has the schema"),
        ("[]", "/docs has the schema"),
        ("{}", "items: Field required"),
        ('{"items": []}', "at least 1 item"),
        (json.dumps({"items": body()["items"] * 2}), "give every item its own"),
        (json.dumps(body(extra=1)), "items.0.extra"),
        (json.dumps(body(completion={"text": 5})), "items.0.completion.text"),
        (json.dumps(body(completion={"text": "x", "finish_reason": "eos"})), "'stop', 'length' or 'abort'"),
        (json.dumps(body(problem={"verifier": "maths", "reference": {}})), "did you mean 'math'"),
        (json.dumps(body(problem={"verifier": "j.py:f", "reference": {}})), "--user-function j.py:f"),
        (json.dumps(body(problem={"ref": {"answer": "31415926"}})), "items.0.problem.ref"),
        (
            '{"items": [{"id": "a", "problem": {"reference": {"answer": "7"}}, "completion": {"text": "\\ud800"}}]}',
            "body",
        ),
    ],
)
def test_wrong_requests_say_how_to_do_better(service: Service, content: str, remedy: str) -> None:
    response = httpx.post(f"{service.url}/v1/score", content=content.encode(), headers=JSON, trust_env=False)
    assert response.status_code == 422
    assert remedy in response.json()["detail"]
    assert "31415926" not in response.text


@pytest.mark.parametrize(
    ("headers", "status", "remedy"),
    [
        ({"content-type": "text/plain"}, 415, "content-type: application/json"),
        ({"content-type": ""}, 415, "content-type: application/json"),
        (JSON | {"origin": "https://page.example"}, 403, "without Origin"),
        (JSON | {"origin": "null"}, 403, "without Origin"),
        (JSON | {"origin": "http://127.0.0.1:1"}, 403, "without Origin"),
        (JSON | {"host": "page.example"}, 403, "127.0.0.1"),
        (JSON | {"host": "page.example", "origin": "http://page.example"}, 403, "127.0.0.1"),
        (JSON | {"host": "127.0.0.1.page.example"}, 403, "127.0.0.1"),
        (JSON | {"host": "localhost:8300"}, 200, ""),
        (JSON | {"host": "[::1]:8300", "origin": "http://[::1]:8300"}, 200, ""),
        ({"content-type": "Application/JSON; charset=utf-8"}, 200, ""),
    ],
)
def test_web_pages_are_refused(service: Service, headers: dict[str, str], status: int, remedy: str) -> None:
    content = json.dumps(body()).encode()
    response = httpx.post(f"{service.url}/v1/score", content=content, headers=headers, trust_env=False)
    assert response.status_code == status
    assert remedy in response.text
    if status == 403:
        assert httpx.get(f"{service.url}/v1/verifiers", headers=headers, trust_env=False).status_code == 403


def test_too_much_is_413(service: Service) -> None:
    too_many = {"items": [item.model_dump() for item in items(1025)]}
    response = httpx.post(f"{service.url}/v1/score", json=too_many, trust_env=False)
    assert (response.status_code, response.json()) == (413, {"detail": "1025 items: send at most 1024 in one request"})

    def endless() -> Iterator[bytes]:
        for _ in range(80):
            yield b" " * (1 << 20)

    response = httpx.post(f"{service.url}/v1/score", content=endless(), headers=JSON, trust_env=False, timeout=60)
    assert response.status_code == 413
    assert "send fewer items" in response.json()["detail"]


def test_a_long_completion_is_the_answers_fault(service: Service) -> None:
    response = httpx.post(f"{service.url}/v1/score", json=body(completion={"text": "x" * 400_001}), trust_env=False)
    verdict = response.json()["results"][0]["verdict"]
    assert (verdict["status"], verdict["reward"]) == ("rejected", 0.0)


def test_expected_answers_are_not_echoed(service: Service) -> None:
    for text in (r"\boxed{1}", r"\boxed{x}", "none", r"\boxed{1e999999999}", r"\boxed{9^{9^{9^9}}+x}"):
        response = httpx.post(
            f"{service.url}/v1/score", json=body(completion={"text": text}), trust_env=False, timeout=60
        )
        assert response.status_code == 200
        assert "31415926" not in response.text


def test_the_schema_of_the_body_is_published(service: Service) -> None:
    schema = httpx.get(f"{service.url}/openapi.json", trust_env=False).json()
    content = schema["paths"]["/v1/score"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    reference = content["properties"]["items"]["items"]["$ref"]
    target: Any = schema
    for part in reference.removeprefix("#/").split("/"):
        target = target[part.replace("~1", "/")]
    assert set(target["properties"]) == {"id", "problem", "completion"}


def test_the_client_scores_in_batches_over_services(service: Service) -> None:
    with RewardClient([service.url, service.url + "/"], batch=64) as client:
        client.wait_ready()
        check(client.score(items(1000)))
        assert client.score([]) == []
        with pytest.raises(RewardServiceError, match="did you mean 'math'"):
            client.score(items(3, verifier="maths"))
        with pytest.raises(ValueError, match="same id"):
            client.score(items(1) * 2)


def test_a_health_check_passes_while_requests_wait(service: Service) -> None:
    with RewardClient([service.url], batch=100) as client, ThreadPoolExecutor(8) as threads:
        scoring = [threads.submit(client.score, items(800)) for _ in range(8)]
        assert httpx.get(f"{service.url}/healthz", trust_env=False, timeout=60).status_code == 200
        for future in scoring:
            check(future.result(timeout=120))


def test_a_port_in_use_is_one_line(service: Service, tmp_path: Path) -> None:
    second = Service(tmp_path, port=service.port)
    _, errors = second.process.communicate(timeout=60)
    assert second.process.returncode == 2
    assert errors == f"services: port {service.port} on 127.0.0.1 is in use: give another --port, or 0 for a free one\n"


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
    _, errors = absent.process.communicate(timeout=60)
    assert absent.process.returncode == 2
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


def test_a_refused_port_number_is_explained(tmp_path: Path) -> None:
    service = Service(tmp_path, "--host", "no.such.host.invalid")
    _, errors = service.process.communicate(timeout=60)
    assert service.process.returncode == 2
    assert "give another --host or --port" in errors
    assert len(errors.splitlines()) == 1


def test_sockets_listen_on_loopback_only(service: Service) -> None:
    with socket.socket() as probe:
        probe.settimeout(5)
        assert probe.connect_ex(("127.0.0.1", service.port)) == 0
    listening = [
        line.split()[1]
        for line in Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]
        if line.split()[3] == "0A"
    ]
    assert [address for address in listening if address.endswith(f":{service.port:04X}")] == [
        f"0100007F:{service.port:04X}"
    ]
